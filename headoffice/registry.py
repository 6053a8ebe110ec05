"""Stores and gateways: who there is, and which gateway speaks for which store."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, delete, exists, insert, select, update

from headoffice.errors import GatewayUnknownError, RefusedError
from headoffice.tables.schema import clerk_stores, gateway_stores, gateways, stores

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection


#: The id of the store that stands for the customer's own page (``headoffice.redemptions.online``); nobody else's.
ONLINE_STORE = "hexiao-online"
_IS_RESERVED = f"{ONLINE_STORE} stands for the customers' own pages; choose another id"


_IS_THERE = select(exists().where(stores.c.id == bindparam("store")))


class ClerkPolicy(StrEnum):
    """When a store wants to know its clerk."""

    NONE = "none"
    SHIFT = "shift"
    EACH = "each"


def put(connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Write a row under its key, whether it was there before or not; a lost race is the transaction's to repeat."""
    here: ColumnElement[bool] = and_(*(table.c[name] == value for name, value in key.items()))
    if not connection.execute(update(table).where(here).values(**values)).rowcount:
        connection.execute(insert(table).values(**key, **values))


def put_store(
    connection: Connection, store: str, values: Mapping[str, Any], testing_since: datetime | None = None
) -> None:
    """Add a store, or change what is known of it; raise RefusedError for the id that stands for the pages.

    ``testing_since``: one that is new is tried out from then on, until somebody sets it live.
    """
    if store == ONLINE_STORE:
        raise RefusedError(_IS_RESERVED)
    is_new = testing_since is not None and not connection.execute(_IS_THERE, {"store": store}).scalar()
    put(connection, stores, {"id": store}, {**values, "testing_since": testing_since} if is_new else values)


def all_stores(connection: Connection) -> list[dict[str, Any]]:
    """Return every store, but for the one that stands for the customers' pages."""
    found = select(stores).where(stores.c.id != ONLINE_STORE).order_by(stores.c.id)
    return [dict(row) for row in connection.execute(found).mappings()]


def put_gateway(connection: Connection, gateway: str, name: str, speaks_for: Iterable[str] | None) -> None:
    """Add a gateway, or change its name; from now on it speaks for these stores and no others. None: as before."""
    put(connection, gateways, {"id": gateway}, {"name": name})
    if speaks_for is None:
        return
    wanted = known_stores(connection, speaks_for)
    connection.execute(delete(gateway_stores).where(gateway_stores.c.gateway == gateway))
    if wanted:
        connection.execute(insert(gateway_stores), [{"gateway": gateway, "store": store} for store in wanted])


def all_gateways(connection: Connection) -> list[dict[str, Any]]:
    """Return every gateway with the stores that it speaks for."""
    found: dict[str, dict[str, Any]] = {
        row.id: {"id": row.id, "name": row.name, "stores": []}
        for row in connection.execute(select(gateways).order_by(gateways.c.id))
    }
    for row in connection.execute(select(gateway_stores).order_by(gateway_stores.c.store)):
        found[row.gateway]["stores"].append(row.store)
    return list(found.values())


def stores_of(connection: Connection, gateway: str) -> list[dict[str, Any]]:
    """Return the stores that a gateway speaks for; raise GatewayUnknownError.

    A store asks for its clerks once it has any: before that nobody could sign in.
    """
    if connection.execute(select(gateways.c.id).where(gateways.c.id == gateway)).first() is None:
        raise GatewayUnknownError(unregistered(gateway))
    clerks_here = select(clerk_stores.c.clerk).where(clerk_stores.c.store == stores.c.id).exists()
    found = (
        select(stores, clerks_here.label("has_clerks"))
        .join(gateway_stores, gateway_stores.c.store == stores.c.id)
        .where(gateway_stores.c.gateway == gateway)
        .order_by(stores.c.id)
    )
    return [
        {
            "id": row.id,
            "name": row.name,
            "timezone": row.timezone,
            "address": row.address,
            "clerk_required": row.clerk_policy != ClerkPolicy.NONE and bool(row.has_clerks),
            "approve_from": row.approve_from_fen,
            "clerk_each": row.clerk_policy == ClerkPolicy.EACH,
            "day_ends": row.day_ends,
            "testing": row.testing_since is not None,
            "claim_qr": row.claim_qr,
        }
        for row in connection.execute(found)
    ]


def known_stores(connection: Connection, wanted: Iterable[str]) -> list[str]:
    """Return these store ids in order, each once; raise RefusedError naming those that there are not."""
    asked = list(dict.fromkeys(wanted))
    if ONLINE_STORE in asked:
        raise RefusedError(_IS_RESERVED)
    found = set(connection.execute(select(stores.c.id).where(stores.c.id.in_(asked))).scalars())
    if missing := [store for store in asked if store not in found]:
        msg = f"there is no store {', '.join(missing)}; add it with PUT /api/v1/stores/{{id}} first"
        raise RefusedError(msg)
    return asked


def unregistered(gateway: str) -> str:
    """Say what to do about a gateway that is not registered."""
    return f"no gateway {gateway} is registered here; `hexiao provision gateway add {gateway}` registers it"
