"""What an oracle has seen of a history so far: the trail of every rid, who holds which use, and what was wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.histories.faults import LATE_S, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.messages import Answer
    from simulator.histories.trails import Offer, Trail
    from simulator.histories.world import World

#: What clocks of different rates may make of a limit.
SLACK = 1.05
#: An answer that left the owner before its redemption was undone reaches its gateway in this time or never, and its
#: requester in that, seconds.
TO_GATEWAY_S = 5.0
TO_REQUESTER_S = TO_GATEWAY_S + LATE_S[1]

_RANK = {state: rank for rank, state in enumerate(State)}


class Watch:
    """Keeps the registers and the trails. ``violations`` stays empty, or the protocol is wrong."""

    def __init__(self, world: World) -> None:
        """Begin to watch a world."""
        self.world = world
        self.trails: dict[str, Trail] = {}
        self.holders: dict[tuple[str, int], str] = {}
        self.violations: list[str] = []
        self.offers: dict[str, Offer] = {}
        self.said_at: dict[str, float] = {}
        self.redeemed = 0
        self.reached: Callable[[State, str | None], None] = lambda _state, _rid: None
        """Called when a rid comes to a state; None: a look that is offered something."""

    def violated(self, rule: str, rid: str, text: str) -> None:
        """Note a violation."""
        self.world.tell("oracle", "VIOLATION %s: %s", rule, text)
        self.violations.append(f"{rule}: {text} (rid {rid[:4]} at {self.world.now:.3f} s)")

    def state_of(self, rid: str) -> State:
        """Return how far a rid has come."""
        trail = self.trails.get(rid)
        return State.LOOK if trail is None else trail.state

    def advance(self, rid: str, state: State) -> None:
        """Note that a rid has come to a state."""
        trail = self.trails.get(rid)
        if trail is not None and _RANK[state] > _RANK[trail.state]:
            trail.state = state
            self.reached(state, rid)

    def live(self, *, requester: str | None = None, gateway: str | None = None) -> list[str]:
        """Return the rids that are not settled: all, or those of a requester, or those that a gateway has."""
        return [
            rid
            for rid, trail in self.trails.items()
            if trail.state is not State.SETTLED
            and (requester is None or trail.requester == requester)
            and (gateway is None or gateway == trail.gateway or gateway in trail.gateways)
        ]

    def concerned(self, code: str | None) -> list[str]:
        """Return the rids that are not settled and ask for the voucher with this code."""
        return [rid for rid in self.live() if self.trails[rid].intent.code == code]

    def agrees(self, answer: Answer) -> None:
        """Check that a final answer is what the owner has ruled."""
        trail = self.trails.get(answer.rid)
        if not answer.final or trail is None:
            return
        ruled = trail.ruled or trail.forgotten
        if ruled is None:
            self.violated("rule 8", answer.rid, f"{answer.verdict} is final, but the owner has not ruled")
        elif ruled.verdict is not answer.verdict:
            self.violated("rule 2", answer.rid, f"{answer.verdict} is heard, {ruled.verdict} was ruled")

    def is_stale(self, answer: Answer, under_way_s: float) -> bool:
        """Whether a success is told that was undone since the owner said it, and that was not just under way then."""
        trail = self.trails.get(answer.rid)
        if trail is None or trail.undone_at is None or not answer.final or answer.undone_by is not None:
            return False
        said_at = self.said_at.get(answer.rid, 0.0)
        return said_at < trail.undone_at and self.world.now - said_at > under_way_s
