"""SQLite for SQLAlchemy over apsw: the SQLite that was tested ships in the wheel, and takes the file layer of a test.

As small as SQLAlchemy needs it: a connection that begins nothing by itself, and a cursor that has its rows at once.
apsw's own errors pass through; the table below tells SQLAlchemy which of the standard's kinds each is.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeAlias

import apsw
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import URL

#: What each of apsw's errors is in the words of PEP 249; any other one is a DatabaseError.
_KINDS = {
    "ConstraintError": "IntegrityError",
    "SQLError": "ProgrammingError",
    "MismatchError": "DataError",
    "TooBigError": "DataError",
    "BusyError": "OperationalError",
    "LockedError": "OperationalError",
    "CantOpenError": "OperationalError",
    "FullError": "OperationalError",
    "IOError": "OperationalError",
    "ReadOnlyError": "OperationalError",
    "CorruptError": "OperationalError",
    "NotADBError": "OperationalError",
    "NoMemError": "OperationalError",
    "Error": "DatabaseError",
}


Columns: TypeAlias = "tuple[tuple[Any, ...], ...]"
"""Name and kind of each column, as PEP 249 has them."""


class Cursor:
    """One statement at a time, and the rows that it has returned."""

    arraysize = 1

    def __init__(self, connection: apsw.Connection, columns: dict[str, Columns | None]) -> None:
        self._connection = connection
        self._columns = columns
        self._cursor = connection.cursor()
        self._rows: list[Any] = []
        self._next = 0
        self.description: Columns | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Cursor:
        """Run a statement and keep its rows."""
        if statement not in self._columns:
            self._columns[statement] = None
            self._cursor.exec_trace = self._describe
        self._rows = self._cursor.execute(statement, tuple(values)).fetchall()
        self._cursor.exec_trace = None
        self._next = 0
        self.description = self._columns[statement]
        self.rowcount = self._connection.changes() if self.description is None else -1
        self.lastrowid = self._connection.last_insert_rowid()
        return self

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> Cursor:
        """Run a statement for each of these rows."""
        count = 0
        for values in rows:
            self.execute(statement, values)
            count += max(self.rowcount, 0)
        self.rowcount = count
        return self

    def fetchone(self) -> Any:  # noqa: ANN401 - whatever the statement selects
        """Return the next row; None after the last."""
        if self._next >= len(self._rows):
            return None
        self._next += 1
        return self._rows[self._next - 1]

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Return the next rows."""
        start, self._next = self._next, min(len(self._rows), self._next + (size or self.arraysize))
        return self._rows[start : self._next]

    def fetchall(self) -> list[Any]:
        """Return the rest of the rows."""
        start, self._next = self._next, len(self._rows)
        return self._rows[start:]

    def close(self) -> None:
        """Let the statement go."""
        self._cursor.close()

    def _describe(self, cursor: apsw.Cursor, statement: str, _: object) -> bool:
        """Note the columns while the statement runs: one without rows has ended before anybody could ask."""
        columns = cursor.get_description()
        self._columns[statement] = tuple((name, kind, None, None, None, None, None) for name, kind in columns) or None
        return True


class Connection:
    """A connection that is in a transaction only where a statement has begun one."""

    def __init__(self, path: str, vfs: str | None, busy_s: float) -> None:
        self._connection = apsw.Connection(path, vfs=vfs)
        self._connection.set_busy_timeout(int(busy_s * 1000))
        self._columns: dict[str, Columns | None] = {}
        """What each statement returns; the schema only changes in migrations, before anything else is asked."""

    def cursor(self) -> Cursor:
        """Return a cursor."""
        return Cursor(self._connection, self._columns)

    def execute(self, statement: str) -> Cursor:
        """Run a statement."""
        return self.cursor().execute(statement)

    def commit(self) -> None:
        """End the transaction, if there is one: it is on the disk."""
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")

    def rollback(self) -> None:
        """Take back the transaction, if there is one."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close it."""
        self._connection.close()


def _connect(path: str, *, vfs: str | None = None, timeout: float = 5.0) -> Connection:
    return Connection(path, vfs, timeout)


class ApswDialect(SQLiteDialect):
    """SQLAlchemy's SQLite over this module."""

    driver = "apsw"
    supports_statement_cache = True
    default_paramstyle = "qmark"
    dbapi_exception_translation_map = _KINDS

    @classmethod
    def import_dbapi(cls) -> Any:  # noqa: ANN401 - what SQLAlchemy takes for a driver's module
        """Return what SQLAlchemy takes for a driver."""
        version = tuple(map(int, apsw.sqlite_lib_version().split(".")))
        return SimpleNamespace(
            paramstyle="qmark", connect=_connect, Error=apsw.Error, Binary=bytes, sqlite_version_info=version
        )

    def create_connect_args(self, url: URL) -> tuple[list[Any], dict[str, Any]]:
        """Return what to call ``connect`` with."""
        return [url.database or ""], {}

    def _get_server_version_info(self, _: object) -> tuple[int, ...]:
        return tuple(map(int, apsw.sqlite_lib_version().split(".")))

    def is_disconnect(self, *_: object) -> bool:
        """Say that no file hangs up."""
        return False


registry.register("sqlite.apsw", __name__, "ApswDialect")
