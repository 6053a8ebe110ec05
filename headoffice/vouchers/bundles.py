"""Vouchers that were bought together: what else of an order a counter may redeem with the one that is shown.

They stay vouchers of their own, each with its code, its uses and its records; one that is given away is replaced by
another, which is of no order any more. So whoever shows one of them has bought them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, insert, select

from headoffice.tables.bundles import bundles
from headoffice.tables.schema import vouchers
from headoffice.vouchers.books import voucher_by_code
from protocol.bundle import Beside
from protocol.owner import VoucherState, judge
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headoffice.vouchers.books import Store
    from protocol.owner import Moment, Voucher

#: Built once: every look at a voucher asks this.
_ORDER = (
    select(bundles.c.bundle, vouchers.c.type)
    .join(vouchers, vouchers.c.id == bundles.c.voucher)
    .where(bundles.c.voucher == bindparam("shown"))
)
#: How many of an order are redeemed under one confirm, the one that is shown included.
MOST = 10


def put(connection: Connection, voucher: str, order: str) -> None:
    """Note that a voucher was bought in an order."""
    connection.execute(insert(bundles), {"voucher": voucher, "bundle": order})


def order_of(connection: Connection, voucher: str) -> str | None:
    """Return the number of the order that a voucher was bought in; None where it was bought alone."""
    return connection.execute(select(bundles.c.bundle).where(bundles.c.voucher == voucher)).scalar()


def beside(connection: Connection, voucher: Voucher | None, store: Store, moment: Moment) -> tuple[Beside, ...]:
    """Return the others of this voucher's order that are exactly like it and can be redeemed here and now.

    None of a voucher whose code changes, that has several uses or asks what was received: each of them needs a look.
    """
    if voucher is None or voucher.dynamic or voucher.uses > 1 or voucher.asks_amount or voucher.holder is not None:
        return ()
    order = connection.execute(_ORDER, {"shown": voucher.id}).first()
    if order is None:
        return ()
    others = (
        select(vouchers.c.code)
        .join(bundles, bundles.c.voucher == vouchers.c.id)
        .where(bundles.c.bundle == order.bundle, vouchers.c.type == order.type, vouchers.c.id != voucher.id)
        .where(vouchers.c.state == VoucherState.ACTIVE, vouchers.c.lease.is_(None), ~vouchers.c.dynamic)
        .order_by(vouchers.c.issued_at, vouchers.c.id)
    )
    found = []
    for code in connection.execute(others).scalars():
        other = voucher_by_code(connection, code, store)
        if other is not None and judge(other, moment) is Verdict.REDEEMABLE:
            found.append(Beside(code=code, voucher=other.id, terms=other.terms))
        if len(found) == MOST - 1:
            break
    return tuple(found)
