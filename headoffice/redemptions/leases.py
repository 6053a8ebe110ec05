"""Offline leases: which vouchers have one store as their only home for a time, who holds them, and how that ends.

A lease takes the vouchers away from everybody but its holder until it has ended in the books, however late that is. It
ends where the holder gives it back, having told everything that it accepted, or where a named person declares the
holder lost; time alone ends nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import LABEL_STYLE_TABLENAME_PLUS_COL, bindparam, exists, func, insert, select, update

from headoffice.errors import NotAllowedError, NotFoundError, RefusedError
from headoffice.redemptions.driving import drive_all
from headoffice.redemptions.seals import sealed_id
from headoffice.redemptions.standing import books_of, require_current
from headoffice.tables.schema import (
    gateway_stores,
    gateways,
    leases,
    stock,
    uses,
    voucher_type_stores,
    voucher_types,
    vouchers,
)
from headoffice.vouchers.books import face_value, weekdays_in
from headoffice.vouchers.lent import hold_type
from headoffice.vouchers.types import find_type
from protocol.kinds import Kind
from protocol.leasing import Lease, LeasedVoucher
from protocol.owner import VoucherState
from protocol.signed import PREFIX
from protocol.upstream import Leased

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from headoffice.redemptions.standing import Peer

#: A greeting names them all, and must stay small.
MOST_OF_A_GATEWAY = 16
#: A message carries so many vouchers of a lease; each has some 150 bytes.
TOLD_AT_ONCE = 64
#: Kinds that a gateway can judge by dates, hours and uses alone.
_PLAIN = frozenset({Kind.CASH, Kind.DISCOUNT, Kind.GIFT, Kind.GROUP_BUY, Kind.COUPON, Kind.MULTI_USE})
_RUNNING = leases.c.ended_at.is_(None)
_GRANTED = select(leases).where(leases.c.id == bindparam("lease"))
_HELD = (
    select(leases, voucher_types)
    .join(voucher_types, voucher_types.c.id == leases.c.type)
    .where(leases.c.gateway == bindparam("gateway"), _RUNNING)
    .order_by(leases.c.id)
    .set_label_style(LABEL_STYLE_TABLENAME_PLUS_COL)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A lease as somebody asks for it. ``most_value`` is in fen; None: its uses alone are limited."""

    type: str
    store: str
    gateway: str
    until: datetime
    most_uses: int
    most_value: int | None = None


def grant(connection: Connection, wish: Wish, at: datetime) -> str:
    """Lease the signed vouchers of a type that are free to a gateway; return the lease's id.

    Raises NotFoundError, NotAllowedError, RefusedError, BehindError.
    """
    hold_type(connection, wish.type)  # not to be changed into something that is not lent
    made_of = find_type(connection, wish.type)
    require_current(connection, wish.type)
    _check(connection, wish, made_of, at)
    free = [
        vouchers.c.type == wish.type,
        vouchers.c.state == VoucherState.ACTIVE,
        vouchers.c.lease.is_(None),
        vouchers.c.code.startswith(PREFIX, autoescape=True),
    ]
    # In one order, so that two who lock several never wait for each other.
    of_type = select(vouchers.c.id).where(*free)
    found = connection.execute(of_type.order_by(vouchers.c.id).with_for_update()).scalars().all()
    if not found:
        msg = f"no signed voucher of the type {wish.type} is free to be leased"
        raise NotAllowedError(msg)
    # A use that is another's in truth must not be told to the holder as free.
    drive_all(connection, of_type, at, wish.gateway)
    lease = sealed_id(connection, books_of(connection).generation)
    row = {
        "id": lease,
        "type": wish.type,
        "store": wish.store,
        "gateway": wish.gateway,
        "gateway_gen": max(1, _generation_of_holder(connection, wish.gateway)),
        "at": at,
        "until": wish.until,
        "most_uses": wish.most_uses,
        "most_value": wish.most_value,
    }
    connection.execute(insert(leases), row)
    connection.execute(update(vouchers).where(*free).values(lease=lease))
    return lease


def recall(connection: Connection, lease: str, by: str, at: datetime) -> None:
    """Ask the holder to give a lease back before its time; raise NotFoundError, NotAllowedError."""
    if _running(connection, lease).recalled_at is None:
        asked = update(leases).where(leases.c.id == lease)
        connection.execute(asked.values(recalled_at=at, recalled_by=by))


def declare_lost(connection: Connection, lease: str, by: str, why: str, at: datetime) -> None:
    """End a lease on a named person's word: its holder's journal will never come.

    Raises NotFoundError, NotAllowedError.
    """
    _running(connection, lease)
    _end(connection, [lease], at, by=by, why=why)


def take_back(connection: Connection, peer: Peer, returned: tuple[str, ...], at: datetime) -> int:
    """End the leases that a gateway gives back, having told all that it accepted; return how many have ended by that.

    One that it was given before its journal was put back to an older copy is not its to give back: that journal has
    forgotten what was accepted. Only a person can end it.
    """
    if not returned:
        return 0
    its_own = (leases.c.gateway == peer.id, leases.c.gateway_gen == max(1, peer.heard.generation))
    given_back = select(leases.c.id).where(leases.c.id.in_(returned), *its_own, _RUNNING).order_by(leases.c.id)
    ending = connection.execute(given_back.with_for_update()).scalars().all()
    _end(connection, ending, at)
    return len(ending)


def held_by(connection: Connection, peer: Peer, at: datetime) -> tuple[Lease, ...]:
    """Return the leases that a gateway holds, as it is told of them."""
    generation = max(1, peer.heard.generation)
    rows = connection.execute(_HELD, {"gateway": peer.id}).mappings().all()
    return tuple(_told(row, at) for row in rows if row[leases.c.gateway_gen] == generation)


def leased(connection: Connection, peer: Peer, lease: str, after: str) -> Leased:
    """Return the next vouchers of a lease that this gateway holds; none of another's."""
    mine = exists().where(leases.c.id == vouchers.c.lease, leases.c.gateway == peer.id, _RUNNING)
    found = (
        select(vouchers.c.id, vouchers.c.uses, vouchers.c.valid_from, vouchers.c.valid_until)
        .where(vouchers.c.lease == lease, vouchers.c.id > after, mine)
        .order_by(vouchers.c.id)
        .limit(TOLD_AT_ONCE)
    )
    rows = connection.execute(found).all()
    taken: dict[str, list[int]] = {row.id: [] for row in rows}
    spent = select(uses.c.voucher, uses.c.number).where(uses.c.voucher.in_(taken)).order_by(uses.c.number)
    for use in connection.execute(spent):
        taken[use.voucher].append(use.number)
    told = tuple(
        LeasedVoucher(
            id=row.id,
            uses=row.uses,
            taken=tuple(taken[row.id]),
            valid_from=row.valid_from,
            valid_until=row.valid_until,
        )
        for row in rows
    )
    return Leased(vouchers=told, last=len(told) < TOLD_AT_ONCE)


def all_leases(connection: Connection) -> list[dict[str, Any]]:
    """Return every lease, the newest first, with how many vouchers are still in it."""
    within = select(func.count()).select_from(vouchers).where(vouchers.c.lease == leases.c.id).scalar_subquery()
    rows = connection.execute(select(leases, within.label("vouchers")).order_by(leases.c.at.desc(), leases.c.id))
    return [dict(row) for row in rows.mappings()]


def _check(connection: Connection, wish: Wish, made_of: Any, at: datetime) -> None:  # noqa: ANN401 - a row
    if wish.until <= at:
        msg = "until: must lie ahead"
        raise RefusedError(msg)
    if not made_of["offline"]:
        msg = f"vouchers of the type {wish.type} are not redeemed at a counter"
        raise NotAllowedError(msg)
    counted = select(stock.c.pieces).where(stock.c.type == wish.type, stock.c.store == wish.store)
    of_a_bill = made_of["minimum_fen"] or made_of["asks_amount"]
    if made_of["kind"] not in _PLAIN or of_a_bill or connection.execute(counted).first() is not None:
        msg = f"vouchers of the type {wish.type} depend on more than a gateway knows: stock, stage, booking or a bill"
        raise NotAllowedError(msg)
    speaks = exists().where(gateway_stores.c.gateway == wish.gateway, gateway_stores.c.store == wish.store)
    valid = exists().where(voucher_type_stores.c.type == wish.type, voucher_type_stores.c.store == wish.store)
    speaking, here = connection.execute(select(speaks, valid)).one()
    if not speaking:
        msg = f"the gateway {wish.gateway} does not speak for the store {wish.store}"
        raise RefusedError(msg)
    if not made_of["everywhere"] and not here:
        msg = f"vouchers of the type {wish.type} are not valid in the store {wish.store}"
        raise RefusedError(msg)


def _generation_of_holder(connection: Connection, gateway: str) -> int:
    """Return the generation of a gateway that may hold one more lease; raise NotAllowedError.

    It is held, so that of two grants at the same time the second one counts the first: behind the vouchers, as whoever
    redeems one does.
    """
    heard = select(gateways.c.heard_gen).where(gateways.c.id == gateway).with_for_update(key_share=True)
    generation = int(connection.execute(heard).scalar_one())
    held = select(func.count()).select_from(leases).where(leases.c.gateway == gateway, _RUNNING)
    if connection.execute(held).scalar_one() >= MOST_OF_A_GATEWAY:
        msg = f"the gateway {gateway} holds {MOST_OF_A_GATEWAY} leases already"
        raise NotAllowedError(msg)
    return generation


def _running(connection: Connection, lease: str) -> Any:  # noqa: ANN401 - a row
    row = connection.execute(_GRANTED.with_for_update(), {"lease": lease}).first()
    if row is None:
        msg = f"there is no lease {lease}"
        raise NotFoundError(msg)
    if row.ended_at is not None:
        msg = f"the lease {lease} has ended already"
        raise NotAllowedError(msg)
    return row


def _end(
    connection: Connection, ending: Sequence[str], at: datetime, by: str | None = None, why: str | None = None
) -> None:
    connection.execute(update(leases).where(leases.c.id.in_(ending)).values(ended_at=at, ended_by=by, why=why))
    lent = vouchers.c.lease.in_(ending)
    connection.execute(select(vouchers.c.id).where(lent).order_by(vouchers.c.id).with_for_update()).all()
    connection.execute(update(vouchers).where(lent).values(lease=None))


def _told(row: Any, at: datetime) -> Lease:  # noqa: ANN401 - a row
    begin = row[voucher_types.c.hours_from]
    return Lease(
        id=row[leases.c.id],
        store=row[leases.c.store],
        at=at.isoformat(timespec="milliseconds"),
        age_s=max(0.0, (at - row[leases.c.at]).total_seconds()),
        left_s=max(0.0, (row[leases.c.until] - at).total_seconds()),
        recalled=row[leases.c.recalled_at] is not None,
        most_uses=row[leases.c.most_uses],
        most_value=row[leases.c.most_value],
        title=row[voucher_types.c.title],
        value=face_value(row[voucher_types.c.value_fen], row[voucher_types.c.value_text]),
        value_fen=row[voucher_types.c.value_fen],
        kind=row[voucher_types.c.kind],
        terms=row[voucher_types.c.terms],
        weekdays=tuple(sorted(weekdays_in(row[voucher_types.c.weekdays]))),
        hours=None if begin is None else (begin, row[voucher_types.c.hours_until]),
    )
