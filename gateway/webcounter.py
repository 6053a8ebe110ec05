"""The gateway's own counter: what is typed on the manager's page, or asked by a till over the same HTTP interface.

It is a requester like a kiosk, under the gateway's own identity. The caller brings the rid and repeats it where it got
no answer; a page that is closed leaves an open request behind, which the gateway brings to its end and lists.
"""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

from gateway.binding import Bound, objection_to_redeem
from gateway.standing import HINT
from protocol.messages import Action, Answer, Intent, Look, Notice, Offered, Refused
from protocol.relay import Relay
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.looks import Looks
    from gateway.offers import Seal
    from gateway.places import Store
    from gateway.relays import Relays
    from gateway.standing import Standing
    from protocol.messages import Method

#: How long one HTTP call waits for the end of a redemption; after that the caller is told that it is pending.
PATIENCE_S = 8.0
NOT_MET = "this gateway has just started and reaches nobody yet: nothing was begun, try again"


class WebCounter:
    """Looks, redeems and undoes for people and programs at the gateway's own page."""

    def __init__(
        self,
        standing: Standing,
        looks: Looks,
        relays: Relays,
        seal: Seal,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep the parts; the counter's identity is the gateway's own."""
        self.identity = standing.identity
        self._standing = standing
        self._looks = looks
        self._relays = relays
        self._seal = seal
        self._clock = clock
        self._numbers = itertools.count(1)

    async def look(self, store: Store, code: str, method: Method, clerk: str | None) -> Offered | Refused | Notice:
        """Return what a code is worth in a store."""
        if self._standing.stopped:
            return Notice(verdict=Verdict.FAULT, hint=HINT)
        look = Look(look=next(self._numbers), boot=self._seal.boot, code=code, method=method, clerk=clerk)
        return await self._looks.answer(Bound(self.identity, store), look)

    async def redeem(self, store: Store, intent: Intent) -> Answer | Notice:
        """Redeem what was offered; the answer is pending where it takes long, and the same call then asks again."""
        bound = Bound(self.identity, store)
        offer = self._seal.open(intent.offer) if intent.offer else None
        objection = objection_to_redeem(intent, offer, bound, self._seal, self._clock())
        asked = Relay(requester=self.identity, store=store.id, intent=intent, terms=offer.terms if offer else 0)
        return await self._outcome(asked, objection, offer.voucher if offer else None)

    async def undo(
        self, rid: str, undoes: str, reason: str, method: Method, clerk: str | None
    ) -> Answer | Notice | None:
        """Undo a redemption of this gateway under an undo's own rid; None where the gateway knows none to undo."""
        target = self._relays.known(undoes)
        if target is None or target.intent.action is not Action.REDEEM:
            return None
        intent = Intent(rid=rid, action=Action.UNDO, undoes=undoes, reason=reason, method=method, clerk=clerk)
        asked = Relay(requester=self.identity, store=target.store, intent=intent)
        return await self._outcome(asked, None, None)

    def settle(self, rid: str, *, handed_over: bool) -> bool:
        """Record a person's word on whether the goods were handed over, whosever request it was; False: unknown rid."""
        relay = self._relays.known(rid)
        return relay is not None and self._relays.settle(relay.requester, rid, handed_over=handed_over)

    async def _outcome(self, asked: Relay, objection: str | None, voucher: str | None) -> Answer | Notice:
        rid = asked.intent.rid
        if self._standing.stopped:
            return Notice(verdict=Verdict.FAULT, rid=rid, hint=HINT)
        if not self._standing.met and self._relays.known(rid) is None:
            return Notice(verdict=Verdict.FAULT, rid=rid, hint=NOT_MET)
        said = self._relays.confirm(asked, objection, voucher)
        if isinstance(said, Notice) or (said is not None and said.final):
            return said
        ended = await self._relays.ended(rid, PATIENCE_S)
        return ended or Answer(rid=rid, verdict=Verdict.PENDING, final=False)
