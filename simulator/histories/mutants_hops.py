"""The rules of kiosk, page and gateway broken on purpose, one at a time."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from device.counter import redeeming, results
from gateway import binding
from protocol import relay, requester
from protocol.messages import Answer, Confirm, Intent, Notice
from protocol.relay import Ask, Relay, Reply
from protocol.requester import Request
from protocol.upstream import AskRedeem, Looked
from protocol.values import replace
from protocol.vocabulary import Verdict
from simulator.histories.mutant import broken, for_ever

if TYPE_CHECKING:
    from device.counter.states import Counter, Ticket
    from gateway.offers import Offer
    from simulator.histories.mutant import Change, Whatever


def _aborted(rid: str) -> Answer:
    return Answer(rid=rid, verdict=Verdict.ABORTED, final=True)


# --- requester ----------------------------------------------------------------------------------------------------


def _sent_before_written(confirm: Whatever) -> Whatever:
    def mutant(intent: Intent, now: float) -> requester.Step:
        request, (write, send) = confirm(intent, now)
        return request, (send, write)

    return mutant


def _new_rid_on_retry(send: Whatever) -> Whatever:
    def mutant(request: Request, now: float) -> requester.Step:
        request, effects = send(request, now)
        fresh = hashlib.sha256(f"{request.rid}{now}".encode()).hexdigest()[:32]
        again = [
            requester.Send(Confirm(intent=msgspec.structs.replace(request.intent, rid=fresh)))
            if isinstance(effect.message, Confirm)
            else effect
            for effect in effects
        ]
        return request, again

    return mutant


def _silence_is_failure(tick: Whatever) -> Whatever:
    def mutant(request: Request, now: float) -> requester.Step:
        if request.is_open and request.asking_until is not None and now >= request.asking_until:
            ended = replace(request, answer=_aborted(request.rid))
            return ended, (requester.Write(ended),)
        return tick(request, now)  # type: ignore[no-any-return]

    return mutant


def _asks_after_restart(_: Whatever) -> Whatever:
    def mutant(intent: Intent, now: float, _: object = None, **_rest: object) -> requester.Step:
        request = Request(intent=intent, asking_until=now + requester.ASKING_S, send_at=now + requester.REPEAT_S)
        return request, (requester.Send(Confirm(intent=intent)),)

    return mutant


def _asks_after_giving_up(_: Whatever) -> Whatever:
    def mutant(request: Request, now: float, reason: str) -> requester.Step:
        return replace(request, reason=reason, send_at=now), ()

    return mutant


# --- relay --------------------------------------------------------------------------------------------------------


def _ask_before_write(take: Whatever) -> Whatever:
    def mutant(*args: object, **kwargs: object) -> relay.Step:
        row, effects = take(*args, **kwargs)
        return row, sorted(effects, key=lambda effect: not isinstance(effect, Ask))

    return mutant


def _gateway_aborts(take: Whatever) -> Whatever:
    def mutant(known: Relay | None, asked: Relay, reason: str | None, now: float) -> relay.Step:
        if known is not None:
            return take(known, asked, reason, now)  # type: ignore[no-any-return]
        ended = replace(asked, closed=True, answer=_aborted(asked.intent.rid))
        return ended, (relay.Write(ended), Reply(_aborted(asked.intent.rid)))

    return mutant


def _silence_aborts(_: Whatever) -> Whatever:
    def mutant(row: Relay, now: float) -> relay.Step:
        del now
        ended = replace(row, flying=False, retry_at=None, answer=_aborted(row.intent.rid))
        return ended, (relay.Write(ended, durable=False), Reply(_aborted(row.intent.rid)))

    return mutant


def _notice_ends(heard: Whatever) -> Whatever:
    def mutant(row: Relay, answer: Answer | Notice, now: float) -> relay.Step:
        return heard(row, _aborted(row.intent.rid) if isinstance(answer, Notice) else answer, now)  # type: ignore[no-any-return]

    return mutant


def _relays_after_restart(_: Whatever) -> Whatever:
    def mutant(row: Relay, now: float) -> relay.Step:
        again = replace(row, asking_until=now + relay.ASKING_S, flying=True)
        return again, (Ask(AskRedeem(requester=row.requester, store=row.store, intent=row.intent, terms=row.terms)),)

    return mutant


def _relays_after_resolve(again: Whatever) -> Whatever:
    def mutant(known: Relay, asked: Relay, **rest: object) -> relay.Step:
        return again(known, asked, **{**rest, "close": False})  # type: ignore[no-any-return]

    return mutant


def _repeats_record(_: Whatever) -> Whatever:
    return lambda known, answer, now: (known, (Reply(answer),))  # noqa: ARG005


# --- binding ------------------------------------------------------------------------------------------------------


def _any_store(objection: Whatever) -> Whatever:
    def mutant(intent: Intent, offer: Offer | None, bound: binding.Bound, *rest: object) -> str | None:
        here = None if offer is None else msgspec.structs.replace(offer, store=bound.store.id)
        return objection(intent, here, bound, *rest)  # type: ignore[no-any-return]

    return mutant


def believes_looks(_: Whatever) -> Whatever:
    """Break the gateway's half of the store binding."""

    def mutant(looked: Looked, bound: binding.Bound) -> Verdict:
        del bound
        return looked.verdict

    return mutant


# --- counter ------------------------------------------------------------------------------------------------------


def _green_after_restart(show: Whatever) -> Whatever:
    def mutant(counter: Counter, ticket: Ticket, now: float, *, on_screen: bool) -> Counter:
        return show(counter, replace(ticket, confirmed_here=True), now, on_screen=on_screen)  # type: ignore[no-any-return]

    return mutant


def _green_after_parking(show: Whatever) -> Whatever:
    def mutant(counter: Counter, ticket: Ticket, now: float, *, on_screen: bool) -> Counter:
        del on_screen
        return show(counter, replace(ticket, parked=False), now, on_screen=True)  # type: ignore[no-any-return]

    return mutant


def _show_ended(change: Whatever) -> tuple[Change, Change]:
    return (results, "show_ended", change), (redeeming, "show_ended", change)


HOPS = (
    broken("the intent is sent before it is written", 1, (requester, "confirm", _sent_before_written)),
    broken("a retry mints a new rid", 1, (requester, "_send", _new_rid_on_retry)),
    broken("the gateway relays before its journal is durable", 1, (relay, "take_confirm", _ask_before_write)),
    broken("the offer's age is not checked", 4, (binding, "VALID_S", for_ever)),
    broken("time-out counts as failure at the kiosk", 8, (requester, "tick", _silence_is_failure)),
    broken("time-out counts as failure at the gateway", 8, (relay, "unheard", _silence_aborts)),
    broken("a notice ends a rid", 8, (relay, "heard", _notice_ends)),
    broken("the gateway aborts an unknown rid", 8, (relay, "take_resolve", _gateway_aborts)),
    broken("REQ relayed after the gateway's restart", 8, (relay, "restart", _relays_after_restart)),
    broken("REQ relayed after RESOLVE", 8, (relay, "_again", _relays_after_resolve)),
    broken("REQ relayed for ever", 8, (relay, "ASKING_S", for_ever)),
    broken("the requester sends REQ after its restart", 8, (requester, "restart", _asks_after_restart)),
    broken("the requester sends REQ after giving up", 8, (requester, "give_up", _asks_after_giving_up)),
    broken("the requester sends REQ for ever", 8, (requester, "ASKING_S", for_ever)),
    broken("green after a restart", 9, *_show_ended(_green_after_restart)),
    broken("green for what was given up", 9, *_show_ended(_green_after_parking)),
    broken("green for what was undone", 10, (results, "verdict_of", lambda _: lambda answer: answer.verdict)),
    broken("the gateway repeats a success from its own record", 10, (relay, "_repeat", _repeats_record)),
    broken("an offer of another store is taken", 12, (binding, "objection_to_redeem", _any_store)),
)
