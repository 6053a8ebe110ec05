"""The gateway's edges as its coordinator sees them: who answers, who is answered, and what time it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.places import Roster
    from protocol.marks import Mark
    from protocol.messages import GatewayMessage
    from protocol.upstream import UpstreamAnswer, UpstreamRequest


class Owner(Protocol):
    """The head office, asked over whatever leads to it."""

    async def ask(self, message: UpstreamRequest, timeout_s: float | None = None) -> UpstreamAnswer | None:
        """Ask once and return the answer; None where none came, and then nothing at all is known."""

    async def fetch_roster(self) -> Roster | None:
        """Return the stores that this gateway may speak for, with their clerks; None where nobody said."""


class Marks(Protocol):
    """Where marks of journals are kept: this gateway's own, and the highest that each peer has shown of itself."""

    @property
    def mark(self) -> Mark:
        """How far this gateway's journal has come, on disk."""

    @property
    def is_behind(self) -> bool:
        """Whether it was found out, since its last ``restore``, that this journal is an older copy."""

    @property
    def names(self) -> Sequence[str]:
        """The identities under which a gateway has worked on this journal."""

    def stop(self) -> None:
        """Write that down."""

    def heard(self, peer: str, mark: Mark) -> None:
        """Keep the highest mark of a peer."""

    def heard_of(self, peer: str) -> Mark:
        """Return the highest mark of a peer."""


class Outbox(Protocol):
    """The way to a kiosk; what is sent may be lost, because kiosks ask again."""

    def send(self, identity: str, message: GatewayMessage) -> None:
        """Send a message to the verdict topic of this identity."""
