"""Sheets into the books: each file in one transaction, so that nothing of it is there until all of it is.

The file is read once for each try and kept nowhere, so memory does not grow with its length. On SQLite, redemptions
wait while a file is written; on PostgreSQL they do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from sqlalchemy import Connection, delete, insert, select

from headoffice.errors import HeadOfficeError, RefusedError
from headoffice.registry import known_stores, put_store
from headoffice.schema import clerk_stores, clerks, vouchers
from headoffice.sheets.lines import BindingLine, CodeLine, StoreLine
from headoffice.sheets.reading import BadLineError, Line, Numbered, read
from headoffice.voucher_types import find_type
from headoffice.vouchers import TAKEN, Order, drawn_up, require_running, taken

if TYPE_CHECKING:
    from datetime import datetime

    from headoffice.database import Database

#: Lines that are looked up and written with one statement. SQLite takes 32,766 values in one.
BATCH = 1_000

#: Called with the number of lines that are written so far.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a sheet is taken with: its connection, the moment, and who is told how far it is."""

    connection: Connection
    at: datetime
    progress: Progress


def take(database: Database, name: str, file: BinaryIO, at: datetime, progress: Progress) -> int:
    """Take a whole sheet into the books and return the number of its lines.

    Raises BadLineError, DatabaseError, BehindError, and then nothing of it is there.
    """
    into = SHEETS[name]
    return database.write(lambda connection: into(_Taken(connection, at, progress), file))


def _codes(into: _Taken, file: BinaryIO) -> int:
    require_running(into.connection)
    types: dict[str, Any] = {}
    lines = read(file, CodeLine)
    done = 0
    while batch := list(islice(lines, BATCH)):
        _refuse_taken(into.connection, batch)
        rows = [_voucher(into, types, numbered) for numbered in batch]
        into.connection.execute(insert(vouchers), rows)
        done += len(batch)
        into.progress(done)
    return done


def _refuse_taken(connection: Connection, batch: list[Numbered[CodeLine]]) -> None:
    """Raise BadLineError at the first code that a voucher has, or a line before it."""
    seen = taken(connection, [numbered.line.code for numbered in batch])
    for numbered in batch:
        if numbered.line.code in seen:
            raise BadLineError(numbered.number, TAKEN)
        seen.add(numbered.line.code)


def _voucher(into: _Taken, types: dict[str, Any], numbered: Numbered[CodeLine]) -> dict[str, Any]:
    order = Order(**numbered.line.model_dump())
    try:
        if order.type not in types:
            types[order.type] = find_type(into.connection, order.type)
        return drawn_up(order, types[order.type], into.at)
    except HeadOfficeError as error:
        raise BadLineError(numbered.number, str(error)) from error


def _stores(into: _Taken, file: BinaryIO) -> int:
    def put(numbered: Numbered[StoreLine]) -> None:
        values = numbered.line.model_dump()
        put_store(into.connection, values.pop("id"), values)

    return _each(into, read(file, StoreLine), put)


def _bindings(into: _Taken, file: BinaryIO) -> int:
    """Bind clerks to stores: who is named works in the stores that the file says, and in no others."""
    named: set[str] = set()

    def bind(numbered: Numbered[BindingLine]) -> None:
        clerk, store = numbered.line.clerk, numbered.line.store
        try:
            known_stores(into.connection, [store])
        except RefusedError as error:
            raise BadLineError(numbered.number, str(error)) from error
        if clerk not in named:
            _leave_all(into.connection, clerk, numbered.number)
            named.add(clerk)
        here = clerk_stores.c.clerk == clerk, clerk_stores.c.store == store
        if into.connection.execute(select(clerk_stores.c.clerk).where(*here)).first() is None:
            into.connection.execute(insert(clerk_stores), {"clerk": clerk, "store": store})

    return _each(into, read(file, BindingLine), bind)


def _each(into: _Taken, lines: Iterator[Numbered[Line]], work: Callable[[Numbered[Line]], None]) -> int:
    done = 0
    for numbered in lines:
        work(numbered)
        done += 1
        if done % BATCH == 0:
            into.progress(done)
    return done


def _leave_all(connection: Connection, clerk: str, number: int) -> None:
    if connection.execute(select(clerks.c.number).where(clerks.c.number == clerk)).first() is None:
        raise BadLineError(number, f"there is no clerk {clerk}")
    connection.execute(delete(clerk_stores).where(clerk_stores.c.clerk == clerk))


SHEETS: dict[str, Callable[[_Taken, BinaryIO], int]] = {"codes": _codes, "stores": _stores, "bindings": _bindings}
