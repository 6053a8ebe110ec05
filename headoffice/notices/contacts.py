"""How a customer can be reached, and by what they have agreed to that; without their word nobody is told anything.

It stands with the customer's wallet, goes when the customer is forgotten, and of one who wants no notices any more the
address goes at once: what stays is when they agreed and when they have ended it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, update

from headoffice.tables.pages import contacts, holdings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Select

    from headoffice.notices.kinds import Channel

_OF_VOUCHER = (
    select(contacts)
    .join(holdings, holdings.c.wallet == contacts.c.wallet)
    .where(holdings.c.voucher == bindparam("voucher"))
    .order_by(contacts.c.channel)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A way to a customer, with the customer's word that it may be used."""

    channel: Channel
    address: str = field(repr=False)
    """A telephone number, an openid, an address for mail."""
    lang: str
    """The language in which the customer is written to: ``zh`` or ``en``."""
    agreed_at: datetime
    agreed_by: str
    """How the customer has agreed, as the shop can prove it: a form, a till, a contract."""


def put(connection: Connection, wallet: str, wanted: Iterable[Contact]) -> list[Channel]:
    """Keep ways to a customer, each in place of the one before; return those to which the customer has since said no.

    Whoever has ended notices after they agreed is not written to again because a shop repeats the old word.
    """
    ended = []
    for one in wanted:
        here = contacts.c.wallet == wallet, contacts.c.channel == one.channel
        values = {
            "address": one.address,
            "lang": one.lang,
            "agreed_at": one.agreed_at,
            "agreed_by": one.agreed_by,
            "ended_at": None,
        }
        before = connection.execute(select(contacts.c.ended_at).where(*here).with_for_update()).first()
        if before is None:
            connection.execute(insert(contacts), {"wallet": wallet, "channel": one.channel, **values})
        elif before.ended_at is not None and one.agreed_at <= before.ended_at:
            ended.append(one.channel)
        else:
            connection.execute(update(contacts).where(*here).values(**values))
    return ended


def end(connection: Connection, wallet: str | None, at: datetime) -> int:
    """Write to a customer no more; return how many ways there were."""
    here = contacts.c.wallet == wallet, contacts.c.ended_at.is_(None)
    return connection.execute(update(contacts).where(*here).values(address="", ended_at=at)).rowcount


def end_for(connection: Connection, voucher: str, at: datetime) -> int:
    """Write no more to the customer whose voucher this is."""
    holder = select(holdings.c.wallet).where(holdings.c.voucher == voucher)
    return end(connection, connection.execute(holder).scalar(), at)


def of_voucher(connection: Connection, voucher: str) -> list[dict[str, Any]]:
    """Return the ways to the customer whose voucher this is, those that they have ended too."""
    return [dict(row) for row in connection.execute(_OF_VOUCHER, {"voucher": voucher}).mappings()]


def any_of(connection: Connection, wallet: str | None) -> bool:
    """Whether a customer is told of their vouchers in any way."""
    here = contacts.c.wallet == wallet, contacts.c.ended_at.is_(None)
    return connection.execute(select(contacts.c.channel).where(*here).limit(1)).first() is not None


def find(connection: Connection, voucher: str, channel: str) -> dict[str, Any] | None:
    """Return the way by this channel to the customer whose voucher this is; None: there is none, or none any more."""
    usable = _OF_VOUCHER.where(contacts.c.channel == channel, contacts.c.ended_at.is_(None))
    row = connection.execute(usable, {"voucher": voucher}).mappings().first()
    return None if row is None else dict(row)


def forget(connection: Connection, which: Sequence[str] | Select[tuple[str]]) -> int:
    """Forget every way to the customers who have these wallets; return how many ways there were."""
    return connection.execute(delete(contacts).where(contacts.c.wallet.in_(which))).rowcount
