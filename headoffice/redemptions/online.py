"""The customer's own page as a place of redemption (线上, 邮寄): a store that is none, and what was redeemed there.

It stands among the stores so that its redemptions are rows as all others are. No gateway may speak for it, no type is
bound to it, and no list of stores names it; it is made by the first redemption.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, exists, insert, select

from headoffice.registry import ONLINE_STORE, ClerkPolicy
from headoffice.tables.schema import redemptions, stores, uses

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: The page as a requester: one that owns the address and keeps the rid is one browser to the books.
PAGE = "customer-page"
#: The same, where what is redeemed is sent by post.
BY_POST = "customer-page-post"

_ROW = {
    "id": ONLINE_STORE,
    "name": "线上",
    "timezone": "Asia/Shanghai",
    "address": "",
    "phone": "",
    "hours": "",
    "map": "",
    "clerk_policy": ClerkPolicy.NONE,
}
_IS_THERE = select(exists().where(stores.c.id == ONLINE_STORE))
_SPENT_THERE = select(
    exists().where(
        uses.c.voucher == bindparam("voucher"),
        redemptions.c.rid == uses.c.rid,
        redemptions.c.store == ONLINE_STORE,
        redemptions.c.requester == PAGE,
    )
)


def open_store(connection: Connection) -> None:
    """Make the store that stands for the page, where it is not yet; a lost race is the transaction's to repeat."""
    if not connection.execute(_IS_THERE).scalar():
        connection.execute(insert(stores), _ROW)


def redeemed_there(connection: Connection, voucher: str) -> bool:
    """Whether a use of a voucher was redeemed on its page, not by post, and not undone."""
    return bool(connection.execute(_SPENT_THERE, {"voucher": voucher}).scalar())
