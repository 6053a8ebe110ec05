"""A platform in a history: it sells cards, is asked and told to consume them, and lets nobody take that back.

Its answers come from a replica that may lag, get lost or come late; a consume may land long after nobody waits for it
any more; it knows no request key; and the event that says who consumed a card may be late or lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from protocol.messages import Detail
from protocol.platform import Seen
from protocol.vocabulary import Verdict
from simulator.histories.oracle import ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.platform import Case
    from simulator.histories.party import Stage

#: How often a platform tells what was not taken, and how long it waits in between, seconds.
TELLS, TOLD_AGAIN_S = 20, 10.0


@dataclass(slots=True)
class Card:
    """One card: what it was sold with, and when its uses were consumed."""

    name: str
    uses: int
    stores: tuple[str, ...] | None
    withdrawn_at: float = float("inf")
    consumed_at: list[float] = field(default_factory=list)

    def left(self, at: float) -> int:
        """Return how many uses were left at a time."""
        return self.uses - sum(moment <= at for moment in self.consumed_at)


class Platform:
    """The platform's servers."""

    def __init__(self, stage: Stage) -> None:
        """Begin without cards."""
        self._world = stage.world
        self._oracle = stage.oracle
        self._faults = stage.faults
        self.cards: dict[str, Card] = {}
        """Cards by their codes; one card can have two."""
        self.refuses_until = 0.0
        self.report: Callable[[str, bool], bool] = lambda _card, _ours: True
        """Gets the events: which card was consumed, and whether by this chain; returns whether it was taken."""

    def seen(self, code: str, store: str, quantity: int, rid: str | None) -> Seen | None:
        """Answer a query from a replica; None for a code that was never sold."""
        card = self.cards.get(code)
        if card is None:
            return None
        at = self._world.now - self._faults.lag(rid)
        detail = Detail(uses_left=card.left(at)) if card.uses > 1 else Detail()
        verdict = self._verdict(card, store, quantity, at)
        return Seen(verdict=verdict, voucher=card.name, uses=card.uses, detail=detail)

    def consume(self, case: Case, *, driven: bool = False) -> Verdict:
        """Consume a card for good; REDEEMED, or why not. ``driven``: it was lost, and is driven forward."""
        card = self.cards[case.intent.code or ""]
        if self._world.now < self.refuses_until:
            return Verdict.RISK_CONTROL
        # The platform knows nothing of stores: those are the chain's own rule.
        verdict = self._verdict(card, None, case.intent.quantity, self._world.now)
        if verdict is not Verdict.REDEEMABLE:
            return verdict
        if not driven:
            self._oracle.claimed(case.requester, case.store, case.intent, card.stores, 1)
        self._spend(card, case.intent.quantity, case.rid)
        return Verdict.REDEEMED

    def consume_elsewhere(self, code: str) -> None:
        """Let somebody else consume a card: the customer, at another merchant's counter."""
        card = self.cards[code]
        if card.left(self._world.now) > 0:
            self._spend(card, 1, ELSEWHERE)

    def _spend(self, card: Card, quantity: int, rid: str) -> None:
        self._world.tell("platform", "consumes %s of %s for %s", quantity, card.name, rid[:4])
        for _ in range(quantity):
            card.consumed_at.append(self._world.now)
            self._oracle.spent(rid, card.name, len(card.consumed_at))
        delay = self._faults.event_delay(None if rid == ELSEWHERE else rid)
        if delay is not None:
            self._world.at(self._world.now + delay, self.tell, card.name, rid != ELSEWHERE, TELLS)

    def tell(self, card: str, ours: bool, tells: int) -> None:  # noqa: FBT001 - as it is handed on
        """Tell that a card was consumed, and again until that is taken, so often at the most."""
        if not self.report(card, ours) and tells > 1:
            self._world.at(self._world.now + TOLD_AGAIN_S, self.tell, card, ours, tells - 1)

    @staticmethod
    def _verdict(card: Card, store: str | None, quantity: int, at: float) -> Verdict:
        left = card.left(at)
        if left <= 0:
            return Verdict.ALREADY_REDEEMED if card.uses == 1 else Verdict.USES_EXHAUSTED
        if at >= card.withdrawn_at:
            return Verdict.INVALIDATED
        if store is not None and card.stores is not None and store not in card.stores:
            return Verdict.WRONG_STORE
        return Verdict.REDEEMABLE if quantity <= left else Verdict.NOT_ENOUGH_USES
