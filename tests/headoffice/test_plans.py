"""A hundred thousand redemptions make a look and a confirm no dearer: each statement finds its rows by a key."""

from __future__ import annotations

import re
import secrets
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, event, insert, select

from headoffice.database import Database, open_database
from headoffice.notices.carrier import Notices
from headoffice.notices.reminders import Reminders
from headoffice.public import public_app
from headoffice.staff.roles import Role
from headoffice.tables.schema import redemptions, refusals, uses, vouchers
from headoffice.workers import Workers
from protocol.messages import Intent, Method
from protocol.vocabulary import Verdict
from tests.headoffice.conftest import NOON, client_of, office_over, opened_counter
from tests.headoffice.counter import Clock, Counter
from tests.headoffice.desk.browsing import let_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANY = 100_000
BATCH = 5_000
LARGE_SCAN = re.compile("SCAN (vouchers|redemptions|uses|refusals|voucher_events)")


@pytest.fixture(scope="module")
def database(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Return an SQLite database only: its plans are the ones that are read here."""
    file = tmp_path_factory.mktemp("full") / "hexiao.db"
    file.write_bytes(sqlite_template.read_bytes())
    with closing(open_database(f"sqlite:///{file}")) as opened:
        yield opened


@pytest.fixture(scope="module")
def full_books(database: Database) -> Counter:
    """Return a counter whose books hold a hundred thousand redemptions, and half as many refusals."""
    clock = Clock(NOON)
    office = office_over(database, clock)
    counter = opened_counter(client_of(office), office, clock)
    counter.issue()

    def fill(connection: Connection) -> None:
        like = dict(connection.execute(select(vouchers)).mappings().one())
        for begin in range(0, MANY, BATCH):
            names = [(secrets.token_hex(16), secrets.token_hex(16), n) for n in range(begin, begin + BATCH)]
            connection.execute(
                insert(vouchers),
                [{**like, "id": voucher, "code": f"OLD-{n}", "page_token": str(n)} for voucher, _, n in names],
            )
            connection.execute(insert(redemptions), [_redeemed(rid, voucher, n) for voucher, rid, n in names])
            connection.execute(insert(uses), [{"voucher": v, "number": 1, "rid": rid} for v, rid, _ in names])
            connection.execute(insert(refusals), [_refused(voucher, n) for voucher, _, n in names[::2]])

    database.write(fill)
    return counter


def _redeemed(rid: str, voucher: str, number: int) -> dict[str, Any]:
    return {
        "rid": rid,
        "requester": "till-1",
        "gateway": "gw-nanjing-lu",
        "store": "nanjing-lu",
        "action": "redeem",
        "intent_digest": b"\0" * 32,
        "quantity": 1,
        "method": Method.SCAN,
        "voucher": voucher,
        "spent": "1",
        "verdict": Verdict.REDEEMED,
        "answer": f'{{"type":"answer","rid":"{rid}","verdict":"redeemed","final":true}}',
        "code_tail": f"{number:04}"[-4:],
        "at": NOON - timedelta(seconds=10 * number),
    }


def _refused(voucher: str, number: int) -> dict[str, Any]:
    return {
        "requester": "till-1",
        "gateway": "gw-nanjing-lu",
        "store": "nanjing-lu",
        "method": Method.SCAN,
        "voucher": voucher,
        "verdict": Verdict.ALREADY_REDEEMED,
        "code_tail": "0000",
        "at": NOON - timedelta(seconds=10 * number),
    }


@contextmanager
def _listening(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Collect every statement that is executed."""
    heard: list[tuple[str, Any]] = []

    def hear(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        heard.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", hear)
    yield heard
    event.remove(database.engine, "before_cursor_execute", hear)


def _plan(database: Database, statement: str, parameters: Any) -> list[str]:
    one = parameters[0] if isinstance(parameters, list) else parameters
    explained = f"EXPLAIN QUERY PLAN {statement}"
    return [row[3] for row in database.read(lambda c: c.exec_driver_sql(explained, one).all())]


def test_no_statement_of_a_look_a_confirm_or_an_undo_reads_a_table_through(
    full_books: Counter, database: Database
) -> None:
    code = full_books.issue(stores=["nanjing-lu"])
    with _listening(database) as heard:
        redeemed = full_books.redeem(code)
        full_books.look(code)
        full_books.look("UNKNOWN")
        full_books.resolve(Intent(rid=secrets.token_hex(16), code=code))
        full_books.settle(redeemed.rid)
        full_books.undo(redeemed.rid)
    read = [(statement, values) for statement, values in heard if re.match("SELECT|UPDATE|DELETE", statement)]
    assert len(read) > 20
    for statement, values in read:
        for line in _plan(database, statement, values):
            assert not LARGE_SCAN.match(line), f"{line}: {statement}"
            assert "TEMP B-TREE" not in line, f"{line}: {statement}"


def test_the_desks_pages_find_what_they_show_along_an_index(full_books: Counter, database: Database) -> None:
    code = full_books.issue()
    full_books.step(code, "ask-refund")
    office = office_over(database, full_books.clock)
    chief = let_in(office, public_app(office), "li.lei", Role.ADMINISTRATOR)
    manager = let_in(office, public_app(office), "chen.jing", Role.MANAGER, ["nanjing-lu"])
    with _listening(database) as heard:
        for browsing in (chief, manager):
            for page in (
                "",
                "/open",
                "/refusals",
                "/refusals?store=nanjing-lu",
                "/reports",
                "/refunds",
                f"/vouchers?q={code}",
            ):
                assert browsing.get(page).status_code == 200
    read = [(statement, values) for statement, values in heard if statement.startswith("SELECT")]
    assert len(read) > 20
    for statement, values in read:
        for line in _plan(database, statement, values):
            assert not LARGE_SCAN.match(line) or "USING" in line, f"{line}: {statement}"


@pytest.mark.parametrize("query", ["?store=nanjing-lu&day=2026-11-21", "?day=2026-11-21", ""])
def test_records_of_a_day_are_read_along_an_index(full_books: Counter, database: Database, query: str) -> None:
    with _listening(database) as heard:
        full_books.api.get(f"/api/v1/books{query or '?day=2020-01-01'}").raise_for_status()
    pages = [(statement, values) for statement, values in heard if "LIMIT" in statement]
    assert pages
    for statement, values in pages:
        plan = _plan(database, statement, values)
        assert any(re.match(r"SEARCH (redemptions|refusals) USING INDEX ix_\w+_at_", line) for line in plan), plan
        assert not any("TEMP B-TREE" in line for line in plan), plan


def test_a_vouchers_history_is_found_by_its_key(full_books: Counter, database: Database) -> None:
    with _listening(database) as heard:
        full_books.api.get("/api/v1/vouchers/OLD-77").raise_for_status()
    for statement, values in heard:
        assert not any(map(LARGE_SCAN.match, _plan(database, statement, values))), statement


def test_what_customers_are_told_is_found_along_an_index(full_books: Counter, database: Database) -> None:
    soon = (full_books.clock.at + timedelta(days=2)).isoformat()
    word = {"agreed_at": NOON.isoformat(), "agreed_by": "-"}
    full_books.put_type("told", title="-", notices=["sms"], remind_days=3)
    code = full_books.issue(type="told", valid_until=soon, notify={"sms": "13800138000", **word})
    with closing(Workers(1, 1)) as workers, _listening(database) as heard:
        Reminders(database, workers, full_books.clock).round()
        voucher = full_books.api.get(f"/api/v1/vouchers/{code}").json()["id"]
        assert len(full_books.api.get(f"/api/v1/notices?voucher={voucher}").json()) == 1
        database.read(lambda connection: Notices.lanes(connection, full_books.clock.at))
    plans = [_plan(database, statement, values) for statement, values in heard if statement.startswith("SELECT")]
    lines = [line for plan in plans for line in plan]
    assert not any(LARGE_SCAN.match(line) or line.startswith("SCAN deliveries") for line in lines), lines
    for index in ("ix_vouchers_type_valid_until", "ix_deliveries_notices", "ix_deliveries_due"):
        assert any(index in line for line in lines), (index, lines)
