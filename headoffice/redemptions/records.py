"""Usage records: what was redeemed, undone and refused, by store and day, for machines and for spreadsheets.

Read page by page along an index, so a day of any size takes the same memory, and no transaction stays open meanwhile.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Table, bindparam, case, null, select, tuple_

from headoffice.errors import NotFoundError
from headoffice.tables.columns import Utc
from headoffice.tables.schema import clerks, redemptions, refusals, stores, voucher_types, vouchers
from protocol import days
from protocol.messages import Answer
from protocol.records import BYTE_ORDER_MARK, COLUMNS, OWN, TITLE, WIDTHS, Row, as_csv
from service import xlsx

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import RowMapping, Select

    from headoffice.database import Database

PAGE = 500
#: No place on earth is further from UTC; and a business day ends before noon.
_FURTHEST = timedelta(hours=15)
_LATEST_END = timedelta(hours=12)
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 1, 1, tzinfo=UTC)

Record = dict[str, Any]
_ANSWERS = msgspec.json.Decoder(Answer)

_SHARED = ("at", "verdict", "code_tail", "clerk", "method", "store", "gateway", "voucher", "platform")
_OF_REDEMPTIONS = (
    "rid",
    "approver",
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
_APPROVERS = clerks.alias("approvers")
_APPROVER_NAME = select(_APPROVERS.c.name).where(_APPROVERS.c.number == redemptions.c.approver).scalar_subquery()
_REFUSED = _Source(refusals, (*_SHARED, "id"), "id", -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which records: of a store, a clerk (by number), a kiosk, of a day of the store where it happened. None: any."""

    store: str | None = None
    clerk: str | None = None
    kiosk: str | None = None
    day: date | None = None


EVERYTHING = Wanted()


def books(database: Database, wanted: Wanted = EVERYTHING) -> Iterator[Record]:
    """Return redemptions, undos and refused looks, oldest first; a refused look has ``rid`` None.

    Raises NotFoundError for a store that there is not.
    """
    begin, end = _bounds(database, wanted)
    return _merged(database, begin, end, wanted)


def as_sheet(records: Iterator[Record]) -> Iterator[str]:
    """Yield records as CSV that a spreadsheet opens as it is, a page at a time; begins with the byte order mark."""
    yield BYTE_ORDER_MARK + as_csv([COLUMNS])
    while page := list(islice(records, PAGE)):
        yield as_csv(_row(record).cells() for record in page)


def as_workbook(records: Iterator[Record]) -> Iterator[bytes]:
    """Yield records as XLSX, a page at a time."""
    return xlsx.workbook(TITLE, COLUMNS, (_row(record).cells() for record in records), WIDTHS)


def _merged(database: Database, begin: datetime, end: datetime, wanted: Wanted) -> Iterator[Record]:
    both = (_pages(database, source, begin, end, wanted) for source in (_REDEEMED, _REFUSED))
    for row in heapq.merge(*both, key=itemgetter("at")):
        zone = ZoneInfo(row["timezone"])
        if wanted.day is None or days.day_of(row["at"], zone, row["day_ends"]) == wanted.day:
            yield {**row, "at": row["at"].astimezone(zone)}


def _row(record: Record) -> Row:
    return Row(
        at=record["at"],
        title=record["title"],
        method=record["method"],
        store=record["store_name"],
        clerk=record["clerk_name"] or record["clerk"],
        amount=record["amount"],
        kind=record["kind"],
        code_tail=record["code_tail"],
        kiosk=record["kiosk"],
        platform=OWN if record["voucher"] else record["platform"],
        quantity=record["quantity"],
        verdict=record["verdict"],
        rid=record["rid"],
        undoes=record["undoes"],
        undone=record["undone_by"] is not None,
        approver=record["approver_name"] or record["approver"],
    )


def _bounds(database: Database, wanted: Wanted) -> tuple[datetime, datetime]:
    """Return from when until when to read; more than the day where the stores' clocks differ."""
    store = None
    if wanted.store is not None:
        found = select(stores.c.timezone, stores.c.day_ends).where(stores.c.id == wanted.store)
        store = database.read(lambda connection: connection.execute(found).first())
        if store is None:
            msg = f"there is no store {wanted.store}"
            raise NotFoundError(msg)
    if wanted.day is None:
        return _FIRST, _LAST
    if store is not None:
        return days.bounds(wanted.day, ZoneInfo(store.timezone), store.day_ends)
    begin, end = days.bounds(wanted.day, UTC)
    return begin - _FURTHEST, end + _FURTHEST + _LATEST_END


def _pages(database: Database, source: _Source, begin: datetime, end: datetime, wanted: Wanted) -> Iterator[Record]:
    """Yield one table's rows in order, each page beginning behind the last row of the one before."""
    statement = _statement(source, wanted)
    after: dict[str, Any] = {"after_at": begin, "after_id": source.before_all}
    while True:
        page = _page(database, statement, {**after, "until": end})
        yield from ({**dict.fromkeys(_OF_REDEMPTIONS), **_titled(row)} for row in page)
        if len(page) < PAGE:
            return
        after = {"after_at": page[-1]["at"], "after_id": page[-1][source.key]}


def _titled(row: RowMapping) -> Record:
    """Return a row with its voucher's title: what a platform owns has it in the answer alone."""
    record = dict(row)
    answer = record.pop("platforms_answer")
    return {**record, "title": _ANSWERS.decode(answer).detail.title} if answer is not None else record


def _page(database: Database, statement: Select[Any], values: dict[str, Any]) -> Sequence[RowMapping]:
    return database.read(lambda connection: connection.execute(statement, values).mappings().all())


def _statement(source: _Source, wanted: Wanted) -> Select[Any]:
    table = source.table.c
    moment = tuple_(table.at, table[source.key])
    begin = tuple_(bindparam("after_at", type_=Utc()), bindparam("after_id", type_=table[source.key].type))
    answer = case((table.platform.is_not(None), table.answer)) if source is _REDEEMED else null()
    statement = (
        select(
            *(table[name] for name in source.columns),
            table.requester.label("kiosk"),
            stores.c.name.label("store_name"),
            stores.c.timezone,
            stores.c.day_ends,
            clerks.c.name.label("clerk_name"),
            (_APPROVER_NAME if source is _REDEEMED else null()).label("approver_name"),
            voucher_types.c.title,
            voucher_types.c.kind,
            answer.label("platforms_answer"),
        )
        .join(stores, stores.c.id == table.store)
        .outerjoin(clerks, clerks.c.number == table.clerk)
        .outerjoin(vouchers, vouchers.c.id == table.voucher)
        .outerjoin(voucher_types, voucher_types.c.id == vouchers.c.type)
        .where(moment > begin, table.at < bindparam("until", type_=Utc()))
        .order_by(table.at, table[source.key])
        .limit(PAGE)
    )
    asked = {table.store: wanted.store, table.clerk: wanted.clerk, table.requester: wanted.kiosk}
    return statement.where(*(column == value for column, value in asked.items() if value is not None))
