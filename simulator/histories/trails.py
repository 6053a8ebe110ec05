"""What is known of one rid, and of one offer, from outside: more than any party knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulator.histories.faults import State

if TYPE_CHECKING:
    from protocol.messages import Answer, Intent
    from protocol.vocabulary import Verdict


@dataclass(slots=True)
class Trail:
    """What is known of one rid from outside."""

    intent: Intent
    requester: str
    run: int
    """The run of its requester in which it was confirmed."""
    gateway: str
    """Through which gateway it was to go then."""
    at: float
    state: State = State.ASKED
    gateways: dict[str, tuple[float, int]] = field(default_factory=dict)
    """When each gateway first had it on its disk, and in which run."""
    closed_at: dict[str, int] = field(default_factory=dict)
    """In which run each gateway has got a RESOLVE."""
    resolving: bool = False
    """Whether its requester has begun to ask only how it ended."""
    ruled: Answer | None = None
    forgotten: Answer | None = None
    """What the owner had ruled before its books were put back to an older copy."""
    told: Verdict | None = None
    """The final verdict that its requester has heard."""
    accepted: bool = False
    """Whether somebody was shown that it was accepted offline."""
    accepted_forgotten: bool = False
    """Whether the journal of the kiosk that has shown it was put back since, and may not know it any more."""
    green: bool = False
    """Whether somebody was shown its success."""
    spent: list[tuple[str, int]] = field(default_factory=list)
    undone_at: float | None = None
    undone_by: str | None = None
    undo_forgotten: bool = False
    """Whether it was undone, and the owner's books, an older copy now, do not know it."""
    told_undone: int | None = None
    """The run in which its requester has heard that it was undone."""

    def forget(self) -> None:
        """Note that the owner's books, an older copy now, hold no end of it any more."""
        if self.ruled is not None:
            self.forgotten, self.ruled = self.ruled, None
            if self.state is State.RULED:
                self.state = State.CLOSED  # the owner has not ruled, as far as it knows


@dataclass(frozen=True, slots=True)
class Offer:
    """What a look has found, when and where."""

    store: str
    terms: int
    at: float
