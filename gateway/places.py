"""Kiosks and stores as the gateway knows them: values, without where they are kept."""

from __future__ import annotations

from datetime import UTC, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

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


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """One store that this gateway may speak for, as the head office lists it."""

    id: StoreId
    name: str
    timezone: str = "Asia/Shanghai"
    clerk_required: bool = False
    address: str = ""

    @property
    def zone(self) -> tzinfo:
        """The store's time zone; UTC where this machine does not know it."""
        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            return UTC
