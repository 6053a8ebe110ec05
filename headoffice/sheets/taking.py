"""Sheets into the books: nothing of a file is there until all of it is.

The file is read once and kept nowhere, so memory does not grow with its length. Codes, of which there are many, are
drawn up beside the books and taken over in one commit (``staging``): redemptions wait for that alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from sqlalchemy import Connection, delete, insert, select

from headoffice.errors import HeadOfficeError, RefusedError
from headoffice.registry import known_stores, put_store
from headoffice.sheets.lines import BindingLine, ClerkLine, CodeLine, StoreLine
from headoffice.sheets.reading import BadLineError, Line, Numbered, read
from headoffice.sheets.staging import Staged, staging
from headoffice.staff.clerks import add_clerk, change_clerk, find_clerk, without_pin
from headoffice.tables.schema import clerk_stores, clerks
from headoffice.vouchers.issued import TAKEN, Order, drawn_up, require_running, taken
from headoffice.vouchers.types import find_type

if TYPE_CHECKING:
    from datetime import datetime

    from headoffice.database import Database

#: Lines that are looked up and written with one statement. SQLite takes 32,766 values in one.
BATCH = 1_000

#: Called with the number of lines that are written so far.
Progress = Callable[[int], None]
_Types = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a sheet is taken with: its connection, and who is told how far it is."""

    connection: Connection
    progress: Progress
    testing_since: datetime | None


def take(  # noqa: PLR0913, PLR0917 - what a sheet is, and what becomes of it
    database: Database,
    name: str,
    file: BinaryIO,
    at: datetime,
    progress: Progress,
    testing_since: datetime | None = None,
) -> int:
    """Take a whole sheet into the books and return the number of its lines; ``testing_since`` is that of new stores.

    Raises BadLineError, RefusedError, DatabaseError, BehindError, and then nothing of it is there.
    """
    if name == "codes":
        with staging(database) as staged:
            return _codes(staged, file, at, progress)
    into = SHEETS[name]
    return database.write(lambda connection: into(_Taken(connection, progress, testing_since), file))


def _codes(staged: Staged, file: BinaryIO, at: datetime, progress: Progress) -> int:
    types: _Types = {}
    lines = read(file, CodeLine)
    done = 0
    while batch := list(islice(lines, BATCH)):
        staged.write(partial(_draw_up, types, batch, at))
        done += len(batch)
        progress(done)
    staged.take_over(partial(_require_as_it_was, types))
    return done


def _draw_up(
    types: _Types, batch: list[Numbered[CodeLine]], at: datetime, connection: Connection
) -> list[dict[str, Any]]:
    """Return the rows of the vouchers that some lines want; raise BadLineError at the first that cannot be."""
    require_running(connection)
    seen = taken(connection, [numbered.line.code for numbered in batch])
    return [_voucher(types, numbered, at, connection, seen) for numbered in batch]


def _voucher(
    types: _Types, numbered: Numbered[CodeLine], at: datetime, connection: Connection, seen: set[str]
) -> dict[str, Any]:
    order = Order(**numbered.line.model_dump())
    if order.code in seen:
        raise BadLineError(numbered.number, TAKEN)
    try:
        if order.type not in types:
            types[order.type] = find_type(connection, order.type)
        return {"line": numbered.number, **drawn_up(order, types[order.type], at)}
    except HeadOfficeError as error:
        raise BadLineError(numbered.number, str(error)) from error


def _require_as_it_was(types: _Types, connection: Connection) -> None:
    """Raise where the books were stopped, or a type was changed, since the vouchers were drawn up."""
    require_running(connection)
    for name, was in types.items():
        if find_type(connection, name) != was:
            msg = f"the type {name} was changed meanwhile; take the file in again"
            raise RefusedError(msg)


def _stores(into: _Taken, file: BinaryIO) -> int:
    def put(numbered: Numbered[StoreLine]) -> None:
        values = numbered.line.model_dump()
        try:
            put_store(into.connection, values.pop("id"), values, into.testing_since)
        except RefusedError as error:
            raise BadLineError(numbered.number, str(error)) from error

    return _each(into, read(file, StoreLine), put)


def _clerks(into: _Taken, file: BinaryIO) -> int:
    """Add clerks, or change them; who is in no line stays as they are."""

    def put(numbered: Numbered[ClerkLine]) -> None:
        line = numbered.line
        if find_clerk(into.connection, line.number) is None:
            add_clerk(into.connection, line.number, line.name, (), without_pin(), line.role)
        change_clerk(into.connection, line.number, name=line.name, role=line.role, disabled=line.disabled)

    return _each(into, read(file, ClerkLine), put)


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


SHEETS: dict[str, Callable[[_Taken, BinaryIO], int]] = {"stores": _stores, "clerks": _clerks, "bindings": _bindings}
