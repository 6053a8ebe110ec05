"""Vouchers that were bought together: what is told of the others where one of them is looked at."""

from __future__ import annotations

import msgspec


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """Another voucher of the same order, which can be redeemed in the same store now."""

    code: str
    voucher: str
    terms: int


class Also(msgspec.Struct, frozen=True, kw_only=True):
    """Another voucher of the same order, offered with the one that was looked at: redeemed under a rid of its own."""

    code: str
    offer: str
