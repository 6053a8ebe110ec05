"""A notice as it is sent: what it says is looked up at that moment, and whether it is still true."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, or_, select

from headoffice.notices import contacts, words
from headoffice.notices.kinds import Occasion, occasion_of, type_of
from headoffice.notices.ports import Notice
from headoffice.outbox.telling import State
from headoffice.registry import ONLINE_STORE
from headoffice.tables.outbox import deliveries
from headoffice.tables.parcels import parcels
from headoffice.tables.schema import redemptions, stores, uses, voucher_type_stores, vouchers
from protocol.owner import VoucherState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from headoffice.outbox.queue import Delivery

#: What was not sent for so long is no news any more.
LASTS = timedelta(days=1)
#: When reminders are sent, by the clocks of the stores: at the earliest, and not any more.
MORNING, EVENING = time(9), time(20)
#: Of a chain without a store.
_ZONE = "Asia/Shanghai"

_SPENT = select(func.count()).where(uses.c.voucher == vouchers.c.id).scalar_subquery()
_VOUCHER = select(
    vouchers.c.state, vouchers.c.valid_until, vouchers.c.page_token, (vouchers.c.uses - _SPENT).label("left")
).where(vouchers.c.id == bindparam("voucher"))
_UNDONE_BY = select(redemptions.c.undone_by).where(redemptions.c.rid == bindparam("rid"))
_SENT_BY = select(parcels.c.carrier, parcels.c.number).where(parcels.c.rid == bindparam("rid"))
#: More than one try: the first one has left, and may have arrived whatever was answered.
_MAY_HAVE_ARRIVED = or_(deliveries.c.state == State.DELIVERED, deliveries.c.tries > 1)
_TOLD = select(_MAY_HAVE_ARRIVED).where(
    deliveries.c.event == bindparam("rid"), deliveries.c.type == type_of(Occasion.REDEEMED)
)


@dataclass(frozen=True, slots=True)
class Never:
    """It is not sent: why."""

    why: str


@dataclass(frozen=True, slots=True)
class Later:
    """It is sent from then on."""

    at: datetime


def compose(
    connection: Connection, delivery: Delivery, at: datetime, page: Callable[[str], str]
) -> Notice | Never | Later:
    """Return the notice of a delivery; ``page`` makes the address of a voucher's page from its token."""
    row, occasion = delivery.row, occasion_of(delivery.row["type"])
    if at - delivery.since > LASTS:
        return Never(f"not sent within a day: {row['error']}")
    contact = contacts.find(connection, row["subject"], delivery.webhook)
    if contact is None:
        return Never("the customer is not written to any more")
    voucher = connection.execute(_VOUCHER, {"voucher": row["subject"]}).one()
    if (objection := _objection(connection, delivery, occasion, voucher, at)) is not None:
        return Never(objection)
    zone = ZoneInfo(row["timezone"]) if row["timezone"] else zone_of(connection, row["voucher_type"])
    if occasion is Occasion.EXPIRING and (morning := next_morning(at, zone)) is not None:
        return Later(morning)
    facts = json.loads(row["facts"])
    until = voucher.valid_until and voucher.valid_until.astimezone(zone)
    address = page(voucher.page_token)
    values = {
        "title": words.short(row["title"], words.LONGEST_TITLE),
        "store": words.short(row["store_name"] or "", words.LONGEST_STORE),
        "at": f"{row['at'].astimezone(zone):%m-%d %H:%M}",
        "uses": str(facts.get("uses", 0)),
        "left": str(voucher.left),
        "valid": words.valid(until, contact["lang"]),
        "page": address,
        **_shipment(connection, facts.get("rid")),
    }
    return Notice(
        id=delivery.event,
        occasion=occasion,
        to=contact["address"],
        lang=contact["lang"],
        values=values,
        page=address,
    )


def _objection(
    connection: Connection, delivery: Delivery, occasion: Occasion, voucher: Row[*tuple[Any, ...]], at: datetime
) -> str | None:
    """Return why a notice is not true, or no news, any more."""
    match occasion:
        case Occasion.REDEEMED | Occasion.POSTED:
            rid = json.loads(delivery.row["facts"]).get("rid", delivery.event)
            undone = connection.execute(_UNDONE_BY, {"rid": rid}).scalar() is not None
            return "the redemption was undone" if undone else None
        case Occasion.UNDONE:
            undoes = json.loads(delivery.row["facts"])["undoes"]
            # None where that was forgotten since, or lost with an older copy: then the customer may have been told.
            told = connection.execute(_TOLD, {"rid": undoes}).scalars().all()
            untold = bool(told) and not any(told)
            return "the customer was not told of the redemption that is undone" if untold else None
        case Occasion.REFUNDED:
            return None if voucher.state == VoucherState.REFUNDED else f"the voucher is {voucher.state}"
        case _:
            return _useless(voucher, at)


def _shipment(connection: Connection, rid: str | None) -> dict[str, str]:
    """Return by whom what was redeemed was sent, and under which number; nothing where it was not."""
    found = connection.execute(_SENT_BY, {"rid": rid}).first() if rid else None
    if found is None:
        return {}
    carrier = words.short(found.carrier or "-", words.LONGEST_STORE)
    return {"carrier": carrier, "number": words.short(found.number or "-", words.LONGEST_NUMBER)}


def _useless(voucher: Row[*tuple[Any, ...]], at: datetime) -> str | None:
    """Return why a voucher cannot be used any more."""
    if voucher.state != VoucherState.ACTIVE:
        return f"the voucher is {voucher.state}"
    if voucher.left <= 0:
        return "the voucher has been used"
    return "the voucher has expired" if voucher.valid_until is not None and voucher.valid_until <= at else None


def zone_of(connection: Connection, type_id: str) -> ZoneInfo:
    """Return the time that customers of a type go by: that of the first store where it is valid."""
    here = select(voucher_type_stores.c.store).where(voucher_type_stores.c.type == type_id)
    chain = select(stores.c.timezone).where(stores.c.id != ONLINE_STORE).order_by(stores.c.id).limit(1)
    found = connection.execute(chain.where(stores.c.id.in_(here))).scalar() or connection.execute(chain).scalar()
    return ZoneInfo(found or _ZONE)


def next_morning(at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when reminders are sent again; None: now."""
    local = at.astimezone(zone)
    if MORNING <= local.time() < EVENING:
        return None
    day = local.date() if local.time() < MORNING else local.date() + timedelta(days=1)
    return local.replace(
        year=day.year, month=day.month, day=day.day, hour=MORNING.hour, minute=0, second=0, microsecond=0
    )
