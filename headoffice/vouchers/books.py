"""Stores and vouchers as the owner's rules want them: rows in, ``protocol.owner`` values out.

Only statements whose cost does not grow with the books: each finds its rows by a key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, exists, select

from headoffice.tables.schema import (
    gateway_stores,
    leases,
    redemptions,
    stores,
    uses,
    voucher_type_stores,
    voucher_types,
    vouchers,
)
from headoffice.vouchers import stock
from headoffice.vouchers.codes import understood
from headoffice.vouchers.openings import opening_of
from headoffice.vouchers.orders import Stage
from protocol.ids import code_tail
from protocol.kinds import Kind
from protocol.last_use import LastUse
from protocol.owner import Voucher, VoucherState
from protocol.values import replace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

#: A refusal names no more stores than a person reads, and an answer must stay small however large the chain is.
MOST_STORES_NAMED = 20
_WEEK = range(7)


@dataclass(frozen=True, slots=True)
class Store:
    """A store as a redemption needs it."""

    id: str
    name: str
    zone: ZoneInfo
    testing: bool = False
    """Whether it is tried out, and redeems practice vouchers only."""


# --- who asks -------------------------------------------------------------------------------------------------------

_STORE = select(stores.c.id, stores.c.name, stores.c.timezone, stores.c.testing_since).where(
    stores.c.id == bindparam("store")
)
_SPOKEN_FOR = _STORE.where(
    exists().where(gateway_stores.c.gateway == bindparam("gateway"), gateway_stores.c.store == stores.c.id)
)


def store_for(connection: Connection, gateway: str | None, store: str) -> Store | None:
    """Return a store, None where this gateway may not speak for it; ``gateway`` None is the head office itself."""
    statement = _STORE if gateway is None else _SPOKEN_FOR
    row = connection.execute(statement, {"store": store, "gateway": gateway} if gateway else {"store": store}).first()
    return None if row is None else _store(row)


def store_in_books(connection: Connection, store: str) -> Store:
    """Return a store that something in the books names."""
    return _store(connection.execute(_STORE, {"store": store}).one())


def _store(row: Row[*tuple[Any, ...]]) -> Store:
    return Store(row.id, row.name, ZoneInfo(row.timezone), row.testing_since is not None)


# --- vouchers -------------------------------------------------------------------------------------------------------

_VOUCHER = select(
    vouchers.c.id,
    vouchers.c.code,
    vouchers.c.state,
    vouchers.c.uses,
    vouchers.c.valid_from,
    vouchers.c.valid_until,
    vouchers.c.type,
    vouchers.c.stage,
    vouchers.c.booked_for,
    vouchers.c.dynamic,
    voucher_types.c.kind,
    vouchers.c.lease,
    voucher_types.c.title,
    voucher_types.c.value_fen,
    voucher_types.c.value_text,
    voucher_types.c.terms,
    voucher_types.c.everywhere,
    voucher_types.c.weekdays,
    voucher_types.c.hours_from,
    voucher_types.c.hours_until,
    voucher_types.c.offline,
    voucher_types.c.online,
    voucher_types.c.mail,
    voucher_types.c.rate,
    voucher_types.c.minimum_fen,
    voucher_types.c.asks_amount,
    stock.pieces_of(vouchers.c.type).scalar_subquery().label("pieces"),
    exists()
    .where(voucher_type_stores.c.type == vouchers.c.type, voucher_type_stores.c.store == bindparam("store"))
    .label("here"),
).join(voucher_types, voucher_types.c.id == vouchers.c.type)
_BY_CODE = _VOUCHER.where(vouchers.c.code == bindparam("code"))
_BY_CODE_LOCKED = _BY_CODE.with_for_update(of=vouchers)
_BY_ID = _VOUCHER.where(vouchers.c.id == bindparam("voucher"))
_BY_ID_LOCKED = _BY_ID.with_for_update(of=vouchers)
_LOCK = select(vouchers.c.id).where(vouchers.c.id == bindparam("voucher")).with_for_update()
_USES = (
    select(uses.c.number, redemptions.c.at, redemptions.c.requester, redemptions.c.settled_at, stores.c.name)
    .join(redemptions, redemptions.c.rid == uses.c.rid)
    .join(stores, stores.c.id == redemptions.c.store)
    .where(uses.c.voucher == bindparam("voucher"))
)
_TYPE_STORES = (
    select(stores.c.id, stores.c.name)
    .join(voucher_type_stores, voucher_type_stores.c.store == stores.c.id)
    .where(voucher_type_stores.c.type == bindparam("type"))
    .order_by(voucher_type_stores.c.store)
    .limit(MOST_STORES_NAMED)
)


_HOME = (
    select(leases.c.gateway, leases.c.store, stores.c.name)
    .join(stores, stores.c.id == leases.c.store)
    .where(leases.c.id == bindparam("lease"))
)


def voucher_by_code(connection: Connection, code: str, store: Store, *, lock: bool = False) -> Voucher | None:
    """Return the voucher that has a code, seen from a store; None where none has it.

    A typed code is found also as a person writes it, and one that changes while a page shows it is its voucher's.
    ``lock``: nobody else changes it until the transaction ends.
    """
    statement = _BY_CODE_LOCKED if lock else _BY_CODE
    row = connection.execute(statement, {"code": code, "store": store.id}).first()
    if row is None and (meant := understood(code)) not in {None, code}:
        row = connection.execute(statement, {"code": meant, "store": store.id}).first()
    if row is not None:
        return _voucher(connection, row, store, lock=lock)
    found = opening_of(connection, code)
    voucher = None if found is None else voucher_by_id(connection, found.voucher, store, lock=lock)
    if found is None or voucher is None:
        return None
    if lock:  # the page may have been heard of, or closed, while this waited for the voucher
        found = opening_of(connection, code) or found
    return replace(voucher, showing=found.showing, code_tail=code_tail(found.code))


def voucher_by_id(connection: Connection, voucher: str, store: Store, *, lock: bool = False) -> Voucher | None:
    """Return a voucher by its id, seen from a store; None where there is none."""
    statement = _BY_ID_LOCKED if lock else _BY_ID
    row = connection.execute(statement, {"voucher": voucher, "store": store.id}).first()
    return None if row is None else _voucher(connection, row, store, lock=lock)


def voucher_with(connection: Connection, code: str) -> str | None:
    """Return the id of the voucher that has a code; None where none has it."""
    for written in dict.fromkeys((code, understood(code))):
        found = select(vouchers.c.id).where(vouchers.c.code == written)
        if written is not None and (voucher := connection.execute(found).scalar()) is not None:
            return str(voucher)
    opening = opening_of(connection, code)
    return None if opening is None else opening.voucher


def lock_voucher(connection: Connection, voucher: str) -> None:
    """Hold a voucher until the transaction ends."""
    connection.execute(_LOCK, {"voucher": voucher})


def face_value(fen: int | None, text: str) -> str:
    """Return what a voucher is worth, in words: the type's own, else the sum (``¥12.50``)."""
    if text or fen is None:
        return text
    yuan, rest = divmod(fen, 100)
    return f"¥{yuan}.{rest:02}" if rest else f"¥{yuan}"


def weekdays_in(mask: int) -> frozenset[int]:
    """Return the weekdays (Monday is 0) of a bit mask."""
    return frozenset(day for day in _WEEK if mask >> day & 1)


def _voucher(connection: Connection, row: Row[*tuple[Any, ...]], store: Store, *, lock: bool) -> Voucher:
    spent = connection.execute(_USES, {"voucher": row.id}).all()
    valid_in: dict[str, str] = {}
    if not row.everywhere:
        valid_in = {store.id: store.name} if row.here else {}
        valid_in |= {other.id: other.name for other in connection.execute(_TYPE_STORES, {"type": row.type})}
    home = None if row.lease is None else connection.execute(_HOME, {"lease": row.lease}).one()
    if home is not None:
        valid_in = {home.store: home.name}
    return Voucher(
        id=row.id,
        code_tail=code_tail(row.code),
        title=row.title,
        kind=row.kind,
        value=face_value(row.value_fen, row.value_text),
        terms=row.terms,
        state=VoucherState(row.state),
        uses=row.uses,
        taken=frozenset(use.number for use in spent),
        last=_last_use(spent, store.zone),
        stores=None if row.everywhere and home is None else tuple(valid_in),
        store_names=tuple(valid_in.values()),
        valid_from=_local(row.valid_from, store.zone),
        valid_until=_local(row.valid_until, store.zone),
        weekdays=weekdays_in(row.weekdays),
        hours=None if row.hours_from is None else (row.hours_from, row.hours_until),
        holder=None if home is None else (home.gateway, home.store),
        offline=row.offline,
        online=row.online,
        mail=row.mail,
        dynamic=row.dynamic,
        booking=row.kind == Kind.BOOKING,
        booked_for=_local(row.booked_for, store.zone),
        pick_up=row.kind == Kind.PICK_UP,
        ready=row.stage in {None, Stage.READY},
        pieces=stock.locked(connection, row.type, store.id) if lock and row.pieces is not None else row.pieces,
        minimum=row.minimum_fen or 0,
        value_fen=row.value_fen,
        off=row.value_fen or 0 if row.kind == Kind.CASH else 0,
        rate=row.rate or 100,
        asks_amount=row.asks_amount,
    )


def _last_use(spent: Sequence[Row[*tuple[Any, ...]]], zone: ZoneInfo) -> LastUse | None:
    if not spent:
        return None
    latest = max(spent, key=lambda use: use.at)
    at = latest.at.astimezone(zone).isoformat(timespec="seconds")
    return LastUse(at=at, store=latest.name, kiosk=latest.requester, seen=latest.settled_at is not None)


def _local(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if at is None else at.astimezone(zone)
