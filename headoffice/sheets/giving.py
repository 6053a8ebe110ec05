"""Sheets out of the books, a page at a time, so that memory does not grow with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, case, func, select

from headoffice.registry import all_stores
from headoffice.sheets.cells import BYTE_ORDER_MARK, as_csv
from headoffice.sheets.lines import BindingLine, ClerkLine, StoreLine
from headoffice.staff.clerks import all_clerks
from headoffice.tables.schema import clerk_stores, uses, vouchers
from protocol.owner import VoucherState

if TYPE_CHECKING:
    from headoffice.database import Database

PAGE = 2_000
#: What a voucher is now stands behind what it was issued with, so that a sheet which goes out is not one that comes in:
#: a code that is used or withdrawn does not come back as a fresh one.
CODE_COLUMNS = (
    *("code", "type", "valid_from", "valid_until", "booked_for"),
    *("state", "uses", "uses_left", "issued_at"),
)

_SPENT = select(func.count()).select_from(uses).where(uses.c.voucher == vouchers.c.id).scalar_subquery()
#: What is left of one that was given away, its receiver has.
_LEFT = case((vouchers.c.state == VoucherState.GIVEN, 0), else_=vouchers.c.uses - _SPENT)
_CODES = (
    select(vouchers, _LEFT.label("uses_left"))
    .where(vouchers.c.id > bindparam("after"))
    .order_by(vouchers.c.id)
    .limit(PAGE)
)

_Rows = Iterator[list[dict[str, Any]]]


def give(database: Database, name: str) -> Iterator[str]:
    """Yield a sheet as UTF-8 CSV with a byte order mark, its columns named in the first line."""
    columns, pages = SHEETS[name]
    yield BYTE_ORDER_MARK + as_csv([columns])
    for page in pages(database):
        yield as_csv([_cell(row[column]) for column in columns] for row in page)


def _codes(database: Database) -> _Rows:
    after = ""
    while True:
        values = {"after": after}
        page = [dict(row) for row in database.read(lambda c, v=values: c.execute(_CODES, v).mappings().all())]  # type: ignore[misc]
        yield page
        if len(page) < PAGE:
            return
        after = page[-1]["id"]


def _stores(database: Database) -> _Rows:
    yield database.read(all_stores)


def _clerks(database: Database) -> _Rows:
    yield database.read(all_clerks)


def _bindings(database: Database) -> _Rows:
    found = select(clerk_stores).order_by(clerk_stores.c.clerk, clerk_stores.c.store)
    yield [dict(row) for row in database.read(lambda connection: connection.execute(found).mappings().all())]


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value)


SHEETS: dict[str, tuple[tuple[str, ...], Callable[[Database], _Rows]]] = {
    "codes": (CODE_COLUMNS, _codes),
    "stores": (tuple(StoreLine.model_fields), _stores),
    "clerks": (tuple(ClerkLine.model_fields), _clerks),
    "bindings": (tuple(BindingLine.model_fields), _bindings),
}
