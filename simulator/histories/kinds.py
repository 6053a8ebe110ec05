"""What kinds of history there are."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Whose the vouchers are."""

    OWN = "own"
    PLATFORM = "platform"
    OFFLINE = "offline"
    """The chain's own, of which some are under leases."""


#: What a history is played in where nobody says otherwise about leases.
ONLINE = (Kind.OWN, Kind.PLATFORM)
