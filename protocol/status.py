"""What a gateway sees of a store that is tried out: whether its kiosks are there, see, and run what they should.

``POST /upstream/v1/status`` takes it, for each store that the head office lists as ``testing``: whenever something has
changed and every so often. Stores that are live are not told of; what goes wrong there is an alarm.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.duty import Text
from protocol.ids import Identity, StoreId

#: A message has 16 KiB, and a kiosk takes some 150 bytes of it.
MOST_KIOSKS = 60
#: What a kiosk's camera is where it works.
READY = "ready"


class KioskStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One kiosk of the store."""

    id: Identity
    name: Text = ""
    online: bool = False
    since: float | None = None
    """Since when it is there, or away: seconds since 1970; None where this gateway has not seen it yet."""
    software: Text = ""
    camera: Text = ""
    """``starting``, ``ready`` or ``fault``; empty where the kiosk has not said."""


class StoreStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One store, as its gateway sees it at this moment."""

    store: StoreId
    at: float
    """The gateway's clock: seconds since 1970."""
    software: Text = ""
    """The gateway's own version."""
    kiosks: Annotated[tuple[KioskStatus, ...], Meta(max_length=MOST_KIOSKS)] = ()
