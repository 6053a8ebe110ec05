"""Of what customers are told, and by which ways."""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    """A way to a customer, in the order in which a form offers them."""

    WECHAT = "wechat"
    SMS = "sms"
    EMAIL = "email"


class Occasion(StrEnum):
    """What a notice tells."""

    ISSUED = "issued"
    """A voucher has come to its customer: issued, paid, claimed, received as a gift."""
    REDEEMED = "redeemed"
    UNDONE = "undone"
    """A redemption of which the customer was told is undone."""
    POSTED = "posted"
    """What was redeemed by post (邮寄) was sent."""
    REFUNDED = "refunded"
    REFUND_REFUSED = "refund-refused"
    EXPIRING = "expiring"


_PREFIX = "notice."


def type_of(occasion: Occasion) -> str:
    """Return the type under which a notice stands among what is delivered."""
    return _PREFIX + occasion


def occasion_of(type_: str) -> Occasion:
    """Return what the notice of a delivery tells."""
    return Occasion(type_.removeprefix(_PREFIX))


def channels_in(column: str) -> list[Channel]:
    """Return the channels of a voucher type, the one that is tried first at the front."""
    return [Channel(word) for word in column.split(",") if word]
