"""A day's usage records as a file: how long fifty thousand take, and that memory does not grow with them.

Once from the head office's books, once from a gateway's journal, each as CSV and as XLSX.
"""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias

from benchmarks import Row
from benchmarks.books import multiply
from benchmarks.sheets import code, furnish, sheet, take_in
from gateway.books import Books
from gateway.console import sheet as console
from gateway.journal import Journal
from gateway.places import Clerk, Roster, Store
from gateway.registry import Registry
from headoffice.database import open_database
from headoffice.redemptions import records
from headoffice.redemptions.ledger import Ledger
from protocol.messages import Answer, Detail, Intent
from protocol.relay import Relay
from protocol.upstream import AskRedeem
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


RECORDS, FEW = 50_000, 5_000
_MIB = 1 << 20
_MORNING = datetime(2026, 11, 21, 1, tzinfo=UTC)
_STORE = Store(id="s", name="南京路店")
_DAY = _STORE.day_of(_MORNING.timestamp())
_ANEW = "printf('%032x', i + 1)"

Export: TypeAlias = "Callable[[], Iterator[object]]"


def run() -> list[Row]:
    """Export a day of each size in each way."""
    few, many = _sizes(FEW), _sizes(RECORDS)
    rows = []
    for way, (seconds, peak) in many.items():
        subject = f"a day of {RECORDS:,} records, {way}"
        rows.append(Row(subject, "given out", seconds, "s", at_most=30))
        rows.append(Row(subject, f"memory beyond that for {FEW:,}", (peak - few[way][1]) / _MIB, "MiB", at_most=2))
    return rows


def _sizes(count: int) -> dict[str, tuple[float, int]]:
    """Return the seconds and the most bytes of Python's objects that each way of exporting takes."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(_journal(folder / "journal.db"))
        multiply(folder / "journal.db", {"relays": {"n": "NULL", "rid": _ANEW, "at": "at + i * 0.5"}}, count)
        registry = asyncio.run(_registry(folder / "registry.json"))
        _books(folder, count)
        with closing(open_database(f"sqlite:///{folder}/hexiao.db")) as database:
            wanted = records.Wanted(store="s", day=_DAY)
            days = console.Wanted(days={"s": _DAY})
            books = Books(folder / "journal.db")
            ways: dict[str, Export] = {
                "head office, CSV": lambda: records.as_sheet(records.books(database, wanted)),
                "head office, XLSX": lambda: records.as_workbook(records.books(database, wanted)),
                "gateway, CSV": lambda: console.as_sheet(console.rows(books, registry, days)),
                "gateway, XLSX": lambda: console.as_workbook(console.rows(books, registry, days)),
            }
            return {way: _measured(export) for way, export in ways.items()}


def _measured(export: Export) -> tuple[float, int]:
    began = time.perf_counter()
    for _ in export():
        pass
    seconds = time.perf_counter() - began
    tracemalloc.start()
    for _ in export():
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds, peak


async def _journal(path: Path) -> None:
    """Begin a gateway's journal with one redemption."""
    journal = Journal(path, clock=_MORNING.timestamp)
    journal.start()
    detail = Detail(title="拿铁一杯", kind="coupon", code_tail="0042", quantity=1, at=_MORNING.isoformat())
    answer = Answer(rid=f"{1:032x}", verdict=Verdict.REDEEMED, final=True, detail=detail)
    intent = Intent(rid=answer.rid, code="BENCH0042", clerk="1001", amount=1250)
    await journal.write(Relay(requester="till-1", store="s", intent=intent, terms=1, answer=answer))
    await journal.close()


async def _registry(path: Path) -> Registry:
    """Return a gateway's registry with the store and a clerk; what it knows it knows after its end, too."""
    registry = Registry(path)
    registry.start()
    clerk = Clerk(number="1001", name="王小明", stores=("s",), badge="0" * 64)
    await registry.set_roster(Roster(stores=(_STORE,), clerks=(clerk,)))
    await registry.close()
    return registry


def _books(folder: Path, count: int) -> None:
    """Make a head office's books with so many redemptions."""
    with closing(open_database(f"sqlite:///{folder}/hexiao.db")) as database:
        database.write(furnish)
        take_in(database, sheet(folder, "R", 1))
        ledger = Ledger(database, timedelta(minutes=15), lambda: _MORNING)
        intent = Intent(rid=f"{1:032x}", code=code("R", 0), clerk="1001", amount=1250)
        ledger.answer("g", AskRedeem(requester="till-1", store="s", intent=intent, terms=1))
    at = "strftime('%Y-%m-%d %H:%M:%f', at, '+' || (i * 0.5) || ' seconds')"
    multiply(folder / "hexiao.db", {"redemptions": {"rid": _ANEW, "at": at}}, count)
