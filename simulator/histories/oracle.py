"""Watches a whole history, knows what no party knows, and says which rule of docs/redemption.md was broken.

Every use of a voucher is a register that is written once and cleared by a recorded undo alone. Everything that anybody
was told or shown of a rid is held against it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.messages import Action, Answer
from protocol.platform import QUERY_S
from protocol.vocabulary import Colour, Verdict
from simulator.histories.faults import State
from simulator.histories.watch import SLACK, TO_REQUESTER_S
from simulator.histories.watch_hops import HopWatch

if TYPE_CHECKING:
    from device.counter.states import Ticket
    from device.view import View
    from protocol.messages import Intent
    from simulator.histories.world import World

#: Longest age of a confirmed offer when its gateway takes the confirm, seconds.
OFFER_S = 60.0
#: The party that redeems outside this chain's counters.
ELSEWHERE = "elsewhere"

_ALL_USED = frozenset({Verdict.ALREADY_REDEEMED, Verdict.USES_EXHAUSTED})
_NO_REFUSAL = frozenset({Verdict.PENDING, Verdict.REDEEMED, Verdict.UNDONE, Verdict.ACCEPTED_OFFLINE})


class Oracle(HopWatch):
    """Keeps the registers and the trails. ``violations`` stays empty, or the protocol is wrong."""

    def __init__(self, world: World) -> None:
        """Begin to watch a world."""
        super().__init__(world)
        self._prechecks: dict[tuple[str, int], float] = {}
        self._acting_on: dict[str, float] = {}

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
        offer = self.offers.get(intent.offer or "")
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
        first = min((at for at, _ in trail.gateways.values()), default=self.world.now)
        if first - offer.at > OFFER_S * SLACK:
            self.violated("rule 4", rid, "spent on an offer older than 60 s")

    def booked(self, intent: Intent, store: str) -> None:
        """Check in which store a use is booked that a gateway has spent by itself, whoever brings word of it."""
        offer = self.offers.get(intent.offer or "")
        if offer is not None and store != offer.store:
            self.violated("rule 12", intent.rid, f"offered in {offer.store}, booked in {store}")

    def prechecking(self, rid: str, number: int) -> None:
        """Note that the owner asks a platform what a code is worth."""
        self._prechecks[rid, number] = self.world.now

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
        elif attempt == 1 and self.world.now - asked_at > QUERY_S * SLACK:
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
                trail.undo_forgotten = True

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
                trail.undone_at, trail.undone_by = self.world.now, answer.undone_by

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
        trail.undone_at, trail.undone_by = self.world.now, undo
        for use in trail.spent:
            self.holders.pop(use, None)

    def said(self, answer: Answer) -> None:
        """Check a word of the owner that leaves it."""
        if answer.undone_by is None:
            self.said_at[answer.rid] = self.world.now
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
        elif self.is_stale(answer, TO_REQUESTER_S) or trail.told_undone == run:
            self.violated("rule 10", rid, "green for a redemption that was undone")
