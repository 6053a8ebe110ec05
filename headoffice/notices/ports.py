"""The door through which notices leave: what is sent, and what an adapter for a channel says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headoffice.notices.kinds import Occasion

#: An adapter says in no more than this what has become of a notice: before another process would send it again.
SEND_S = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is said to one customer. Its address, words and page are in no log."""

    id: str
    """Is the same each time that it is tried."""
    occasion: Occasion
    to: str = field(repr=False)
    """Where to, as the channel writes it."""
    lang: str
    """``zh`` or ``en``."""
    values: Mapping[str, str] = field(repr=False)
    """What its words name, such as ``title``; ``headoffice.notices.words`` has the names."""
    page: str = field(repr=False)
    """Address of the voucher's page."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """It was taken: by what number the carrier knows it."""

    number: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """It was not taken. The reason names no customer."""

    why: str
    over: bool = False
    """It never will be, so it is not tried again."""


class Sender(Protocol):
    """An adapter for one channel."""

    async def start(self) -> None:
        """Make ready to send; raise StartError for what the operator has to mend."""

    async def close(self) -> None:
        """Hang up."""

    async def send(self, notice: Notice) -> Receipt | Unsent:
        """Send a notice, in less than SEND_S; what the carrier or the network says is a value, never raised."""
