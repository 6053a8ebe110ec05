"""Answers on the screen, the question that a lost moment leaves behind, and what it takes for either to be settled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from device.counter.effects import Effect, Send, Settle
from device.counter.states import (
    Counter,
    Manner,
    Outcome,
    Question,
    Report,
    Result,
    Step,
    Ticket,
    enter,
    rest,
    with_ticket,
    without_ticket,
)
from device.ports import Button
from protocol.messages import Action, Settled
from protocol.values import replace
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from protocol.messages import Answer

#: A kiosk whose gateway is away for long keeps this many reports in mind; the console asks about the others.
_REPORTS_KEPT = 256


def show_result(counter: Counter, outcome: Outcome, now: float) -> Counter:
    """Show an answer for its time."""
    timing = counter.timing
    brief = outcome.verdict is Verdict.ABORTED and outcome.rid is None  # the clerk knows: it was their own doing
    stands_s = timing.result_min_s if brief else max(timing.result_s, timing.result_min_s)
    return enter(counter, Result(outcome, since=now, until=now + stands_s))


def show_ended(counter: Counter, ticket: Ticket, now: float, *, on_screen: bool) -> Counter:
    """Show how a redemption ended. ``on_screen``: it was what the screen showed when its answer came.

    The only way to green: the answer is ``redeemed``, not undone, to the rid whose OK was pressed in this run and that
    was on the screen ever since. Any other redeemed one is a question, because nobody knows who is standing there.
    """
    answer = ticket.request.answer
    if answer is None:
        return counter  # it has not ended
    verdict = verdict_of(answer)
    if verdict is Verdict.REDEEMED and not (on_screen and ticket.confirmed_here and not ticket.parked):
        return enter(counter, Question(ticket.rid))
    if verdict is Verdict.REDEEMED:
        counter = with_ticket(counter, replace(counter.ticket(ticket.rid) or ticket, green=True))
    manner = Manner.LAPSED if verdict is Verdict.ABORTED and not ticket.parked else Manner.PLAIN
    if ticket.request.intent.action is Action.UNDO and verdict is Verdict.ABORTED:
        manner = Manner.NOT_UNDONE
    if verdict is Verdict.FAULT:
        manner = Manner.DISPUTED
    code = ticket.request.intent.code
    outcome = Outcome(verdict=verdict, detail=answer.detail, manner=manner, code=code, rid=ticket.rid)
    return _unseen(show_result(counter, outcome, now))


def show_together(counter: Counter, ticket: Ticket, now: float) -> Counter:
    """Show how those ended that were confirmed at one press, once all have.

    Green says that all of them are redeemed. Else the screen says what became of the first that is not, and of how many
    the others are; each of these is then asked about, as one is whose success was not shown.
    """
    together = counter.confirmed_with(ticket)
    answers = [one.request.answer for one in together]
    failed = [
        one
        for one, answer in zip(together, answers, strict=True)
        if answer and verdict_of(answer) is not Verdict.REDEEMED
    ]
    if any(one.request.is_open for one in together):
        return counter
    if not failed and answers[0] is not None:
        for one in together:
            counter = with_ticket(counter, replace(one, green=True))
        detail = structs.replace(answers[0].detail, quantity=len(together))
        code = together[0].request.intent.code
        outcome = Outcome(verdict=Verdict.REDEEMED, detail=detail, code=code, rid=together[0].rid)
        return _unseen(show_result(counter, outcome, now))
    counter = show_ended(counter, failed[0], now, on_screen=True)
    phase = counter.phase
    if not isinstance(phase, Result):
        return counter
    count = (len(together) - len(failed), len(together))
    return replace(counter, phase=replace(phase, outcome=replace(phase.outcome, together=count)))


def show_accepted(counter: Counter, ticket: Ticket, answer: Answer, now: float) -> Counter:
    """Show that a redemption was accepted offline: the goods go, its end comes later and is told by nobody's asking.

    Only where OK was pressed in this run and it was on the screen ever since, as with green: nobody else stands there.
    """
    if not ticket.confirmed_here or ticket.parked:
        return counter
    code = ticket.request.intent.code
    outcome = Outcome(verdict=answer.verdict, detail=answer.detail, code=code, rid=ticket.rid)
    return _unseen(show_result(counter, outcome, now))


def verdict_of(answer: Answer) -> Verdict:
    """Return what an answer is shown as: a redemption that was undone is never shown as redeemed."""
    return Verdict.UNDONE if answer.undone_by is not None else answer.verdict


def tick(counter: Counter, phase: Result, now: float) -> Step:
    """Count a result as seen once it has stood its time; take it away at its end."""
    effects: tuple[Effect, ...] = ()
    if phase.unseen and now >= phase.since + counter.timing.result_min_s:
        counter, effects = _seen(counter, phase, now)
    return (rest(counter, now) if now >= phase.until else counter), effects


def deadline(counter: Counter, phase: Result) -> float:
    """Return when a result wants to be ticked next."""
    return min(phase.until, phase.since + counter.timing.result_min_s) if phase.unseen else phase.until


def pressed(counter: Counter, phase: Result, now: float) -> Step:
    """Take any press as "seen"; the result still stands its shortest time."""
    effects: tuple[Effect, ...] = ()
    if phase.unseen:
        counter, effects = _seen(counter, phase, now)
    until = phase.since + counter.timing.result_min_s
    if now >= until:
        return rest(counter, now), effects
    return replace(counter, phase=replace(phase, unseen=False, until=until)), effects


def answer_question(counter: Counter, phase: Question, button: Button, now: float) -> Step:
    """Take the clerk's word on whether it was handed over; any other press leaves the question for later."""
    if button not in {Button.OK, Button.CANCEL}:
        # To the end of the list, so that the others come up too.
        ticket = counter.ticket(phase.rid)
        others = without_ticket(counter, phase.rid)
        return rest(with_ticket(others, ticket) if ticket else others, now, counter.timing.question_pause_s), ()
    settled, effects = settle(counter, phase.rid, now, handed_over=button is Button.OK)
    return rest(settled, now), effects


def settle(counter: Counter, rid: str, now: float, *, handed_over: bool = True) -> Step:
    """Take a redemption whose answer was seen off the list, in the journal too, and report it."""
    report = Settled(rid=rid, handed_over=handed_over)
    reports = (*counter.reports, Report(report, now))[-_REPORTS_KEPT:]
    return replace(without_ticket(counter, rid), reports=reports), (Send(report), Settle(rid, handed_over))


def mark_undone(counter: Counter, ticket: Ticket, now: float) -> Counter:
    """Show on the screen, where it stands there, that a redemption was undone meanwhile."""
    phase = counter.phase
    if isinstance(phase, Result) and phase.outcome.verdict is Verdict.REDEEMED and ticket.group is not None:
        shown = phase.outcome.rid == ticket.group  # one of them is enough to make the green untrue
    else:
        shown = isinstance(phase, Question) and phase.rid == ticket.rid
        shown = shown or (isinstance(phase, Result) and phase.outcome.rid == ticket.rid)
    return show_ended(counter, ticket, now, on_screen=True) if shown else counter


def _seen(counter: Counter, phase: Result, now: float) -> Step:
    counter = replace(counter, phase=replace(phase, unseen=False))
    ticket = None if phase.outcome.rid is None else counter.ticket(phase.outcome.rid)
    if ticket is not None and ticket.request.is_open:
        return with_ticket(counter, replace(ticket, handed_over=True)), ()
    if phase.outcome.rid is None:
        return counter, ()
    if phase.outcome.manner is Manner.DISPUTED:
        # Whether it was handed over nobody has said here: what the gateway has heard of that, or asks, stays.
        return without_ticket(counter, phase.outcome.rid), (Settle(phase.outcome.rid, handed_over=False),)
    seen = counter.confirmed_with(ticket) if ticket and phase.outcome.verdict is Verdict.REDEEMED else ()
    effects: tuple[Effect, ...] = ()
    for rid in [one.rid for one in seen] or [phase.outcome.rid]:
        counter, settled = settle(counter, rid, now)
        effects += settled
    return counter, effects


def _unseen(counter: Counter) -> Counter:
    phase = counter.phase
    return replace(counter, phase=replace(phase, unseen=True)) if isinstance(phase, Result) else counter
