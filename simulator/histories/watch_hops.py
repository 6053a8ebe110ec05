"""Watches the hops: what leaves a requester or a gateway, what they keep, and whether they may go on at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.messages import Answer, Confirm
from protocol.relay import ASKING_S as RELAYING_S
from protocol.requester import ASKING_S
from protocol.upstream import AskRedeem
from simulator.histories.faults import State
from simulator.histories.trails import Offer, Trail
from simulator.histories.watch import SLACK, TO_GATEWAY_S, Watch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protocol.messages import Intent, KioskMessage
    from protocol.relay import Relay
    from protocol.upstream import AskResolve
    from simulator.histories.world import World


class HopWatch(Watch):
    """The half of the oracle that watches kiosks, pages and gateways."""

    def __init__(self, world: World) -> None:
        """Begin to watch a world."""
        super().__init__(world)
        self._must_stop: set[tuple[str, int]] = set()

    def offered(self, offer: str, store: str, terms: int) -> None:
        """Note an offer that a gateway makes."""
        self.offers[offer] = Offer(store, terms, self.world.now)
        self.reached(State.LOOK, None)

    def confirmed(self, intent: Intent, requester: str, run: int, gateway: str) -> list[str]:
        """Note that somebody has confirmed a redemption, to which gateway; return its rivals."""
        rivals = [] if intent.code is None else self.concerned(intent.code)
        self.trails[intent.rid] = Trail(intent, requester, run, gateway, self.world.now)
        self.reached(State.ASKED, intent.rid)
        return rivals

    def left(self, message: KioskMessage | Confirm, run: int, *, on_disk: bool) -> None:
        """Check what leaves a requester for a rid."""
        intent: Intent | None = getattr(message, "intent", None)
        if intent is None:
            return
        trail = self.trails.get(intent.rid)
        if trail is None:
            self.violated("rule 1", intent.rid, "a rid leaves that nobody has confirmed")
            return
        if trail.intent != intent:
            self.violated("rule 1", intent.rid, "a repeat differs from what was confirmed")
        if not on_disk:
            self.violated("rule 1", intent.rid, "a rid leaves its requester before it is on disk")
        if not isinstance(message, Confirm):
            trail.resolving = True
        elif trail.resolving or run != trail.run or self.world.now - trail.at > ASKING_S * SLACK:
            self.violated("rule 8", intent.rid, "a REQ leaves though the customer may be gone")

    def gave_up(self, rid: str) -> None:
        """Note that staff has given a redemption up."""
        trail = self.trails.get(rid)
        if trail is not None:
            trail.resolving = True

    def taken(self, gateway: str, run: int, relay: Relay) -> None:
        """Note that a gateway has a rid on its disk."""
        rid = relay.intent.rid
        trail = self.trails.get(rid)
        if trail is not None:
            trail.gateways.setdefault(gateway, (self.world.now, run))
            self.advance(rid, State.CLOSED if relay.closed else State.TAKEN)

    def relayed(self, gateway: str, run: int, ask: AskRedeem | AskResolve, on_disk: Relay | None) -> None:
        """Check what a gateway sends to the owner."""
        rid = ask.intent.rid
        trail = self.trails.get(rid)
        if on_disk is None:
            self.violated("rule 1", rid, "a gateway relays what is not on its disk")
        elif trail is not None and isinstance(ask, AskRedeem):
            at, run_then = trail.gateways[gateway]
            if on_disk.closed or trail.closed_at.get(gateway) == run:
                self.violated("rule 8", rid, "a gateway relays a REQ after it has taken a RESOLVE")
            elif run != run_then:
                self.violated("rule 8", rid, "a gateway relays a REQ after its own restart")
            elif self.world.now - at > RELAYING_S * SLACK:
                self.violated("rule 8", rid, "a gateway relays a REQ ten seconds after it took it")

    def resolving(self, gateway: str, run: int, rid: str) -> None:
        """Note that a gateway has got a RESOLVE in this run; once it is on its disk it holds for ever."""
        trail = self.trails.get(rid)
        if trail is not None:
            trail.closed_at[gateway] = run

    def put_back(self, gateway: str, journal: Iterable[str]) -> None:
        """Note that a gateway's journal is an older copy now, which holds these rids alone."""
        kept = set(journal)
        for rid, trail in self.trails.items():
            if rid in kept:
                trail.gateways.setdefault(gateway, (self.world.now, 0))
            else:
                trail.gateways.pop(gateway, None)
                trail.closed_at.pop(gateway, None)

    def handed(self, answer: Answer) -> None:
        """Check an answer that a gateway hands to who asked."""
        self.agrees(answer)
        if self.is_stale(answer, TO_GATEWAY_S):
            self.violated("rule 10", answer.rid, "a gateway repeats an undone redemption as if it stood")

    # --- older copies -------------------------------------------------------------------------------------------------

    def showed(self, party: str, life: int, own: tuple[int, int], shown: tuple[int, int]) -> None:
        """Note what a party was shown of its own journal, and how far that really goes; a ``life`` is its run.

        Of the owner, whose every word comes from its books, it is the generation of those.
        """
        if shown > own:
            self._must_stop.add((party, life))

    def serves(self, party: str, life: int) -> None:
        """Check that a party which does something may do it."""
        if (party, life) in self._must_stop:
            self.violated("rule 11", "none", f"{party} goes on though its journal is an older copy")

    def tells(self, rid: str, kept: Relay | None) -> None:
        """Check that a final answer which a gateway passes down is on its disk."""
        if kept is None or kept.answer is None or not kept.answer.final:
            self.violated("rule 11", rid, "an answer is told before its gateway has it on disk")

    def rules(self, rid: str, missing: list[str]) -> None:
        """Check that the owner may rule on a rid that it does not know."""
        if missing:
            self.violated("rule 11", rid, f"ruled on before the journals of {', '.join(missing)} are there")
