"""A redemption from OK to its end, by the requester's machine: minted, sent, pending, answered, given up or resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from device.counter.effects import Accept, Conclude, Effect, Forgo, Ignored, Mint, Park, Send
from device.counter.events import AcceptFailed, ForgoFailed, MintFailed
from device.counter.results import (
    mark_undone,
    settle,
    show_accepted,
    show_ended,
    show_result,
    show_together,
    verdict_of,
)
from device.counter.states import (
    Counter,
    Kept,
    Manner,
    Offering,
    Outcome,
    Pending,
    Result,
    Step,
    Ticket,
    Undoing,
    enter,
    rest,
    with_ticket,
    without_ticket,
)
from device.ports import Button
from protocol import requester
from protocol.ids import code_tail, rid_from, rids_from
from protocol.messages import Action, Intent, Method
from protocol.requester import Request
from protocol.values import replace
from protocol.vocabulary import UNDECIDED, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from device.counter.events import NotWritten
    from protocol.messages import Answer, Notice


def redeem(counter: Counter, phase: Offering, entropy: bytes, now: float, amount: int | None = None) -> Step:
    """Begin what the clerk has just confirmed, with what was received where that was asked, in fen.

    Several vouchers of one order are redeemed under a rid each; the screen waits for them all.
    """
    several = bool(phase.offer.others) and phase.quantity > 1
    picked = [(phase.code, phase.offer.offer)]
    picked += [(other.code, other.offer) for other in phase.offer.others[: phase.quantity - 1]]
    rids, effects = rids_from(entropy, len(picked)), list[Effect]()
    for rid, (code, offer) in zip(rids, picked, strict=True):
        intent = Intent(
            rid=rid,
            code=code,
            quantity=1 if several else phase.quantity,
            offer=offer,
            method=phase.method,
            clerk=counter.clerk,
            amount=amount,
            approver=phase.offer.approver,
        )
        request, wanted = requester.confirm(intent, now)
        group = rids[0] if several else None
        ticket = Ticket(request=request, tail=code_tail(code), group=group, confirmed_here=True)
        counter = with_ticket(counter, ticket)
        effects += _carried(wanted)
    if counter.clerk_each:
        counter = replace(counter, on_duty=None)
    return _await(counter, rids[0], now), tuple(effects)


def undo(counter: Counter, phase: Undoing, entropy: bytes, now: float) -> Step:
    """Begin the undo that the clerk has just confirmed."""
    intent = Intent(
        rid=rid_from(entropy),
        action=Action.UNDO,
        undoes=phase.undoes,
        offer=phase.offer.offer,
        method=Method.TYPED,
        clerk=counter.clerk,
        approver=phase.offer.approver,
        reason=phase.reason,
    )
    request, wanted = requester.confirm(intent, now)
    ticket = Ticket(request=request, tail=phase.offer.detail.code_tail or "", confirmed_here=True)
    return _await(with_ticket(counter, ticket), ticket.rid, now), _carried(wanted)


def not_written(counter: Counter, failed: NotWritten, now: float) -> Counter:
    """Go on without what the journal could not take: what was to follow it has not happened."""
    ticket = counter.ticket(failed.rid)
    match failed:
        case MintFailed(rid=rid):
            return _drop(counter, rid, now)
        case _ if ticket is None:
            return counter
        case ForgoFailed():
            return with_ticket(counter, replace(ticket, request=requester.not_forgone(ticket.request)))
        case AcceptFailed():
            return _wait_on(counter, ticket, now)
        case _:
            assert_never(failed)


def _wait_on(counter: Counter, ticket: Ticket, now: float) -> Counter:
    """Go on waiting for a redemption whose acceptance the journal could not take: the goods stay on the counter.

    The screen has not turned, so nothing is announced. The clerk may give up at once: it may take long.
    """
    if _shows_accepted(counter, ticket):
        counter = replace(counter, phase=Pending(ticket.rid, slow_at=now, choice_at=now, slow=True, choice=True))
    return with_ticket(counter, replace(ticket, request=requester.not_accepted(ticket.request)))


def _drop(counter: Counter, rid: str, now: float) -> Counter:
    """Drop a redemption or undo that the journal could not take: nothing of it has left, so nothing has happened.

    Nor of those that were to follow it at the same press; what came before it has left, and its end is awaited.
    """
    ticket, dropped = counter.ticket(rid), counter
    together = [one.rid for one in counter.confirmed_with(ticket)] if ticket else [rid]
    for late in together[together.index(rid) :]:
        dropped = without_ticket(dropped, late)
    if together[0] != rid:
        return show_result(dropped, Outcome(verdict=Verdict.FAULT, rid=together[0]), now)
    undone = ticket is not None and ticket.request.intent.action is Action.UNDO
    manner = Manner.NOT_UNDONE if undone else Manner.NOTHING_SPENT
    return show_result(dropped, Outcome(verdict=Verdict.FAULT, manner=manner), now)


def restore(counter: Counter, kept: Sequence[Kept], now: float) -> Step:
    """Take up what the journal kept over a restart: of the open ones only the end is asked for."""
    effects: list[Effect] = []
    for one in kept:
        if one.answer is None or not one.answer.final:
            request, wanted = requester.restart(one.intent, now, one.answer, forgone=one.forgone)
            effects += _carried(wanted)
        else:
            request = Request(intent=one.intent, asking_until=None, send_at=now, answer=one.answer)
        ticket = Ticket(request=request, tail=one.tail, confirmed_here=False, parked=one.parked)
        counter = with_ticket(counter, ticket)
    return counter, tuple(effects)


def resume(counter: Counter, now: float) -> Counter:
    """Leave the start: show the redemption that the restart broke off, if there is one, else come to rest."""
    broken_off = [ticket for ticket in counter.still_open if not ticket.parked]
    return _await(counter, broken_off[-1].rid, now) if broken_off else rest(counter, now)


def repeat_due(counter: Counter, now: float) -> Step:
    """Repeat every open request that is due."""
    return _each_open(counter, lambda request: requester.tick(request, now))


def link_back(counter: Counter, now: float) -> Step:
    """Repeat every open request, because the link has come back."""
    return _each_open(counter, lambda request: requester.reconnected(request, now))


def heard(counter: Counter, answer: Answer, now: float) -> Step:
    """Take an answer to a rid: keep it whatever the screen shows, and show it where it is awaited."""
    ticket = counter.ticket(answer.rid)
    if ticket is None:
        return counter, (Ignored(f"answer to rid {answer.rid}, which is not open here"),)
    if answer.final and answer.verdict in UNDECIDED:
        return counter, (Ignored(f"answer to rid {answer.rid} calls {answer.verdict} final"),)
    if not ticket.request.is_open:
        return _heard_again(counter, ticket, answer, now)
    request, wanted = requester.heard(ticket.request, answer)
    ticket = replace(ticket, request=request)
    counter = with_ticket(counter, ticket)
    awaited = isinstance(counter.phase, Pending) and counter.phase.rid == (ticket.group or ticket.rid)
    if request.is_open:
        if awaited and request.accepted is not None and ticket.group is None:
            counter = show_accepted(counter, ticket, answer, now)
        return counter, _carried(wanted)
    counter = replace(counter, tidy_at=now + counter.timing.tidy_s)
    if awaited and ticket.group is not None:
        counter = show_together(counter, ticket, now)
    elif awaited or _shows_accepted(counter, ticket):
        counter = show_ended(counter, ticket, now, on_screen=True)
    elif ticket.handed_over and verdict_of(answer) is Verdict.REDEEMED:
        # What the screen said has come true, and the customer is long gone: there is nothing to ask.
        counter, settled = settle(counter, ticket.rid, now)
        return counter, (*_carried(wanted), *settled)
    return counter, _carried(wanted)


def turned_away(counter: Counter, ticket: Ticket, message: Notice, now: float) -> Step:
    """Ask only how a redemption ended whose REQ its gateway has not taken; that ends no rid."""
    request, wanted = requester.turned_away(ticket.request, now, message.hint or "not taken by its gateway")
    return with_ticket(counter, replace(ticket, request=request)), _carried(wanted)


def tick(counter: Counter, phase: Pending, now: float) -> Step:
    """Say more as the wait grows longer."""
    told = replace(phase, slow=phase.slow or now >= phase.slow_at, choice=phase.choice or now >= phase.choice_at)
    return replace(counter, phase=told), ()


def deadline(phase: Pending) -> float | None:
    """Return when the words of a wait change next; None where only the network or a person can end it."""
    due = [at for at, told in ((phase.slow_at, phase.slow), (phase.choice_at, phase.choice)) if not told]
    return min(due, default=None)


def pressed(counter: Counter, phase: Pending, button: Button, now: float) -> Step:
    """Wait on, or give up: parked, the redemption goes on being asked about while the next customer is served."""
    ticket = counter.ticket(phase.rid)
    if not phase.choice or ticket is None or button not in {Button.OK, Button.CANCEL}:
        return counter, ()  # there is no choice yet, or this is none
    if button is Button.OK:
        return replace(counter, phase=replace(phase, choice=False, choice_at=now + counter.timing.choice_s)), ()
    effects: list[Effect] = []
    still_open = [one for one in counter.confirmed_with(ticket) if one.request.is_open]
    for one in still_open:
        request, wanted = requester.give_up(one.request, now, "given up at the counter")
        counter = with_ticket(counter, replace(one, request=request, parked=True))
        effects += (*_carried(wanted), Park(one.rid))
    first = next(iter(still_open), ticket)
    outcome = Outcome(verdict=Verdict.PENDING, manner=Manner.PARKED, code=first.request.intent.code, rid=first.rid)
    return show_result(counter, outcome, now), tuple(effects)


def _shows_accepted(counter: Counter, ticket: Ticket) -> bool:
    """Whether the screen still says that this redemption was accepted offline."""
    phase = counter.phase
    accepted = isinstance(phase, Result) and phase.outcome.verdict is Verdict.ACCEPTED_OFFLINE
    return isinstance(phase, Result) and accepted and phase.outcome.rid == ticket.rid


def _await(counter: Counter, rid: str, now: float) -> Counter:
    timing = counter.timing
    return enter(counter, Pending(rid, slow_at=now + timing.slow_s, choice_at=now + timing.choice_s))


def _heard_again(counter: Counter, ticket: Ticket, answer: Answer, now: float) -> Step:
    """Take a later word on a redemption that has ended: only that it was undone is news."""
    ended = ticket.request.answer
    if ended is None or answer.undone_by is None or ended.undone_by is not None or answer.verdict is not ended.verdict:
        return counter, ()  # a repeat
    ticket = replace(ticket, request=replace(ticket.request, answer=answer))
    return mark_undone(with_ticket(counter, ticket), ticket, now), (Conclude(answer),)


def _each_open(counter: Counter, turn: Callable[[Request], requester.Step]) -> Step:
    effects: list[Effect] = []
    for ticket in counter.still_open:
        request, wanted = turn(ticket.request)
        if request is not ticket.request:
            counter = with_ticket(counter, replace(ticket, request=request))
        effects += _carried(wanted)
    return counter, tuple(effects)


def _written(request: Request) -> Effect:
    if request.answer is None:
        return Mint(request.intent)
    return Conclude(request.answer) if request.answer.final else Accept(request.answer)


def _carried(wanted: Sequence[requester.Effect]) -> tuple[Effect, ...]:
    """Return the requester's wishes as the counter's own effects."""
    carried: list[Effect] = []
    for wish in wanted:
        match wish:
            case requester.Send(message=message):
                carried.append(Send(message))
            case requester.Write(request=request):
                carried.append(_written(request))
            case requester.Forgo(request=request):
                carried.append(Forgo(request.rid))
            case _:
                assert_never(wish)
    return tuple(carried)
