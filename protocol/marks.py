"""How far a journal has come, as its peers remember it: no journal starts clean, or quietly old (rule 11).

Each message carries its sender's mark, and the highest that the sender has seen of the receiver. Only what is on disk
is ever shown, and a journal's own mark only rises, so whoever is shown a higher one than it holds works on an older
copy: it stops until a person has said ``restore``, which begins a new generation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from protocol.values import Value

if TYPE_CHECKING:
    from protocol.messages import GatewayMessage, KioskMessage
    from protocol.upstream import UpstreamAnswer, UpstreamRequest

    AnyMessage = TypeVar("AnyMessage", bound=KioskMessage | GatewayMessage | UpstreamRequest | UpstreamAnswer)


class Mark(Value, frozen=True, order=True):
    """A place in a journal: generations first, and in each the sequence."""

    generation: int = 0
    sequence: int = 0

    def is_behind(self, shown: Mark) -> bool:
        """Whether a journal that stands here is older than one of its peers remembers it."""
        return shown > self


#: What is known of somebody whom nobody has met.
NEVER = Mark()


def mark_of(message: KioskMessage | GatewayMessage | UpstreamRequest | UpstreamAnswer) -> Mark:
    """Return how far the sender's journal had come."""
    return Mark(message.gen, message.seq)


def shown_in(message: KioskMessage | GatewayMessage | UpstreamRequest | UpstreamAnswer) -> Mark:
    """Return how far the sender has seen the receiver's journal come."""
    return Mark(message.heard_gen, message.heard_seq)


def stamped(message: AnyMessage, own: Mark, heard: Mark = NEVER, run: str = "") -> AnyMessage:
    """Return a message as it leaves: with the sender's mark, and the highest that is known of the receiver."""
    return msgspec.structs.replace(
        message, gen=own.generation, seq=own.sequence, heard_gen=heard.generation, heard_seq=heard.sequence, run=run
    )
