"""A store's day: its bounds, its order, its totals."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from gateway.books import Books
from gateway.journal import Journal
from gateway.places import Store
from gateway.usage import Usage
from protocol.vocabulary import Verdict
from tests.gateway.test_journal import Wall, ended, relay

if TYPE_CHECKING:
    from pathlib import Path

SHANGHAI = Store(id="nanjing-lu", name="南京路店", timezone="Asia/Shanghai")
BERLIN = Store(id="berlin", name="Berlin", timezone="Europe/Berlin")


def seconds(text: str) -> float:
    """Return a moment in UTC as seconds since 1970."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


async def write(data: Path, moments: dict[int, str]) -> None:
    """Write a redeemed request at each of these moments."""
    wall = Wall()
    journal = Journal(data / "journal.db", clock=wall)
    journal.start()
    for number, moment in moments.items():
        wall.now = seconds(moment)
        await journal.write(ended(number))
    await journal.close()


async def test_a_day_is_the_stores_own(data: Path) -> None:
    await write(
        data, {1: "2026-03-01T15:59:59", 2: "2026-03-01T16:00:00", 3: "2026-03-02T15:59:59", 4: "2026-03-02T16:00:00"}
    )
    found = Books(data / "journal.db").day(SHANGHAI, date(2026, 3, 2))

    assert [int(usage.rid or "", 16) for usage in found] == [3, 2]
    assert found[-1].time(SHANGHAI.zone) == "2026-03-02T00:00:00+08:00"


async def test_a_day_on_which_the_clocks_change_is_whole(data: Path) -> None:
    await write(data, {1: "2026-03-28T23:00:00", 2: "2026-03-29T21:59:59", 3: "2026-03-29T22:00:00"})
    berlin = Store(id="nanjing-lu", name="Berlin", timezone="Europe/Berlin")
    found = Books(data / "journal.db").day(berlin, date(2026, 3, 29))

    assert [int(usage.rid or "", 16) for usage in found] == [2, 1]


async def test_requests_and_refusals_are_one_list_and_totals_count_them(data: Path) -> None:
    wall = Wall()
    wall.now = seconds("2026-03-02T04:00:00")
    journal = Journal(data / "journal.db", clock=wall)
    journal.start()
    await journal.write(relay(1))
    wall.now += 1
    await journal.refuse(Usage(at=wall.now, kiosk="till-1", store="nanjing-lu", verdict=Verdict.EXPIRED))
    wall.now += 1
    await journal.write(ended(2))
    await journal.write(ended(3))
    await journal.write(ended(3, undone_by="f" * 32))
    await journal.refuse(Usage(at=wall.now, kiosk="till-1", store="pudong", verdict=Verdict.EXPIRED))
    await journal.close()
    books = Books(data / "journal.db")

    assert [usage.verdict for usage in books.day(SHANGHAI, date(2026, 3, 2))] == [
        Verdict.REDEEMED,
        Verdict.REDEEMED,
        Verdict.EXPIRED,
        Verdict.PENDING,
    ]
    assert len(books.day(SHANGHAI, date(2026, 3, 2), limit=2)) == 2
    assert books.totals(SHANGHAI, date(2026, 3, 2)) == {"pending": 1, "redeemed": 1, "given_back": 1, "refused": 1}
    assert len(books.everything()) == 5
