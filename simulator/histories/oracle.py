"""Watches a whole history, knows what no party knows, and says which rule of docs/redemption.md was broken.

Every use of a voucher is a register that is written once and cleared by a recorded undo alone. Everything that anybody
was told or shown of a rid is held against it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.messages import Action, Answer, AskRedeem, Confirm
from protocol.platform import QUERY_S
from protocol.relay import ASKING_S as RELAYING_S
from protocol.requester import ASKING_S
from protocol.vocabulary import Colour, Verdict
from simulator.histories.faults import LATE_S, State
from simulator.histories.trails import Offer, Trail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from device.counter.states import Ticket
    from device.view import View
    from protocol.messages import AskResolve, Intent, KioskMessage
    from protocol.relay import Relay
    from simulator.histories.world import World

#: What clocks of different rates may make of a limit.
SLACK = 1.05
#: Longest age of a confirmed offer when its gateway takes the confirm, seconds.
OFFER_S = 60.0
#: An answer that left the owner before its redemption was undone reaches its gateway in this time or never, and its
#: requester in that, seconds.
TO_GATEWAY_S = 5.0
TO_REQUESTER_S = TO_GATEWAY_S + LATE_S[1]
#: The party that redeems outside this chain's counters.
ELSEWHERE = "elsewhere"

_RANK = {state: rank for rank, state in enumerate(State)}
_ALL_USED = frozenset({Verdict.ALREADY_REDEEMED, Verdict.USES_EXHAUSTED})
_NO_REFUSAL = frozenset({Verdict.PENDING, Verdict.REDEEMED, Verdict.UNDONE, Verdict.ACCEPTED_OFFLINE})


class Oracle:
    """Keeps the registers and the trails. ``violations`` stays empty, or the protocol is wrong."""

    def __init__(self, world: World) -> None:
        """Begin to watch a world."""
        self._world = world
        self.trails: dict[str, Trail] = {}
        self.holders: dict[tuple[str, int], str] = {}
        self.violations: list[str] = []
        self._offers: dict[str, Offer] = {}
        self._prechecks: dict[tuple[str, int], float] = {}
        self._acting_on: dict[str, float] = {}
        self._said_at: dict[str, float] = {}
        self._must_stop: set[tuple[str, int]] = set()
        self.redeemed = 0
        self.reached: Callable[[State, str | None], None] = lambda _state, _rid: None
        """Called when a rid comes to a state; None: a look that is offered something."""

    def violated(self, rule: str, rid: str, text: str) -> None:
        """Note a violation."""
        self._world.tell("oracle", "VIOLATION %s: %s", rule, text)
        self.violations.append(f"{rule}: {text} (rid {rid[:4]} at {self._world.now:.3f} s)")

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

    # --- what requesters and gateways do ----------------------------------------------------------------------------

    def offered(self, offer: str, store: str, terms: int) -> None:
        """Note an offer that a gateway makes."""
        self._offers[offer] = Offer(store, terms, self._world.now)
        self.reached(State.LOOK, None)

    def confirmed(self, intent: Intent, requester: str, run: int, gateway: str) -> list[str]:
        """Note that somebody has confirmed a redemption, to which gateway; return its rivals."""
        rivals = [] if intent.code is None else self.concerned(intent.code)
        self.trails[intent.rid] = Trail(intent, requester, run, gateway, self._world.now)
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
        elif trail.resolving or run != trail.run or self._world.now - trail.at > ASKING_S * SLACK:
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
            trail.gateways.setdefault(gateway, (self._world.now, run))
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
            elif self._world.now - at > RELAYING_S * SLACK:
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
                trail.gateways.setdefault(gateway, (self._world.now, 0))
            else:
                trail.gateways.pop(gateway, None)
                trail.closed_at.pop(gateway, None)

    def handed(self, answer: Answer) -> None:
        """Check an answer that a gateway hands to who asked."""
        self.agrees(answer)
        if self._is_stale(answer, TO_GATEWAY_S):
            self.violated("rule 10", answer.rid, "a gateway repeats an undone redemption as if it stood")

    def _is_stale(self, answer: Answer, under_way_s: float) -> bool:
        """Whether a success is told that was undone since the owner said it, and that was not just under way then."""
        trail = self.trails.get(answer.rid)
        if trail is None or trail.undone_at is None or not answer.final or answer.undone_by is not None:
            return False
        said_at = self._said_at.get(answer.rid, 0.0)
        return said_at < trail.undone_at and self._world.now - said_at > under_way_s

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

    # --- what the owner does ------------------------------------------------------------------------------------------

    def spent(self, rid: str, voucher: str, number: int) -> None:
        """Write a register: this use is now spent by this rid."""
        holder = self.holders.get((voucher, number))
        if holder is not None:
            self.violated("rule 3", rid, f"use {number} of {voucher} is spent twice, first by {holder[:4]}")
        self.holders[voucher, number] = rid
        trail = self.trails.get(rid)
        if trail is None:
            if rid != ELSEWHERE:
                self.violated("rule 1", rid, "a use is spent by a rid that nobody has confirmed")
            return
        trail.spent.append((voucher, number))
        if len(trail.spent) > trail.intent.quantity:
            self.violated("rule 3", rid, f"{len(trail.spent)} uses are spent, {trail.intent.quantity} were confirmed")
        if trail.ruled is not None and trail.ruled.verdict is not Verdict.REDEEMED:
            self.violated("rule 3", rid, f"a use is spent by a rid that was told {trail.ruled.verdict}")

    def claimed(self, requester: str, store: str, intent: Intent, stores: tuple[str, ...] | None, terms: int) -> None:
        """Check on what a use is spent: who asked for it, the store, the terms and the age of what was confirmed."""
        rid = intent.rid
        trail = self.trails.get(rid)
        offer = self._offers.get(intent.offer or "")
        if stores is not None and store not in stores:
            self.violated("rule 4", rid, f"spent in {store}, where the voucher is not valid")
        if trail is None or offer is None:
            return
        if trail.intent != intent or trail.requester != requester:
            self.violated("rule 2", rid, "what is spent is not what was confirmed")
        if store != offer.store:
            self.violated("rule 12", rid, f"offered in {offer.store}, spent in {store}")
        if offer.terms != terms:
            self.violated("rule 4", rid, "spent on other terms than were offered")
        first = min((at for at, _ in trail.gateways.values()), default=offer.at)
        if first - offer.at > OFFER_S * SLACK:
            self.violated("rule 4", rid, "spent on an offer older than 60 s")

    def prechecking(self, rid: str, number: int) -> None:
        """Note that the owner asks a platform what a code is worth."""
        self._prechecks[rid, number] = self._world.now

    def prechecked(self, rid: str, number: int) -> None:
        """Note which precheck's answer the owner is about to act upon."""
        self._acting_on[rid] = self._prechecks[rid, number]

    def consuming(self, rid: str, attempt: int, *, on_disk: int) -> None:
        """Check a consume that leaves."""
        asked_at = self._acting_on.get(rid)
        if on_disk < attempt:
            self.violated("rule 5", rid, "a consume leaves before its number is on disk")
        if asked_at is None:
            self.violated("rule 5", rid, "a consume leaves without a precheck")
        elif attempt == 1 and self._world.now - asked_at > QUERY_S * SLACK:
            self.violated("rule 5", rid, "a consume leaves on a stale precheck")

    def ruled(self, answer: Answer, uses_left: int | None = None) -> None:
        """Check an end that the owner records; ``uses_left`` of the voucher that it is about."""
        rid = answer.rid
        trail = self.trails.get(rid)
        if trail is None:
            return
        if trail.ruled is not None and trail.ruled.verdict is not answer.verdict:
            self.violated("rule 2", rid, f"first {trail.ruled.verdict}, then {answer.verdict}")
        if trail.told is not None and trail.told is not answer.verdict:
            self.violated("rule 11", rid, f"{trail.told} was told, now {answer.verdict} is ruled")
        trail.ruled = answer
        self.advance(rid, State.RULED)
        redeems = trail.intent.action is Action.REDEEM
        if redeems and answer.verdict is Verdict.REDEEMED:
            self.redeemed += 1
            if len(trail.spent) != trail.intent.quantity:
                self.violated("rule 3", rid, f"redeemed, but {len(trail.spent)} uses are spent")
        elif trail.spent:
            self.violated("rule 3", rid, f"{answer.verdict}, but a use is spent")
        target = self.trails.get(trail.intent.undoes or "")
        if answer.verdict is Verdict.UNDONE and (target is None or target.undone_by != rid):
            self.violated("rule 10", rid, "undone, but the uses are not given back")
        if answer.verdict in _ALL_USED and uses_left is not None and uses_left > 0:
            self.violated("rule 3", rid, f"{answer.verdict}, but {uses_left} uses are left")

    def books_put_back(self, known: set[str], holders: dict[tuple[str, int], str], undone: set[str]) -> None:
        """Note that the owner's books are an older copy now, which holds these rids, spent uses and undone rids alone.

        What they have forgotten is not forgotten by those who were told.
        """
        self.holders = dict(holders)
        for rid, trail in self.trails.items():
            if rid not in known and trail.ruled is not None:
                trail.forget()
                trail.spent = []
            if trail.undone_at is not None and rid not in undone:
                trail.undone_at = trail.undone_by = None

    def cases_put_back(self, ended: set[str]) -> None:
        """Note that the books hold the ends of these rids alone; what a platform has consumed stays consumed."""
        for rid, trail in self.trails.items():
            if rid not in ended:
                trail.forget()

    def taken_up(self, answer: Answer) -> None:
        """Note that the owner has taken back what it had ruled."""
        trail = self.trails.get(answer.rid)
        if trail is not None:
            if trail.forgotten is not None and trail.forgotten.verdict is not answer.verdict:
                self.violated("rule 11", answer.rid, f"{trail.forgotten.verdict} comes back as {answer.verdict}")
            trail.ruled = answer
            self.advance(answer.rid, State.RULED)
            if answer.undone_by is not None:
                trail.undone_at, trail.undone_by = self._world.now, answer.undone_by

    def close(self) -> None:
        """Check, once all is calm, that everyone who saw green saw the truth."""
        for rid, trail in self.trails.items():
            if trail.green and not trail.spent and trail.undone_at is None:
                self.violated("rule 11", rid, "green was shown, but in the end no use is spent by this rid")

    def undone(self, undo: str, rid: str) -> None:
        """Clear the registers of a rid, because its undo is recorded."""
        trail = self.trails.get(rid)
        if trail is None:
            self.violated("rule 10", undo, "an undo of a rid that nobody has confirmed")
            return
        if trail.undone_at is not None:
            self.violated("rule 10", undo, "a redemption is undone twice")
        trail.undone_at, trail.undone_by = self._world.now, undo
        for use in trail.spent:
            self.holders.pop(use, None)

    def said(self, answer: Answer) -> None:
        """Check a word of the owner that leaves it."""
        if answer.undone_by is None:
            self._said_at[answer.rid] = self._world.now
        trail = self.trails.get(answer.rid)
        if not answer.final or trail is None:
            return
        if trail.ruled is None or trail.ruled.verdict is not answer.verdict:
            self.violated("rule 2", answer.rid, f"{answer.verdict} is said, {trail.ruled and trail.ruled.verdict} was")
        if trail.undone_at is not None and answer.undone_by is None:
            self.violated("rule 10", answer.rid, "an undone redemption is answered as if it stood")

    # --- what people see ----------------------------------------------------------------------------------------------

    def heard(self, answer: Answer, run: int) -> None:
        """Check an answer that has reached who asked."""
        trail = self.trails.get(answer.rid)
        if trail is not None and answer.undone_by is not None:
            trail.told_undone = run
        if trail is not None and answer.final:
            trail.told = answer.verdict
        self.agrees(answer)

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

    def shown(self, view: View, ticket: Ticket | None, run: int) -> None:
        """Check a view that names a rid, and the kiosk's ticket of it."""
        rid, verdict = view.rid or "none", view.verdict
        trail = self.trails.get(rid)
        if trail is not None and verdict is Verdict.ACCEPTED_OFFLINE:
            trail.accepted = True
        if view.light.colour is Colour.GREEN:
            answer = None if ticket is None else ticket.request.answer
            self.green(rid, answer, run, parked=ticket is None or ticket.parked)
        elif trail is not None and verdict is Verdict.REDEEMED and trail.told_undone == run:
            self.violated("rule 10", rid, "an undone redemption is shown as if it stood")
        elif trail is not None and trail.spent and verdict not in _NO_REFUSAL:
            self.violated("rule 9", rid, f"{verdict} is shown, but a use is spent")

    def green(self, rid: str, answer: Answer | None, run: int, *, parked: bool = False) -> None:
        """Check that success may be shown for this rid, on this answer."""
        trail = self.trails.get(rid)
        if trail is not None:
            trail.green = True
        if trail is None or answer is None or not (trail.spent or trail.forgotten):
            self.violated("rule 3", rid, "green without a use that this rid has spent")
        elif trail.ruled is None and trail.forgotten is None:
            self.violated("rule 8", rid, "green, but the owner has not ruled")
        elif run != trail.run or parked:
            self.violated("rule 9", rid, "green though the customer may be gone")
        elif self._is_stale(answer, TO_REQUESTER_S) or trail.told_undone == run:
            self.violated("rule 10", rid, "green for a redemption that was undone")
