"""What a connector is: one platform's calls, in the words that the rules of redemptions are written in.

A connector decides nothing and keeps nothing. It is an adapter (``hexiao.adapters``, ``platform.NAME``) with an
attribute ``Options``, a constructor that takes one, and the methods below, each of which calls its platform once: no
library under it may repeat a call by itself, because a consume that was sent twice may land twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping


#: Longest name of a voucher at its platform.
LONGEST_NAME = 150


class PlatformClass(StrEnum):
    """What a platform lets one know of a consume that was not answered (docs/redemption.md)."""

    QUERYABLE = "queryable"
    """It can be asked, cannot be undone, and knows no request key: WeChat cards."""


class Spent(StrEnum):
    """By whom a voucher of one use was consumed."""

    OURS = "ours"
    OTHERS = "others"
    NOBODY = "nobody"


class NoAnswerError(Exception):
    """The platform has not answered, or not in words that say what became of the call: nothing is known."""


class ForgedError(Exception):
    """An event that the platform has not signed, or one that cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What a platform says of a code that it knows."""

    voucher: str
    """The platform's own name of the voucher, the same however the code is written; ``LONGEST_NAME`` at most."""
    verdict: Verdict = Verdict.REDEEMABLE
    """REDEEMABLE, or why it cannot be redeemed at all."""
    title: str = ""
    value: str = ""
    uses: int = 1
    """Uses that it was sold with."""
    left: int = 1
    stores: Mapping[str, str] | None = None
    """The chain's stores where it is valid, names by ids; None: all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The platform's own word that a voucher was consumed."""

    voucher: str
    ours: bool
    """Whether it was consumed by this chain's access to the platform, and not in any other way."""


class Connector(Protocol):
    """One platform."""

    kind: PlatformClass

    def recognises(self, code: str) -> bool:
        """Whether a code has the shape of this platform's codes; it is asked only about those."""

    async def start(self) -> None:
        """Make ready to call."""

    async def query(self, code: str) -> Worth | None:
        """Return what a code is worth, None where the platform says that it has none such; raise NoAnswerError."""

    async def consume(self, code: str, quantity: int) -> Verdict:
        """Consume for good; return REDEEMED, or why the platform refuses. Raise NoAnswerError where it is not known."""

    async def record(self, code: str) -> Spent | None:
        """Return what the platform's record says of a voucher of one use, None where it cannot tell.

        Raise NoAnswerError. It is asked once no consume can be under way any more, and its word ends a redemption: a
        replica that may lag longer than ``protocol.platform.QUIET_S`` is no record.
        """

    def event(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> Event | None:
        """Read what the platform has sent by itself; None where it is of no interest. Raise ForgedError."""

    async def close(self) -> None:
        """Hang up; may be called twice."""
