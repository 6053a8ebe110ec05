"""What comes back of a voucher that was given away since: its receiver's voucher has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, update

from headoffice.tables.pages import gifts
from headoffice.tables.schema import vouchers
from headoffice.vouchers.books import lock_voucher

if TYPE_CHECKING:
    from sqlalchemy import Connection

_BECAME = select(gifts.c.became).where(gifts.c.voucher == bindparam("of_voucher"))
_ENLARGE = (
    update(vouchers).where(vouchers.c.id == bindparam("of_voucher")).values(uses=vouchers.c.uses + bindparam("by"))
)


def hand_on(connection: Connection, voucher: str, count: int) -> None:
    """Give uses that have come back to the voucher that this one became, where it was given away and received."""
    heir = voucher
    # Held before it is asked what it became, so that it is not given away between the two.
    while (further := connection.execute(_BECAME, {"of_voucher": heir}).scalar()) is not None:
        heir = str(further)
        lock_voucher(connection, heir)
    if heir != voucher and count > 0:
        connection.execute(_ENLARGE, {"of_voucher": heir, "by": count})
