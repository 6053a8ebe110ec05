"""Who may do what at the desk: five roles, because five kinds of people come there.

administrator  everything, and who else comes in
staff          head office: vouchers, types, refunds, stores, clerks
manager        a store's own: its redemptions, reports and clerks, and nothing of other stores
technician     stores and whether they are live; no sales, no customers
auditor        reads the books and what everybody did, and changes nothing
"""

from __future__ import annotations

from enum import StrEnum, auto


class Role(StrEnum):
    """What somebody is at the desk."""

    ADMINISTRATOR = auto()
    STAFF = auto()
    MANAGER = auto()
    TECHNICIAN = auto()
    AUDITOR = auto()


class Right(StrEnum):
    """What somebody may see or do."""

    SEE_SALES = auto()
    """Redemptions, refusals, reports, vouchers."""
    END = auto()
    """Undo a redemption, or say how one ended that nothing else ends."""
    SEE_CUSTOMERS = auto()
    """Personal data unmasked."""
    CHANGE_VOUCHERS = auto()
    """Refunds, and steps in vouchers' lives."""
    PREPARE = auto()
    """Orders that are picked up: take them on and prepare them, and say what lies ready."""
    DRAW_UP = auto()
    """Voucher types: draw them up, and decide about those of others; campaigns."""
    SEE_STORES = auto()
    CHANGE_STORES = auto()
    """Set them live, too."""
    PRACTISE = auto()
    """Make practice vouchers."""
    SEE_CLERKS = auto()
    CHANGE_CLERKS = auto()
    SEE_DEEDS = auto()
    CHANGE_WEBHOOKS = auto()
    """Who outside is told what, with the secrets of it."""
    CHANGE_PEOPLE = auto()


_READING = frozenset({Right.SEE_SALES, Right.SEE_STORES, Right.SEE_CLERKS})
RIGHTS = {
    Role.ADMINISTRATOR: frozenset(Right),
    Role.STAFF: frozenset(Right) - {Right.SEE_DEEDS, Right.CHANGE_WEBHOOKS, Right.CHANGE_PEOPLE},
    Role.MANAGER: _READING | {Right.END, Right.PREPARE, Right.CHANGE_CLERKS, Right.PRACTISE},
    Role.TECHNICIAN: frozenset({Right.SEE_STORES, Right.CHANGE_STORES, Right.PRACTISE}),
    Role.AUDITOR: _READING | {Right.SEE_DEEDS},
}
