"""Usage records: what was redeemed, undone and refused, by store and day, for machines and for spreadsheets.

Read page by page along an index, so a day of any size takes the same memory, and no transaction stays open meanwhile.
"""

from __future__ import annotations

import csv
import heapq
import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, bindparam, select, tuple_

from headoffice.columns import Utc
from headoffice.errors import NotFoundError
from headoffice.kinds import ZH, Kind
from headoffice.schema import clerks, redemptions, refusals, stores, voucher_types, vouchers
from protocol.records import COLUMNS, TIME_FORMAT, harmless, masked, yuan
from protocol.vocabulary import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import RowMapping, Select

    from headoffice.database import Database

PAGE = 500
#: No place on earth is further from UTC.
_FURTHEST = timedelta(hours=15)
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 1, 1, tzinfo=UTC)

Record = dict[str, Any]

_SHARED = ("at", "verdict", "code_tail", "clerk", "method", "store", "gateway", "voucher", "platform")
_OF_REDEMPTIONS = (
    "rid",
    "action",
    "quantity",
    "amount",
    "reason",
    "undoes",
    "undone_by",
    "decided_by",
    "settled_at",
    "handed_over",
)


@dataclass(frozen=True, slots=True)
class _Source:
    """A table of records: its columns, and the one that orders rows of one moment."""

    table: Table
    columns: tuple[str, ...]
    key: str
    before_all: str | int


_REDEEMED = _Source(redemptions, _SHARED + _OF_REDEMPTIONS, "rid", "")
_REFUSED = _Source(refusals, (*_SHARED, "id"), "id", -1)


def books(database: Database, store: str | None = None, day: date | None = None) -> Iterator[Record]:
    """Return every redemption, undo and refused look, oldest first; a refused look has ``rid`` None.

    ``day`` is the day of the store where it happened. Raises NotFoundError for a store that there is not.
    """
    begin, end = _bounds(database, store, day)
    return _merged(database, begin, end, store, day)


def _merged(
    database: Database, begin: datetime, end: datetime, store: str | None, day: date | None
) -> Iterator[Record]:
    both = (_pages(database, source, begin, end, store) for source in (_REDEEMED, _REFUSED))
    for row in heapq.merge(*both, key=itemgetter("at")):
        at = row["at"].astimezone(ZoneInfo(row["timezone"]))
        if day is None or at.date() == day:
            yield {**row, "at": at}


def as_csv(records: Iterator[Record]) -> Iterator[str]:
    """Yield records as CSV that a spreadsheet opens as it is, a page at a time; begins with the byte order mark."""
    yield "\ufeff" + _lines([COLUMNS])
    while page := list(islice(records, PAGE)):
        yield _lines([_cells(record) for record in page])


def _cells(record: Record) -> tuple[str, ...]:
    quantity = record["quantity"]
    return tuple(
        map(
            harmless,
            (
                record["at"].strftime(TIME_FORMAT),
                record["title"] or "",
                METHODS[record["method"]],
                record["store_name"],
                record["clerk_name"] or record["clerk"] or "",
                yuan(record["amount"]),
                ZH[Kind(record["kind"])] if record["kind"] else "",
                masked(record["code_tail"]),
                record["kiosk"],
                "自有" if record["voucher"] else record["platform"] or "",
                "" if quantity is None else str(quantity),
                record["verdict"],
                record["rid"] or "",
                record["undoes"] or "",
            ),
        )
    )


def _lines(rows: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _bounds(database: Database, store: str | None, day: date | None) -> tuple[datetime, datetime]:
    """Return from when until when to read; more than the day where the stores' clocks differ."""
    zone = ZoneInfo("UTC")
    if store is not None:
        found = select(stores.c.timezone).where(stores.c.id == store)
        name = database.read(lambda connection: connection.execute(found).scalar())
        if name is None:
            msg = f"there is no store {store}"
            raise NotFoundError(msg)
        zone = ZoneInfo(name)
    if day is None:
        return _FIRST, _LAST
    begin, end = (datetime.combine(day + timedelta(days=n), time(), zone) for n in (0, 1))
    return (begin, end) if store is not None else (begin - _FURTHEST, end + _FURTHEST)


def _pages(database: Database, source: _Source, begin: datetime, end: datetime, store: str | None) -> Iterator[Record]:
    """Yield one table's rows in order, each page beginning behind the last row of the one before."""
    statement = _statement(source, one_store=store is not None)
    after: dict[str, Any] = {"after_at": begin, "after_id": source.before_all}
    while True:
        values = {**after, "until": end, "store": store}
        page = _page(database, statement, values)
        yield from ({**dict.fromkeys(_OF_REDEMPTIONS), **row} for row in page)
        if len(page) < PAGE:
            return
        after = {"after_at": page[-1]["at"], "after_id": page[-1][source.key]}


def _page(database: Database, statement: Select[Any], values: dict[str, Any]) -> Sequence[RowMapping]:
    return database.read(lambda connection: connection.execute(statement, values).mappings().all())


def _statement(source: _Source, *, one_store: bool) -> Select[Any]:
    table = source.table.c
    moment = tuple_(table.at, table[source.key])
    begin = tuple_(bindparam("after_at", type_=Utc()), bindparam("after_id", type_=table[source.key].type))
    statement = (
        select(
            *(table[name] for name in source.columns),
            table.requester.label("kiosk"),
            stores.c.name.label("store_name"),
            stores.c.timezone,
            clerks.c.name.label("clerk_name"),
            voucher_types.c.title,
            voucher_types.c.kind,
        )
        .join(stores, stores.c.id == table.store)
        .outerjoin(clerks, clerks.c.number == table.clerk)
        .outerjoin(vouchers, vouchers.c.id == table.voucher)
        .outerjoin(voucher_types, voucher_types.c.id == vouchers.c.type)
        .where(moment > begin, table.at < bindparam("until", type_=Utc()))
        .order_by(table.at, table[source.key])
        .limit(PAGE)
    )
    return statement.where(table.store == bindparam("store")) if one_store else statement
