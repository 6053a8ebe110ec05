"""Voucher types: everything that is the same for all vouchers of a kind."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from headoffice.errors import NotFoundError, RefusedError
from headoffice.redemptions.standing import require_current
from headoffice.registry import known_stores, put
from headoffice.tables.schema import voucher_type_stores, voucher_types
from headoffice.vouchers.lent import require_not_lent
from protocol.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

#: The state of every type that is in force; a draft becomes one when it is approved (``headoffice.vouchers.drafts``).
APPROVED = "approved"
EVERY_DAY = 0b1111111

#: Types that were made for one voucher described by itself: nobody has drawn them up.
UNNAMED = "auto-"
#: What a type is where nothing is said.
PLAIN: Mapping[str, Any] = {
    "kind": Kind.COUPON,
    "brand": "",
    "colour": "#c0392b",
    "logo": "",
    "value_fen": None,
    "value_text": "",
    "details": "",
    "uses": 1,
    "valid_from": None,
    "valid_until": None,
    "valid_days": None,
    "weekdays": EVERY_DAY,
    "hours_from": None,
    "hours_until": None,
    "offline": True,
    "online": False,
    "mail": False,
    "rate": None,
    "minimum_fen": None,
    "asks_amount": False,
    "price_fen": None,
    "given": "",
    "early_minutes": 30,
    "late_minutes": 30,
    "notices": "",
    "remind_days": None,
}
#: How a type looks, and what customers are told, is no promise; a change of anything else makes offers of before void.
_LOOKS = frozenset({"brand", "colour", "logo", "details", "price_fen", "notices", "remind_days"})


def put_type(connection: Connection, type_id: str, values: Mapping[str, Any], valid_in: Iterable[str] | None) -> None:
    """Add a type, or change it; its terms get a new version where they change.

    Raises RefusedError, NotAllowedError where its terms would change while it is lent, BehindError.

    ``values`` are columns, every one of them; ``valid_in`` the stores, None: all of the chain's.
    """
    where = check_type(connection, values, valid_in)
    row = {**values, "everywhere": where is None, "state": APPROVED}
    before = connection.execute(select(voucher_types).where(voucher_types.c.id == type_id).with_for_update()).first()
    if before is None:
        terms = 1
    else:
        require_current(connection, type_id)
        old = before._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
        changed = any(old[name] != value for name, value in row.items() if name not in _LOOKS)
        changed = changed or (where is not None and where != stores_of_type(connection, type_id))
        if changed:
            require_not_lent(connection, type_id)
        terms = before.terms + changed
    put(connection, voucher_types, {"id": type_id}, {**row, "terms": terms})
    connection.execute(delete(voucher_type_stores).where(voucher_type_stores.c.type == type_id))
    if where:
        connection.execute(insert(voucher_type_stores), [{"type": type_id, "store": store} for store in where])


def check_type(connection: Connection, values: Mapping[str, Any], valid_in: Iterable[str] | None) -> list[str] | None:
    """Return the stores of a type, in order, None: all; raise RefusedError where it cannot be."""
    if values["kind"] == Kind.FRIEND and values["uses"] > 1:
        msg = "a friend coupon is used once, by whoever is first"
        raise RefusedError(msg)
    return None if valid_in is None else sorted(known_stores(connection, valid_in))


def fitting_type(connection: Connection, values: Mapping[str, Any], valid_in: Iterable[str] | None) -> str:
    """Return the id of the approved type that is exactly this, made where there is none yet."""
    where = None if valid_in is None else sorted(set(valid_in))
    description = json.dumps([sorted(values.items()), where], default=str)
    type_id = f"{UNNAMED}{hashlib.sha256(description.encode()).hexdigest()[:20]}"
    if connection.execute(select(voucher_types.c.id).where(voucher_types.c.id == type_id)).first() is None:
        put_type(connection, type_id, values, valid_in)
    return type_id


def find_type(connection: Connection, type_id: str) -> Mapping[str, Any]:
    """Return a type's columns; raise NotFoundError."""
    row = connection.execute(select(voucher_types).where(voucher_types.c.id == type_id)).mappings().first()
    if row is None:
        msg = f"there is no voucher type {type_id}"
        raise NotFoundError(msg)
    return dict(row)


def all_types(connection: Connection) -> list[dict[str, Any]]:
    """Return every type; ``stores`` None means all."""
    found = {
        row["id"]: {**row, "stores": None if row["everywhere"] else []}
        for row in connection.execute(select(voucher_types).order_by(voucher_types.c.id)).mappings()
    }
    for row in connection.execute(select(voucher_type_stores).order_by(voucher_type_stores.c.store)):
        found[row.type]["stores"].append(row.store)
    return list(found.values())


def stores_of_type(connection: Connection, type_id: str) -> list[str]:
    """Return the ids of the stores where a type is valid, in order."""
    found = select(voucher_type_stores.c.store).where(voucher_type_stores.c.type == type_id)
    return sorted(connection.execute(found).scalars())
