"""Vouchers drawn up beside the books: in a table of one connection's own, which holds up nobody and goes with it.

What reads the file, and looks at every line, may take its time there. Only the last step is in the books: all of it in
one statement and one commit.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Connection, Integer, MetaData, Table, insert, select

from headoffice.outbox.telling import tell_issued
from headoffice.sheets.reading import BadLineError
from headoffice.tables.schema import vouchers
from headoffice.vouchers.issued import TAKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from headoffice.database import Database

_staged = Table(
    "staged_vouchers",
    MetaData(),
    Column("line", Integer, primary_key=True),
    *(Column(column.name, column.type, unique=column is vouchers.c.code) for column in vouchers.columns),
    prefixes=["TEMPORARY"],
)
_COLUMNS = [column.name for column in vouchers.columns]
_TAKE_OVER = insert(vouchers).from_select(_COLUMNS, select(*(_staged.c[name] for name in _COLUMNS)))
_CLASH = select(_staged.c.line).join(vouchers, vouchers.c.code == _staged.c.code).order_by(_staged.c.line).limit(1)


class Staged:
    """Vouchers that are drawn up, and not yet in the books."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._connection = connection

    def write(self, draw_up: Callable[[Connection], list[dict[str, Any]]]) -> None:
        """Keep what ``draw_up`` makes from what the books say now; raise BadLineError where a code comes twice."""
        with self._connection.begin():
            rows = draw_up(self._connection)
            before = select(_staged.c.code).where(_staged.c.code.in_([row["code"] for row in rows]))
            seen = set(self._connection.execute(before).scalars())
            for row in rows:
                if row["code"] in seen:
                    raise BadLineError(row["line"], TAKEN)
                seen.add(row["code"])
            self._connection.execute(insert(_staged), rows)

    def take_over(self, check: Callable[[Connection], None]) -> None:
        """Put all of it into the books, in one commit; raise BadLineError where somebody was there before.

        ``check`` raises where the books are not any more as they were when it was drawn up.
        """

        def over(connection: Connection) -> None:
            check(connection)
            if (line := connection.execute(_CLASH).scalar()) is not None:
                raise BadLineError(line, TAKEN)
            connection.execute(_TAKE_OVER)
            tell_issued(connection, _staged)

        self._database.write(over, self._connection)


@contextmanager
def staging(database: Database) -> Iterator[Staged]:
    """Yield a table to draw vouchers up in; afterwards it is gone, and so is what was not taken over."""
    with database.apart() as connection:
        with connection.begin():
            _staged.create(connection)
        yield Staged(database, connection)
