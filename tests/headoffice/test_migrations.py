"""The schema's history: from nothing to what the tables say, again without harm, and never backwards."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text

from headoffice import migrations
from headoffice.database import open_database
from headoffice.errors import DatabaseError
from headoffice.tables.keys import signing_keys
from headoffice.tables.schema import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database in which nothing is."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new.db'}"
        return
    server: str = request.getfixturevalue("postgresql")
    name = f"t_{secrets.token_hex(6)}"
    with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{server.rsplit('/', 1)[0]}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _differences(connection: Connection) -> list[object]:
    options = {"compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def test_the_revisions_lead_to_the_tables_as_the_code_has_them(empty_url: str) -> None:
    with closing(open_database(empty_url)) as database:
        assert database.read(lambda connection: inspect(connection).get_table_names())
        assert database.read(_differences) == []


def test_the_newest_revision_is_the_one_that_the_others_lead_to() -> None:
    assert ScriptDirectory(str(Path(migrations.__file__).parent)).get_heads() == [migrations.newest()]


def test_a_second_start_changes_nothing(empty_url: str) -> None:
    open_database(empty_url).close()
    with closing(open_database(empty_url)) as database:
        assert database.read(_differences) == []


def test_several_that_start_at_once_migrate_once(empty_url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        for opened in threads.map(open_database, [empty_url] * 4):
            opened.close()
    with closing(open_database(empty_url)) as database:
        assert database.read(_differences) == []


def test_each_key_of_before_gets_one_of_its_own_that_seals_leases(empty_url: str) -> None:
    with closing(open_database(empty_url)) as database:

        def as_before(connection: Connection) -> None:
            connection.execute(text("ALTER TABLE signing_keys DROP COLUMN lease_key"))
            put = "INSERT INTO signing_keys (id, public, added_at) VALUES ('{0}', '{0}', '2026-11-21 04:00:00+00')"
            for key in ("aaaaaaaa", "bbbbbbbb"):
                connection.execute(text(put.format(key)))
            connection.execute(text("UPDATE alembic_version SET version_num = '0025'"))

        database.write(as_before)
    with closing(open_database(empty_url)) as database:
        drawn = database.read(lambda connection: connection.execute(select(signing_keys.c.lease_key)).scalars().all())
        assert [len(key) for key in set(drawn)] == [32, 32]
        assert database.read(_differences) == []


def test_a_database_of_a_newer_program_is_refused_and_left_alone(empty_url: str) -> None:
    with closing(open_database(empty_url)) as database:
        database.write(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(DatabaseError, match="newer version"):
        open_database(empty_url)


def test_a_database_that_cannot_be_opened_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=r"nowhere/hexiao\.db"):
        open_database(f"sqlite:///{tmp_path / 'nowhere' / 'hexiao.db'}")
    with pytest.raises(DatabaseError) as refused:
        open_database("postgresql://hexiao:hunter2@127.0.0.1:1/hexiao")
    assert "127.0.0.1" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_sqlite_keeps_every_acknowledged_commit(tmp_path: Path) -> None:
    with closing(open_database(f"sqlite:///{tmp_path / 'new.db'}")) as database:

        def pragma(name: str) -> object:
            return database.read(lambda connection: connection.exec_driver_sql(f"PRAGMA {name}").scalar())

        full = 2
        assert (pragma("journal_mode"), pragma("synchronous"), pragma("foreign_keys")) == ("wal", full, 1)


def test_postgresql_answers_only_for_what_is_on_disk(database_url: str) -> None:
    if not database_url.startswith("postgresql"):
        return
    with closing(open_database(database_url)) as database:
        shown = database.read(lambda connection: connection.exec_driver_sql("SHOW synchronous_commit").scalar())
    assert shown == "on"
