"""What every message carries: its version, and marks that find out a journal which was put back to an older copy."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

#: The version this code speaks. A party serves messages one version older; a newer one it answers with a Notice
#: ``fault``.
WIRE_VERSION = 1
OLDEST_SERVED = max(1, WIRE_VERSION - 1)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """The head of every message."""

    v: int = WIRE_VERSION
    gen: int = 1
    seq: int = 0
    heard_gen: int = 0
    heard_seq: int = 0
    """The highest generation that the sender has seen of the receiver, and the highest sequence in that; 0: none."""
    run: Annotated[str, Meta(max_length=64)] = ""
    """Between gateway and head office: which run of the books answers, or is asked; nothing where none is known.

    What was asked of one run is refused by another, which rules on nothing before the gateway has heard of it. From
    then on that takes no answer of the earlier run any more: so the marks that it shows are all that it will ever know
    of that run, and books that were put back meanwhile cannot reach them again by what they rule anew.
    """
    seal: Annotated[str, Meta(max_length=64)] | None = None
    """A gateway's, on ``gen`` and ``seq``: a kiosk that brings those back in its greeting has it from that gateway."""
