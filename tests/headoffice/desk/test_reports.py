"""Reports count what stands, where and when it was redeemed, in each store's own time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from headoffice.desk.reports import Span, bars, by_hour, hours, report

if TYPE_CHECKING:
    from headoffice.database import Database
    from tests.headoffice.counter import Clock, Counter
    from tests.headoffice.desk.browsing import Browsing

SHANGHAI = ZoneInfo("Asia/Shanghai")


def day(at: datetime, scope: frozenset[str] | None = None) -> Span:
    today = at.astimezone(SHANGHAI).date()
    return Span(begin=today, end=today, zone=SHANGHAI, scope=scope)


def test_what_was_undone_counts_as_undone_and_nowhere_else(counter: Counter, database: Database) -> None:
    kept, gone = counter.issue(title="茶"), counter.issue(title="茶")
    counter.confirm(counter.intent(kept, clerk="1001", amount=1250))
    counter.undo(counter.confirm(counter.intent(gone, amount=99)).rid)
    counter.look("NOT-A-CODE")
    found = database.read(lambda connection: report(connection, day(counter.clock.at), "en"))
    assert (found["count"], found["amount"], found["undone"], found["refused"]) == (1, 1250, 1, 1)
    for name in ("types", "stores", "clerks", "sources", "methods"):
        assert [(bar.count, bar.amount, bar.share) for bar in found[name]] == [(1, 1250, 1000)]


def test_a_store_and_a_day_narrow_a_report(counter: Counter, database: Database, clock: Clock) -> None:
    counter.redeem(counter.issue())
    counter.in_store("jingan").redeem(counter.issue())
    clock.pass_by(timedelta(days=1))
    counter.redeem(counter.issue())

    def count(span: Span) -> int:
        return int(database.read(lambda connection: report(connection, span, "en"))["count"])

    yesterday = clock.at - timedelta(days=1)
    assert count(day(yesterday)) == 2
    assert count(day(yesterday, frozenset({"jingan"}))) == 1
    assert count(day(clock.at)) == 1
    assert count(Span(begin=yesterday.date(), end=clock.at.date(), zone=SHANGHAI, scope=None)) == 3


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("Asia/Shanghai", (datetime(2026, 11, 21, 4, 59, tzinfo=UTC), 12)),
        ("Asia/Kolkata", (datetime(2026, 11, 21, 4, 29, tzinfo=UTC), 9)),
        ("Asia/Kolkata", (datetime(2026, 11, 21, 4, 31, tzinfo=UTC), 10)),
        ("Asia/Kathmandu", (datetime(2026, 11, 21, 4, 16, tzinfo=UTC), 10)),
        ("Europe/Berlin", (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 2)),  # the clocks go back an hour later
        ("Europe/Berlin", (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), 2)),
    ],
)
def test_an_hour_is_the_stores_own(
    counter: Counter, database: Database, clock: Clock, zone: str, at: tuple[datetime, int]
) -> None:
    utc, local = at
    counter.api.put("/api/v1/stores/nanjing-lu", {"name": "x", "timezone": zone})
    clock.at = utc
    counter.redeem(counter.issue())
    counts = database.read(lambda connection: by_hour(connection, day(utc)))
    assert [hour for hour, count in enumerate(counts) if count] == [local]


def test_bars_are_as_long_as_their_share_of_the_longest() -> None:
    assert [(bar.label, bar.share) for bar in bars([("b", 1, 0), ("a", 4, 0), ("c", 2, 0)])] == [
        ("a", 1000),
        ("c", 500),
        ("b", 250),
    ]
    assert bars([]) == []
    assert {bar.share for bar in hours([0] * 24)} == {0}


@pytest.mark.parametrize(
    "query", ["from=tomorrow", "days=x", "from=2026-11-21&until=2026-11-20", "days=4000", "until=9999-12-31"]
)
def test_a_span_that_cannot_be_is_refused_in_words(staff: Browsing, counter: Counter, query: str) -> None:
    reply = staff.get(f"/reports?{query}")
    assert reply.status_code == 409
    assert "day" in reply.text
