"""What a gateway finds wrong in its store and people should know: told to the head office as a whole, again and again.

``POST /upstream/v1/alarms`` takes one report, which names everything that is wrong at this moment. What an earlier one
has named and this one does not is over, so a report that was lost is made good by the next.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.ids import Identity, StoreId

#: One cause is one alarm, so there are no more than there are kiosks and a few.
MOST_ALARMS = 200


class AlarmKind(StrEnum):
    """What is the matter."""

    KIOSK_SILENT = "kiosk_silent"
    BROKER_LOST = "broker_lost"
    AMBER_OPEN = "amber_open"
    GUESSING = "guessing"
    DISK_FULL = "disk_full"
    CERTIFICATE_ENDS = "certificate_ends"
    GATEWAY_SILENT = "gateway_silent"
    """Found by the head office: then nobody else could tell."""


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """One cause that lasts."""

    kind: AlarmKind
    about: Identity
    """The kiosk, store or gateway that it concerns."""
    store: StoreId | None = None
    since: float
    """Seconds since 1970."""
    number: int = 0
    """How many are open; of a disk the free hundredths; of a certificate the days that are left."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is wrong now."""

    alarms: Annotated[tuple[Alarm, ...], Meta(max_length=MOST_ALARMS)] = ()
