"""What a voucher's terms ask for, one by one: its code, its stores, its times, the bill. Pure.

``protocol.owner`` puts them in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from datetime import datetime, time

    from protocol.owner import Moment, Voucher


def is_shown(voucher: Voucher, moment: Moment) -> bool:
    """Whether a page shows the code that was presented, or it is a number that counts by itself."""
    return moment.own_number if voucher.showing is None else voucher.showing.can_be_spent(moment.at)


def is_redeemed_so(voucher: Voucher, moment: Moment) -> bool:
    """Whether it can be redeemed in this way: sent by post, on its own page, or at a counter."""
    if moment.by_post:
        return voucher.mail
    return voucher.online if moment.on_page else voucher.offline


def untimely(voucher: Voucher, at: datetime) -> Verdict | None:
    """Return why it is not the time for this voucher; None where it is."""
    if voucher.valid_until is not None and at >= voucher.valid_until:
        return Verdict.BOOKING_LATE if voucher.booking else Verdict.EXPIRED
    if voucher.valid_from is not None and at < voucher.valid_from:
        return Verdict.BOOKING_EARLY if voucher.booking else Verdict.NOT_YET_VALID
    usable = at.weekday() in voucher.weekdays and _within(voucher.hours, at.time())
    return None if usable else Verdict.NOT_NOW


def is_short(voucher: Voucher, quantity: int, amount: int | None) -> bool:
    """Whether the bill is below the minimum: what was received, and what the voucher has taken off before."""
    if amount is None:
        return False
    return amount * 100 < (voucher.minimum - voucher.off * quantity) * voucher.rate


def is_valid_at(voucher: Voucher, moment: Moment) -> bool:
    """Whether it may be redeemed in this store; one that is under a lease only by the gateway that holds it."""
    if not moment.on_page and voucher.stores is not None and moment.store not in voucher.stores:
        return False
    return voucher.holder is None or voucher.holder == (moment.gateway, moment.store)


def _within(hours: tuple[time, time] | None, at: time) -> bool:
    """Whether a time of day lies in the hours; hours that run past midnight end on the next day."""
    if hours is None:
        return True
    start, end = hours
    return start <= at < end if start <= end else at >= start or at < end
