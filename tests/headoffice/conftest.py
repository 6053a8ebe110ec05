"""A head office for tests: on SQLite and on PostgreSQL, with a clock that stands still until it is moved."""

from __future__ import annotations

import secrets
import shutil
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import psycopg
import pytest

from headoffice.database import Database, open_database
from headoffice.office import Office
from headoffice.public import public_app
from headoffice.redemptions.ledger import Ledger
from headoffice.tables.schema import metadata
from headoffice.vouchers.signing import make_signer, register_key
from simulator.postgresql import running_postgresql
from tests.headoffice.asgi import Client
from tests.headoffice.counter import Clock, Counter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from headoffice.vouchers.signing import Signer

#: A Saturday, 12:00 in Shanghai.
NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
WINDOW = timedelta(minutes=15)


@pytest.fixture(scope="session")
def postgresql(postgresql_programs: Path, free_port: Callable[[], int]) -> Iterator[str]:
    """Run one PostgreSQL for the whole session; yield its first database's URL."""
    with running_postgresql(postgresql_programs, free_port()) as server:
        yield server.url


@pytest.fixture(scope="session")
def postgresql_with_schema(postgresql: str) -> str:
    """Return the URL of a database with the schema, which every test leaves empty."""
    open_database(postgresql).close()
    return postgresql


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database file that has the schema, to be copied."""
    path = tmp_path_factory.mktemp("template") / "hexiao.db"
    open_database(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path) -> str:
    """Return the URL of an SQLite database with the schema and nothing in it."""
    file = sqlite_template.parent / "test" / "hexiao.db"
    shutil.rmtree(file.parent, ignore_errors=True)
    file.parent.mkdir()
    shutil.copyfile(sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture
def postgresql_url(postgresql_with_schema: str) -> Iterator[str]:
    """Return the URL of a PostgreSQL database with the schema and nothing in it."""
    yield postgresql_with_schema
    with psycopg.connect(postgresql_with_schema.replace("+psycopg", "")) as connection:
        _empty(connection)


def _empty(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Delete every row and begin counting anew: to truncate makes new files of all tables, a hundred times as slow."""
    connection.execute("SET LOCAL session_replication_role = replica")  # no key is looked up: everything goes
    connection.execute("; ".join(f"DELETE FROM {table}" for table in metadata.tables))  # noqa: S608 - names of ours
    connection.execute("SELECT setval(format('%I', sequencename)::regclass, 1, false) FROM pg_sequences")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of a database with the schema and nothing in it, of each kind in turn."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(scope="session")
def engine_of() -> Callable[[str], Engine]:
    """Return what gives the engine of a URL, one for the session: it has learned how the statements are spelt."""

    @cache
    def engine(url: str) -> Engine:
        return open_database(url).engine

    return engine


@pytest.fixture
def database(database_url: str, engine_of: Callable[[str], Engine]) -> Iterator[Database]:
    """Open the database."""
    with closing(Database(engine_of(database_url))) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    """Return a clock that shows a Saturday noon in Shanghai."""
    return Clock(NOON)


@pytest.fixture
def office(database: Database, clock: Clock) -> Office:
    """Return an office over the database."""
    return office_over(database, clock)


@pytest.fixture
def api(office: Office) -> Client:
    """Return a client of the public door that holds the token."""
    return client_of(office)


@pytest.fixture
def counter(api: Client, office: Office, clock: Clock) -> Counter:
    """Return a counter in 南京路 that asks through its gateway; 静安 is a second store with a gateway of its own."""
    return opened_counter(api, office, clock)


@pytest.fixture
def signer(office: Office, tmp_path: Path, clock: Clock) -> Signer:
    """Return a key that is in the books."""
    made = make_signer(tmp_path / "signing.key")
    office.database.write(lambda connection: register_key(connection, made.public, clock()))
    return made


@pytest.fixture
def leasing(office: Office, signer: Signer, clock: Clock) -> Counter:
    """Return a counter of a head office that has a key and a type of which vouchers are signed."""
    office = replace(office, signer=signer)
    counter = opened_counter(client_of(office), office, clock)
    counter.put_type("latte", title="拿铁一杯", value=3200)
    return counter


def office_over(database: Database, clock: Clock) -> Office:
    """Return an office over a database."""
    return Office(
        database=database,
        ledger=Ledger(database, WINDOW, clock),
        token=secrets.token_hex(8),
        url="http://vouchers.example",
        clock=clock,
    )


def client_of(office: Office) -> Client:
    """Return a client that holds an office's token."""
    return Client(public_app(office), headers={"authorization": f"Bearer {office.token}"})


def opened_counter(api: Client, office: Office, clock: Clock) -> Counter:
    """Open two stores, each with a gateway, and return the first one's counter."""
    for store, name in (("nanjing-lu", "南京路店"), ("jingan", "静安店")):
        api.put(f"/api/v1/stores/{store}", json={"name": name}).raise_for_status()
        api.put(f"/api/v1/gateways/gw-{store}", json={"name": name, "stores": [store]}).raise_for_status()
    return Counter(api, office.ledger, clock)
