"""A sheet of a hundred thousand codes taken into SQLite: how long it takes, what it costs in memory, and who waits."""

from __future__ import annotations

import threading
import time
import tracemalloc
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks import Row
from headoffice import registry
from headoffice.database import open_database
from headoffice.redemptions.ledger import Ledger
from headoffice.sheets.giving import give
from headoffice.sheets.taking import take
from headoffice.vouchers.types import PLAIN, put_type
from protocol.messages import Answer, Intent
from protocol.upstream import AskRedeem
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from headoffice.database import Database

CODES, FEW = 100_000, 10_000
#: Between two redemptions of the shop that goes on meanwhile.
PAUSE_S = 0.02
_MIB = 1 << 20
_STORE = {"timezone": "Asia/Shanghai", "address": "", "phone": "", "hours": "", "clerk_policy": "none"}


def run() -> list[Row]:
    """Take sheets in and give one out."""
    with TemporaryDirectory() as folder, closing(open_database(f"sqlite:///{folder}/hexiao.db")) as database:
        database.write(furnish)
        take_in(database, sheet(Path(folder), "R", FEW))
        with _redeeming(database) as waits:
            took = take_in(database, sheet(Path(folder), "A", CODES))
        began = time.perf_counter()
        given = sum(len(part) for part in give(database, "codes"))
        gave = time.perf_counter() - began
        tracemalloc.start()
        few, many = (_peak(database, sheet(Path(folder), name, count)) for name, count in (("B", FEW), ("C", CODES)))
        tracemalloc.stop()
    subject = f"a sheet of {CODES:,} codes"
    meanwhile = f"meanwhile, of {len(waits):,} redemptions"
    return [
        Row(subject, "taken in", took, "s", at_most=60),
        Row(meanwhile, "p50 to their commit", sorted(waits)[len(waits) // 2] * 1000, "ms"),
        Row(meanwhile, "longest wait", max(waits), "s", at_most=5),
        Row(subject, f"given out, {given / _MIB:.0f} MiB", gave, "s", at_most=60),
        Row(subject, f"memory beyond that for {FEW:,}", (many - few) / _MIB, "MiB", at_most=2),
    ]


def furnish(connection: Connection) -> None:
    """Open a store ``s`` with a gateway ``g``, and a type ``t`` to issue of."""
    registry.put_store(connection, "s", {"name": "S", **_STORE})
    registry.put_gateway(connection, "g", "G", ["s"])
    put_type(connection, "t", {**PLAIN, "title": "T"}, None)


@contextmanager
def _redeeming(database: Database) -> Iterator[list[float]]:
    """Redeem one voucher after another meanwhile; the list gets the seconds that each has taken."""
    ledger = Ledger(database, timedelta(minutes=15), lambda: datetime.now(UTC))
    waits: list[float] = []
    done = threading.Event()

    def redeem() -> None:
        while not done.wait(PAUSE_S):
            intent = Intent(rid=f"{len(waits):032x}", code=code("R", len(waits)))
            began = time.perf_counter()
            answer = ledger.answer("g", AskRedeem(requester="k", store="s", intent=intent, terms=1))
            waits.append(time.perf_counter() - began)
            assert isinstance(answer, Answer)
            assert answer.verdict is Verdict.REDEEMED, answer

    shop = threading.Thread(target=redeem)
    shop.start()
    try:
        yield waits
    finally:
        done.set()
        shop.join()


def code(name: str, number: int) -> str:
    """Return one of the codes of a sheet."""
    return f"{name}{number:011}"


def sheet(folder: Path, name: str, count: int) -> Path:
    """Write a sheet of so many codes that begin with this letter."""
    file = folder / f"{name}.csv"
    with file.open("w", encoding="utf-8") as lines:
        lines.write("code,type\n")
        lines.writelines(f"{code(name, number)},t\n" for number in range(count))
    return file


def take_in(database: Database, sheet: Path) -> float:
    """Take a sheet of codes in; return how many seconds that took."""
    began = time.perf_counter()
    with sheet.open("rb") as content:
        take(database, "codes", content, datetime.now(UTC), lambda _: None)
    return time.perf_counter() - began


def _peak(database: Database, sheet: Path) -> int:
    """Return the most memory that Python's objects took meanwhile, in bytes."""
    tracemalloc.reset_peak()
    take_in(database, sheet)
    return tracemalloc.get_traced_memory()[1]
