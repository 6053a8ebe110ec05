"""The kinds of voucher, by the names that customers and records know."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a voucher is."""

    CASH = "cash"
    DISCOUNT = "discount"
    GIFT = "gift"
    GROUP_BUY = "group_buy"
    COUPON = "coupon"
    MULTI_USE = "multi_use"
    PICK_UP = "pick_up"
    BOOKING = "booking"
    FRIEND = "friend"


ZH = {
    Kind.CASH: "代金券",
    Kind.DISCOUNT: "折扣券",
    Kind.GIFT: "礼品券",
    Kind.GROUP_BUY: "团购券",
    Kind.COUPON: "优惠券",
    Kind.MULTI_USE: "次卡",
    Kind.PICK_UP: "到店自提",
    Kind.BOOKING: "预约",
    Kind.FRIEND: "朋友的券",
}
EN = {
    Kind.CASH: "Cash voucher",
    Kind.DISCOUNT: "Discount",
    Kind.GIFT: "Gift",
    Kind.GROUP_BUY: "Group buy",
    Kind.COUPON: "Coupon",
    Kind.MULTI_USE: "Multi-use card",
    Kind.PICK_UP: "Pick-up",
    Kind.BOOKING: "Booking",
    Kind.FRIEND: "Friend coupon",
}
