"""Transactions: a lost race is run again, what raises leaves nothing behind, no answer is a clear error."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from headoffice.database import TRIES, open_database, run_of
from headoffice.errors import DatabaseError
from headoffice.tables.schema import gateways, redemptions, uses
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from headoffice.database import Database
    from tests.headoffice.counter import Counter


def test_a_lost_race_is_tried_again_from_the_beginning(database: Database) -> None:
    names: list[str] = []

    def add(connection: Connection) -> str:
        taken = set(connection.execute(select(gateways.c.id)).scalars())
        names.append("first" if not names else "second")
        if names == ["first"]:  # somebody is quicker, after this one has looked
            connection.execute(insert(gateways), {"id": "first", "name": "of somebody else"})
        assert "first" not in taken
        connection.execute(insert(gateways), {"id": names[-1], "name": "ours"})
        return names[-1]

    assert database.write(add) == "second"
    assert database.read(lambda connection: list(connection.execute(select(gateways.c.id)).scalars())) == ["second"]


def test_a_race_that_is_always_lost_is_given_up_in_words(database: Database) -> None:
    tries = 0

    def lose(connection: Connection) -> None:
        nonlocal tries
        tries += 1
        connection.execute(insert(gateways), [{"id": "gw-1", "name": "a"}, {"id": "gw-1", "name": "b"}])

    with pytest.raises(DatabaseError, match="lost races"):
        database.write(lose)
    assert tries == TRIES


def test_what_raises_leaves_nothing_behind(database: Database) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(insert(gateways), {"id": "gw-1", "name": "a"})
        raise KeyError

    with pytest.raises(KeyError):
        database.write(fail)
    assert database.read(lambda connection: connection.execute(select(gateways)).all()) == []


def test_the_tables_themselves_refuse_a_use_that_is_spent(counter: Counter, database: Database) -> None:
    first = counter.redeem(counter.issue())
    other = counter.redeem("UNKNOWN-CODE")
    voucher = database.read(
        lambda connection: connection.execute(
            select(redemptions.c.voucher).where(redemptions.c.rid == first.rid)
        ).scalar_one()
    )
    with pytest.raises(DatabaseError) as refused:
        database.write(
            lambda connection: connection.execute(insert(uses), {"voucher": voucher, "number": 1, "rid": other.rid})
        )
    assert isinstance(refused.value.__cause__, IntegrityError)


def test_the_tables_themselves_refuse_a_second_undo(counter: Counter, database: Database) -> None:
    first = counter.redeem(counter.issue())
    undo = counter.undo(first.rid)

    def copy(connection: Connection) -> None:
        row = connection.execute(select(redemptions).where(redemptions.c.rid == undo.rid)).mappings().one()
        connection.execute(insert(redemptions), {**row, "rid": "f" * 32})

    with pytest.raises(DatabaseError) as refused:
        database.write(copy)
    assert isinstance(refused.value.__cause__, IntegrityError)


def test_a_server_that_went_away_is_an_error_once_and_then_forgotten(
    postgresql: str, counter: Counter, database: Database
) -> None:
    if database.is_sqlite:
        return
    code = counter.issue()
    intent = counter.intent(code)
    name = database.engine.url.database
    with psycopg.connect(postgresql.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            [name],
        )
    with pytest.raises(DatabaseError):
        counter.confirm(intent)
    assert counter.confirm(intent).verdict is Verdict.REDEEMED


def test_books_begin_a_run_with_the_process_that_opens_their_file(sqlite_url: str) -> None:
    with closing(open_database(sqlite_url)) as one, closing(open_database(sqlite_url)) as other:
        assert one.read(run_of) == one.write(run_of) != other.read(run_of)


def test_a_database_that_another_process_holds_is_waited_for(counter: Counter, database_url: str) -> None:
    code = counter.issue()
    with closing(open_database(database_url)) as other:
        other.write(lambda connection: connection.execute(insert(gateways), {"id": "gw-9", "name": "of another"}))
        assert counter.redeem(code).verdict is Verdict.REDEEMED
