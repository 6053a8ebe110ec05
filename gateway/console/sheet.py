"""Usage records of some days as CSV and XLSX, for the spreadsheet of whoever does the accounts."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING

from gateway.books import PAGE
from protocol.records import BYTE_ORDER_MARK, COLUMNS, OWN, TITLE, WIDTHS, Row, as_csv
from service import xlsx

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from gateway.books import Books
    from gateway.places import Store
    from gateway.registry import Registry
    from gateway.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which records: of the day of each of these stores, by a clerk (a number), at a kiosk. None: any."""

    days: dict[str, date]
    clerk: str | None = None
    kiosk: str | None = None

    def includes(self, usage: Usage) -> bool:
        """Whether a record is by this clerk and at this kiosk."""
        return self.clerk in {None, usage.clerk} and self.kiosk in {None, usage.kiosk}


def rows(books: Books, registry: Registry, wanted: Wanted) -> Iterator[Row]:
    """Yield the records of some days, oldest first."""
    stores = [store for store in registry.stores if store.id in wanted.days]
    for _, store, usage in heapq.merge(*(_of(books, store, wanted) for store in stores), key=itemgetter(0)):
        yield _row(usage, store, registry)


def as_sheet(found: Iterator[Row]) -> Iterator[bytes]:
    """Yield records as CSV, with the byte order mark by which a spreadsheet knows UTF-8."""
    yield (BYTE_ORDER_MARK + as_csv([COLUMNS])).encode()
    while page := list(islice(found, PAGE)):
        yield as_csv(row.cells() for row in page).encode()


def as_workbook(found: Iterator[Row]) -> Iterator[bytes]:
    """Yield records as XLSX."""
    return xlsx.workbook(TITLE, COLUMNS, (row.cells() for row in found), WIDTHS)


def _of(books: Books, store: Store, wanted: Wanted) -> Iterator[tuple[float, Store, Usage]]:
    return ((usage.at, store, usage) for usage in books.rows(store, wanted.days[store.id]) if wanted.includes(usage))


def _row(usage: Usage, store: Store, registry: Registry) -> Row:
    detail = usage.detail
    return Row(
        at=datetime.fromtimestamp(usage.at, store.zone),
        title=detail.title,
        method=usage.method,
        store=store.name,
        clerk=_named(usage.clerk, registry),
        amount=usage.amount,
        kind=detail.kind,
        code_tail=usage.code_tail,
        kiosk=usage.kiosk,
        platform=detail.platform or (OWN if detail.kind else None),
        quantity=detail.quantity,
        verdict=usage.verdict,
        rid=usage.rid,
        undoes=usage.undoes,
        undone=usage.undone_by is not None,
        approver=_named(usage.approver, registry),
    )


def _named(number: str | None, registry: Registry) -> str | None:
    """Return a clerk's name; the number where nobody here has it."""
    clerk = None if number is None else registry.clerk(number)
    return number if clerk is None else clerk.name
