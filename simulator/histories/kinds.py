"""What kinds of history there are."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Whose the vouchers are."""

    OWN = "own"
    PLATFORM = "platform"
