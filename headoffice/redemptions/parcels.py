"""What was redeemed by post (邮寄): where it is to be sent, until it was, and for as long as its customer is known.

A parcel is written in the transaction that spends the use, so that none is owed without a redemption and none is
forgotten after one. Where the redemption is undone, nothing is to be sent any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, exists, insert, or_, select, update

from headoffice.errors import NotAllowedError, NotFoundError
from headoffice.notices.queueing import posted
from headoffice.tables.parcels import parcels
from headoffice.tables.schema import uses, voucher_types, vouchers
from headoffice.vouchers.books import lock_voucher
from protocol.messages import Answer
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from protocol.messages import Notice

MOST_SHOWN = 200
_NOBODY = {"name": None, "phone": None, "address": None}
#: An undo takes the use's row away.
_STANDS = exists().where(uses.c.rid == parcels.c.rid)
_SHOWN = (
    select(parcels, vouchers.c.code, voucher_types.c.title)
    .join(vouchers, vouchers.c.id == parcels.c.voucher)
    .join(voucher_types, voucher_types.c.id == vouchers.c.type)
    .where(_STANDS)
)
_WAITING = _SHOWN.where(parcels.c.sent_at.is_(None)).order_by(parcels.c.ordered_at).limit(bindparam("most"))
_SENT = _SHOWN.where(parcels.c.sent_at.is_not(None)).order_by(parcels.c.sent_at.desc()).limit(bindparam("most"))
_OF_VOUCHER = (
    select(parcels).where(parcels.c.voucher == bindparam("voucher"), _STANDS).order_by(parcels.c.ordered_at.desc())
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Where something is to be sent, as the customer wrote it."""

    name: str
    phone: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """By whom it was sent, and under which number they know it; the number may be empty."""

    carrier: str
    number: str


def order(connection: Connection, answer: Answer | Notice, to: Recipient, at: datetime) -> None:
    """Write down where what has just been redeemed is to be sent; nothing where it was not."""
    if isinstance(answer, Answer) and answer.verdict is Verdict.REDEEMED:
        where = {"name": to.name, "phone": to.phone, "address": to.address}
        row = {"rid": answer.rid, "voucher": answer.voucher, "ordered_at": at, **where}
        connection.execute(insert(parcels), row)


def waiting(connection: Connection, most: int = MOST_SHOWN) -> Sequence[RowMapping]:
    """Return what is to be sent, the oldest first, with the voucher's code and title."""
    return connection.execute(_WAITING, {"most": most}).mappings().all()


def sent(connection: Connection, most: int = MOST_SHOWN) -> Sequence[RowMapping]:
    """Return what was sent, the newest first."""
    return connection.execute(_SENT, {"most": most}).mappings().all()


def of_voucher(connection: Connection, voucher: str) -> Sequence[RowMapping]:
    """Return what was or is to be sent for a voucher, the newest order first."""
    return connection.execute(_OF_VOUCHER, {"voucher": voucher}).mappings().all()


def send(connection: Connection, rid: str, shipment: Shipment, at: datetime) -> str:
    """Note that something was sent, or correct by whom; return its voucher.

    Raises NotFoundError where nothing was to be sent for this redemption, NotAllowedError where that was undone.
    """
    voucher = connection.execute(select(parcels.c.voucher).where(parcels.c.rid == rid)).scalar()
    if voucher is None:
        msg = "nothing is to be sent for this redemption"
        raise NotFoundError(msg)
    lock_voucher(connection, voucher)  # an undo may be under way
    if not connection.execute(select(_STANDS).where(parcels.c.rid == rid)).scalar():
        msg = "the redemption was undone: do not send it"
        raise NotAllowedError(msg)
    known = {"carrier": shipment.carrier, "number": shipment.number}
    row = update(parcels).where(parcels.c.rid == rid)
    connection.execute(row.values(**known))
    if connection.execute(row.where(parcels.c.sent_at.is_(None)).values(sent_at=at)).rowcount:
        posted(connection, voucher, rid, at)
    return str(voucher)


def forget(connection: Connection, of: Sequence[str]) -> None:
    """Forget where these vouchers were sent to; what is still to be sent needs its address until it was."""
    done = or_(parcels.c.sent_at.is_not(None), ~_STANDS)
    connection.execute(update(parcels).where(parcels.c.voucher.in_(of), done).values(**_NOBODY))


def forget_old(connection: Connection, before: datetime) -> None:
    """Forget where everything was sent to that was sent, or ordered and undone, before this."""
    gone = or_(parcels.c.sent_at < before, and_(parcels.c.ordered_at < before, ~_STANDS))
    connection.execute(update(parcels).where(parcels.c.name.is_not(None), gone).values(**_NOBODY))
