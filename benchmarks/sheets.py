"""A sheet of a hundred thousand codes taken into SQLite: how long it takes, and that memory does not grow with it."""

from __future__ import annotations

import time
import tracemalloc
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks import Row
from headoffice.database import open_database
from headoffice.sheets.giving import give
from headoffice.sheets.taking import take
from headoffice.voucher_types import PLAIN, put_type

if TYPE_CHECKING:
    from headoffice.database import Database

CODES, FEW = 100_000, 10_000
_MIB = 1 << 20


def run() -> list[Row]:
    """Take sheets in and give one out."""
    with TemporaryDirectory() as folder, closing(open_database(f"sqlite:///{folder}/hexiao.db")) as database:
        database.write(lambda connection: put_type(connection, "t", {**PLAIN, "title": "T"}, None))
        took = _timed(database, _sheet(Path(folder), "A", CODES))
        began = time.perf_counter()
        given = sum(len(part) for part in give(database, "codes"))
        gave = time.perf_counter() - began
        tracemalloc.start()
        few, many = (_peak(database, _sheet(Path(folder), name, count)) for name, count in (("B", FEW), ("C", CODES)))
        tracemalloc.stop()
    subject = f"a sheet of {CODES:,} codes"
    return [
        Row(subject, "taken in", took, "s", at_most=60),
        Row(subject, f"given out, {given / _MIB:.0f} MiB", gave, "s", at_most=60),
        Row(subject, f"memory beyond that for {FEW:,}", (many - few) / _MIB, "MiB", at_most=2),
    ]


def _sheet(folder: Path, name: str, count: int) -> Path:
    file = folder / f"{name}.csv"
    with file.open("w", encoding="utf-8") as lines:
        lines.write("code,type\n")
        lines.writelines(f"{name}{number:011},t\n" for number in range(count))
    return file


def _timed(database: Database, sheet: Path) -> float:
    began = time.perf_counter()
    with sheet.open("rb") as content:
        take(database, "codes", content, datetime.now(UTC), lambda _: None)
    return time.perf_counter() - began


def _peak(database: Database, sheet: Path) -> int:
    """Return the most memory that Python's objects took meanwhile, in bytes."""
    tracemalloc.reset_peak()
    _timed(database, sheet)
    return tracemalloc.get_traced_memory()[1]
