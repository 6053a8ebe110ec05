"""A gateway's counter for pages in a history: what ``gateway.webcounter`` does with calls over HTTP, by the same rules.

Each call hears one answer: the owner's end of its redemption, after a while that it is pending, or what this gateway
says of the call itself, which ends nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway import binding
from gateway.callers import NotNow, first_word
from gateway.webcounter import PATIENCE_S
from protocol import relay as machine
from protocol.messages import Action, Answer, Confirm, Notice
from protocol.relay import Relay, Reply
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from gateway.binding import Bound
    from protocol.messages import Intent, Resolve
    from simulator.histories.gateway import Gateway
    from simulator.histories.net import Question

#: What a call is answered with that can be taken by nobody, as a 404 is.
UNKNOWN = NotNow("no redemption under this id is known here")


class WebCounter:
    """The calls of one run of a gateway that wait for an answer."""

    def __init__(self, gateway: Gateway) -> None:
        """Keep the gateway that it belongs to."""
        self._gateway = gateway
        self._waiting: dict[str, list[Question]] = {}

    def take(self, bound: Bound, message: Confirm | Resolve, call: Question) -> None:
        """Take a call; its answer comes when there is one."""
        gateway, intent = self._gateway, message.intent
        store = self._store(bound, message)
        if store is None:
            call.answer(UNKNOWN)
            return
        offer = gateway.seal.open(intent.offer) if intent.offer else None
        asked = Relay(requester=bound.identity, store=store, intent=intent, terms=offer.terms if offer else 0)
        known = gateway.known(intent.rid)
        said = first_word(gateway.standing, known, asked)
        if said is None:
            said = self._step(bound, known, asked, message)
        if said is not None:
            self._say(call, said)
            return
        self._waiting.setdefault(intent.rid, []).append(call)
        gateway.after(PATIENCE_S, self._pends, intent.rid, call)

    def ended(self, answer: Answer) -> None:
        """Answer the calls that wait for this end."""
        if answer.final:
            for call in self._waiting.pop(answer.rid, ()):
                call.answer(answer)

    def _pends(self, rid: str, call: Question) -> None:
        if call in self._waiting.get(rid, ()):
            self._waiting[rid].remove(call)
            call.answer(Answer(rid=rid, verdict=Verdict.PENDING, final=False))

    def _step(
        self, bound: Bound, known: Relay | None, asked: Relay, message: Confirm | Resolve
    ) -> Answer | Notice | None:
        """Carry out what the machine does with a call; return what can be said at once."""
        gateway, now = self._gateway, self._gateway.clock.now()
        if isinstance(message, Confirm):
            step = machine.take_confirm(known, asked, self._objection(bound, message.intent), now)
        else:
            gateway.oracle.resolving(gateway.name, gateway.runs, message.intent.rid)
            step = machine.take_resolve(known, asked, message.reason, now)
        match step[1]:
            case (Reply(message=said),):
                return said
        gateway.follow(step)
        return None

    def _objection(self, bound: Bound, intent: Intent) -> str | None:
        if intent.action is Action.UNDO:
            return None
        gateway = self._gateway
        offer = gateway.seal.open(intent.offer) if intent.offer else None
        objection = binding.objection_to_redeem(intent, offer, bound, gateway.seal, gateway.clock.now())
        return objection or gateway.promised(intent)

    def _store(self, bound: Bound, message: Confirm | Resolve) -> str | None:
        """Return the store that a call is about; None for an undo of what this gateway does not know, but to end it."""
        target = self._gateway.known(message.intent.undoes) if message.intent.undoes else None
        if message.intent.action is Action.UNDO and target is not None:
            return target.store
        return None if message.intent.action is Action.UNDO and isinstance(message, Confirm) else bound.store.id

    def _say(self, call: Question, said: Answer | Notice | NotNow) -> None:
        if isinstance(said, Answer):
            self._gateway.oracle.handed(said)
        call.answer(said)
