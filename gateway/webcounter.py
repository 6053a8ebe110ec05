"""The gateway's own counter: what is typed on the manager's page, or asked by a till over the same HTTP interface.

Who asks is a requester like a kiosk, under the gateway's own identity. The caller brings the rid, repeats it where it
got no answer, and asks only for its end once ten seconds have passed (rule 8); a page that is closed leaves an open
request behind, which the gateway brings to its end and lists.
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING

from gateway.binding import Bound, objection_to_redeem
from gateway.callers import TOO_MANY, NotNow, first_word
from gateway.limits import FRUITLESS_A_MINUTE, Limit
from gateway.standing import HINT
from protocol.messages import Action, Answer, Intent, Look, Notice, Offered, Refused
from protocol.relay import Relay
from protocol.vocabulary import Verdict
from service.clock import since_boot_s

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.looks import Looks
    from gateway.offers import Offer, Seal
    from gateway.places import Store
    from gateway.relays import Relays
    from gateway.standing import Standing
    from protocol.messages import Method

#: How long one HTTP call waits for the end of a redemption; after that the caller is told that it is pending.
PATIENCE_S = 8.0


class WebCounter:
    """Looks, redeems and undoes for people and programs at the gateway's own page."""

    def __init__(
        self,
        standing: Standing,
        looks: Looks,
        relays: Relays,
        seal: Seal,
        clock: Callable[[], float] = since_boot_s,
    ) -> None:
        """Keep the parts; the counter's identity is the gateway's own."""
        self.identity = standing.identity
        self._standing = standing
        self._looks = looks
        self._relays = relays
        self._seal = seal
        self._clock = clock
        self._numbers = itertools.count(1)
        self._fruitless = Limit(FRUITLESS_A_MINUTE)

    async def look(self, store: Store, code: str, method: Method, clerk: str | None) -> Offered | Refused | Notice:
        """Return what a code is worth in a store."""
        if self._standing.stopped:
            return Notice(verdict=Verdict.FAULT, hint=HINT)
        look = Look(look=next(self._numbers), boot=self._seal.boot, code=code, method=method, clerk=clerk)
        return await self._looks.answer(Bound(self.identity, store), look)

    async def redeem(self, store: Store, intent: Intent) -> Answer | Notice | NotNow:
        """Redeem what was offered; the answer is pending where it takes long, and the same call then asks again."""
        bound, offer = Bound(self.identity, store), self._offer(intent)
        objection = objection_to_redeem(intent, offer, bound, self._seal, self._clock())
        asked = self._asked(store.id, intent, offer)
        voucher = offer.voucher if offer else None
        return await self._outcome(
            asked, partial(self._relays.confirm, asked, objection, voucher), fruitless=objection is not None
        )

    async def undo(
        self, rid: str, undoes: str, reason: str, method: Method, clerk: str | None
    ) -> Answer | Notice | NotNow | None:
        """Undo a redemption of this gateway under an undo's own rid; None where the gateway knows none to undo."""
        target = self._redemption(undoes)
        if target is None:
            return None
        intent = Intent(rid=rid, action=Action.UNDO, undoes=undoes, reason=reason, method=method, clerk=clerk)
        asked = self._asked(target.store, intent)
        return await self._outcome(asked, partial(self._relays.confirm, asked, None), fruitless=False)

    async def resolve(self, store: str, intent: Intent, reason: str | None) -> Answer | Notice | NotNow:
        """Bring a redemption or an undo to its end, without beginning anything; answers as those do.

        ``store`` is where it was asked for: it counts only where the rid is not known here (rule 12).
        """
        asked = self._asked(store, intent, self._offer(intent))
        return await self._outcome(asked, partial(self._relays.resolve, asked, reason), fruitless=True)

    def store_of(self, undoes: str) -> str | None:
        """Return the store of a redemption that is to be undone; None where this gateway knows no such redemption."""
        target = self._redemption(undoes)
        return None if target is None else target.store

    def settle(self, rid: str, *, handed_over: bool) -> bool:
        """Record a person's word on whether the goods were handed over, whosever request it was; False: unknown rid."""
        relay = self._relays.known(rid)
        return relay is not None and self._relays.settle(relay.requester, rid, handed_over=handed_over)

    async def _outcome(
        self, asked: Relay, take: Callable[[], Answer | Notice | None], *, fruitless: bool
    ) -> Answer | Notice | NotNow:
        """Take a request, unless something else has to be said first, and wait a while for its end."""
        rid = asked.intent.rid
        known = self._relays.known(rid, asked.intent)
        said = first_word(self._standing, known, asked) or self._held_up(known, fruitless=fruitless) or take()
        if said is not None and (not isinstance(said, Answer) or said.final or self._standing.stopped):
            return said
        ended = await self._relays.ended(rid, PATIENCE_S)
        return ended or Answer(rid=rid, verdict=Verdict.PENDING, final=False)

    def _held_up(self, known: Relay | None, *, fruitless: bool) -> NotNow | None:
        """Hold up who fills the journals with what can begin nothing; what is known is always brought to its end."""
        if known is not None or not fruitless:
            return None
        now = self._clock()
        if self._fruitless.reached(self.identity, now):
            return NotNow(TOO_MANY, too_many=True)
        self._fruitless.count(self.identity, now)
        return None

    def _offer(self, intent: Intent) -> Offer | None:
        return self._seal.open(intent.offer) if intent.offer else None

    def _asked(self, store: str, intent: Intent, offer: Offer | None = None) -> Relay:
        """Return the request as it would be journalled; one that was begun here under a former identity is the same."""
        known = self._relays.known(intent.rid)
        requester = known.requester if known and self._standing.is_own(known.requester) else self.identity
        return Relay(requester=requester, store=store, intent=intent, terms=offer.terms if offer else 0)

    def _redemption(self, rid: str) -> Relay | None:
        relay = self._relays.known(rid)
        return relay if relay is not None and relay.intent.action is Action.REDEEM else None
