"""Gateways that were replaced under another name: what their own pages and tills began is ended by who came after them.

A page and a till ask under the identity of their gateway, so the next one's is another requester than the books have.
It is taken for the one before where that cannot hurt: the rid was begun at a gateway's own counter, in a store for
which the asker speaks now, and word for word as it is asked (which the owner compares: 128 random bits are part of it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec
from sqlalchemy import bindparam, select

from headoffice.tables.schema import gateways
from headoffice.vouchers.books import store_for
from protocol import owner

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from protocol.owner import Known, Ruling
    from protocol.platform import Case
    from protocol.upstream import AskRedeem, AskResolve, AskSettled

Ask = TypeVar("Ask", bound="AskRedeem | AskResolve | AskSettled")

_GATEWAY = select(gateways.c.id).where(gateways.c.id == bindparam("requester"))


def as_begun(connection: Connection, gateway: str | None, ask: Ask, known: Known | Case) -> Ask:
    """Return what a gateway asks for its own counter as asked by the gateway at whose counter the rid was begun."""
    if gateway is None or ask.requester != gateway or known.requester == gateway:
        return ask
    if connection.execute(_GATEWAY, {"requester": known.requester}).first() is None:
        return ask  # a kiosk's, or the customer's page: not a gateway's to end
    if store_for(connection, gateway, known.store) is None:
        return ask
    return msgspec.structs.replace(ask, requester=known.requester)


def repeat(connection: Connection, gateway: str | None, ask: AskRedeem | AskResolve, known: Known) -> Ruling:
    """Rule on a rid that has its end in the books, asked by who began it or by a gateway that came after that one."""
    return owner.repeat(as_begun(connection, gateway, ask, known), known)
