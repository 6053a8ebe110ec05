"""Kiosks, stores and their clerks as the gateway knows them: values, without where they are kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from protocol import days
from protocol.days import MIDNIGHT
from protocol.duty import ClerkNumber
from protocol.ids import Identity, StoreId


class KioskState(StrEnum):
    """Whether a kiosk may still be used."""

    ACTIVE = "active"
    REVOKED = "revoked"


class Kiosk(msgspec.Struct, frozen=True, kw_only=True):
    """One kiosk: the identity in its certificate, where it stands, and what people call it."""

    id: Identity
    name: str
    store: StoreId
    state: KioskState = KioskState.ACTIVE
    bound_at: str = ""
    """When it was last put into its store, or revoked; ISO 8601."""

    @property
    def is_active(self) -> bool:
        """Whether it may be used."""
        return self.state is KioskState.ACTIVE


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """One store that this gateway may speak for, as the head office lists it."""

    id: StoreId
    name: str
    timezone: str = "Asia/Shanghai"
    clerk_required: bool = False
    clerk_each: bool = False
    """Whether a clerk signs in before every redemption, not once a shift."""
    approve_from: int | None = None
    """The value, in fen, from which a redemption at a kiosk has to be approved; None: none has."""
    address: str = ""
    day_ends: time = MIDNIGHT
    """When its business day ends, in its own time."""
    testing: bool = False
    """Whether it is tried out (测试中): then the head office redeems practice vouchers only there."""
    claim_qr: str = ""
    """What the idle screens of its kiosks show by turns as a QR (领券二维码); empty: nothing."""
    undo_s: float = 0.0
    """For so long after it the head office undoes a redemption; 0: it has not said."""

    @property
    def zone(self) -> tzinfo:
        """The store's time zone; UTC where this machine does not know it."""
        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            return UTC

    def day_of(self, at: float) -> date:
        """Return the store's day that a moment (seconds since 1970) belongs to."""
        return days.day_of(datetime.fromtimestamp(at, UTC), self.zone, self.day_ends)

    def bounds(self, day: date) -> tuple[float, float]:
        """Return when one of the store's days begins, and the first moment after it, in seconds since 1970."""
        begin, end = days.bounds(day, self.zone, self.day_ends)
        return begin.timestamp(), end.timestamp()


class Clerk(msgspec.Struct, frozen=True, kw_only=True):
    """One clerk of this gateway's stores, as the head office lists them: of badge and PIN only hashes."""

    number: ClerkNumber
    name: str
    stores: tuple[StoreId, ...]
    badge: str
    """SHA-256 of the badge's text, in hexadecimal."""
    pin: str = ""
    """The PIN's slow hash (``protocol.pins``)."""
    disabled: bool = False
    manager: bool = False
    """Whether the clerk approves what others do."""


class Roster(msgspec.Struct, frozen=True, kw_only=True):
    """What the head office tells a gateway of its stores."""

    stores: tuple[Store, ...]
    clerks: tuple[Clerk, ...] = ()


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """One clerk's time at one kiosk, from a sign-in to its end."""

    id: str
    """The sign-in's own id."""
    kiosk: Identity
    store: StoreId
    clerk: ClerkNumber
    name: str
    since: float
    """Seconds since 1970."""
    until: float | None = None
    """When it ended; None while it lasts."""
