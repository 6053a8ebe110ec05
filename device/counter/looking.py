"""From a code held up to what it is worth: refusal by name, the look, its answer. Nothing here can spend a voucher."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from device.counter.effects import Effect, Ignored, Refuse, Send
from device.counter.events import Gone, Scanned, SeveralCodes
from device.counter.offering import offer
from device.counter.purposes import Activating
from device.counter.results import show_result
from device.counter.states import (
    Counter,
    EnteringAmount,
    Idle,
    Looking,
    Manner,
    Offering,
    Outcome,
    OutOfService,
    Pending,
    Question,
    Result,
    Typing,
    enter,
)
from device.ports import Button
from device.view import LinkState
from protocol.classify import classify, is_activation, is_badge
from protocol.duty import Activate, Approve, AskOwnDay, AskUndo, AskUndoable, SignIn
from protocol.ids import code_tail
from protocol.messages import Detail, Look, Method, Notice, Offered, Refusal, Refused, Signed
from protocol.values import replace
from protocol.vocabulary import UNDECIDED, Verdict

if TYPE_CHECKING:
    from device.counter.states import Step
    from protocol.messages import ClerkMessage

#: No answer to a look can be one of these; a gateway that says so is out of order.
_NEVER_OF_A_LOOK = UNDECIDED | {Verdict.REDEEMED}
#: Said to a badge alone; no row of the books.
_SIGNED = frozenset({Verdict.CLERK_SIGNED_IN, Verdict.CLERK_SIGNED_OUT})


def saw(counter: Counter, event: Scanned | SeveralCodes | Gone, now: float) -> Step:
    """Take what the camera says of the codes before it."""
    match event:
        case Scanned(text=text, stays=stays):
            return _scanned(counter, text, now) if stays else _read(counter, text, now)
        case SeveralCodes():
            return _several(counter, now)
        case Gone():
            return replace(counter, waiting=None), ()
        case _:
            assert_never(event)


def _scanned(counter: Counter, text: str | None, now: float) -> Step:
    phase = counter.phase
    if isinstance(phase, Result) and text is not None and text == phase.outcome.code:
        # The phone went and came back: its answer stands its time before the code is asked about again.
        until = min(phase.until, phase.since + counter.timing.result_min_s)
        return replace(counter, waiting=text, phase=replace(phase, until=until)), ()
    if isinstance(phase, Idle | Result | Question):
        return serve(counter, text, now)
    if isinstance(phase, OutOfService) or text == _code_in_hand(counter):
        return counter, ()  # nothing may be served; or it is being served
    # Busy: kept in mind while it stays in view. What may not be stored is not kept in mind either.
    return replace(counter, waiting=None if classify(text).private else text), ()


def _read(counter: Counter, text: str | None, now: float) -> Step:
    """Serve what a gun has read if there is time for it now: later nobody may stand there any more."""
    phase = counter.phase
    again = isinstance(phase, Result) and text is not None and text == phase.outcome.code
    if isinstance(phase, Idle | Result | Question) and not again:
        return serve(counter, text, now)
    return counter, ()


def _several(counter: Counter, now: float) -> Step:
    phase = counter.phase
    if isinstance(phase, Result) and (phase.unseen or phase.outcome.verdict is Verdict.MANY_CODES):
        return counter, ()  # an answer that somebody waits for is not wiped away by a second code in view
    if isinstance(phase, Idle | Result | Question):
        return _refuse(counter, Verdict.MANY_CODES, None, now)
    return replace(counter, waiting=None), ()


def serve(counter: Counter, text: str | None, now: float, method: Method = Method.SCAN) -> Step:
    """Begin the conversation about a code, which came by ``method``."""
    counter = replace(counter, waiting=None)
    kind = classify(text)
    if kind.verdict is not None or text is None:
        tellable = text is not None and not kind.private and kind.verdict is not Verdict.BAD_CODE
        return _refuse(counter, kind.verdict or Verdict.BAD_CODE, text if tellable else None, now)
    if is_badge(text):
        held = counter.on_duty.sign_in if counter.on_duty else None
        asked = SignIn(look=counter.looks + 1, boot=counter.setup.boot, badge=text, holds=held)
        return ask(counter, asked, now)
    if is_activation(text):
        return ask(counter, Activate(look=counter.looks + 1, boot=counter.setup.boot, code=text), now)
    if counter.clerk_required and counter.clerk is None:
        return _refuse(counter, Verdict.CLERK_REQUIRED, text, now)
    return _look(counter, text, now, method=method)


def ask(counter: Counter, asked: ClerkMessage, now: float) -> Step:
    """Ask the gateway something that is not about a voucher's code."""
    match asked:
        case SignIn(badge=str(shown)) | Activate(code=shown):
            return _look(counter, shown, now, asked)
        case _:
            return _look(counter, "", now, asked)


def _look(
    counter: Counter,
    text: str,
    now: float,
    asks: ClerkMessage | None = None,
    method: Method = Method.SCAN,
) -> Step:
    reachable = counter.link is LinkState.UP
    patience_s = counter.timing.look_s if reachable else counter.timing.look_offline_s
    looking = Looking(
        look=counter.looks + 1,
        code=text,
        method=method,
        asked_at=now,
        send_at=now + counter.timing.look_repeat_s,
        until=now + patience_s,
        asks=asks,
    )
    return enter(replace(counter, looks=looking.look), looking), (_ask(counter, looking),)


def tick(counter: Counter, phase: Looking, now: float) -> Step:
    """Ask again, say that it takes long, or give the look up."""
    if now >= phase.until:
        reachable = counter.link is LinkState.UP
        verdict = Verdict.UPSTREAM_UNAVAILABLE if reachable else Verdict.OFFLINE_REFUSED
        manner = _unanswered(phase.asks)
        return _answered(counter, phase, Outcome(verdict=verdict, manner=manner, code=phase.code), now)
    slow = phase.slow or now >= phase.asked_at + counter.timing.slow_s
    if now < phase.send_at:
        return (counter if slow is phase.slow else replace(counter, phase=replace(phase, slow=slow))), ()
    again = replace(phase, slow=slow, send_at=now + counter.timing.look_repeat_s)
    return replace(counter, phase=again), (_ask(counter, again),)


def deadline(counter: Counter, phase: Looking) -> float:
    """Return when a look wants to be ticked next."""
    due = min(phase.until, phase.send_at)
    return due if phase.slow else min(due, phase.asked_at + counter.timing.slow_s)


def link_back(counter: Counter, phase: Looking, now: float) -> Step:
    """Ask at once, and wait the full time, because the way to the gateway is open again."""
    again = replace(
        phase,
        send_at=now + counter.timing.look_repeat_s,
        until=max(phase.until, phase.asked_at + counter.timing.look_s),
    )
    return replace(counter, phase=again), (_ask(counter, again),)


def pressed(counter: Counter, phase: Looking, button: Button, now: float) -> Step:
    """Let a look be abandoned; it has spent nothing."""
    if button is not Button.CANCEL:
        return counter, ()  # there is nothing to choose yet
    outcome = Outcome(verdict=Verdict.ABORTED, manner=Manner.CANCELLED, code=phase.code)
    return show_result(counter, outcome, now), ()


def heard(counter: Counter, message: Offered | Refused | Signed | Notice, now: float) -> Step:
    """Take an answer to a look; one to an older look, or to none of this run, changes nothing."""
    phase = counter.phase
    if not isinstance(phase, Looking) or message.look != phase.look or message.boot != counter.setup.boot:
        return counter, (Ignored(f"answer to look {message.look}, which is not the one in hand"),)
    if isinstance(message, Offered):
        return offer(counter, phase, message, now)
    if isinstance(message, Signed):
        counter = replace(counter, on_duty=message.on_duty)
    detail = Detail(reason=message.hint) if isinstance(message, Notice) else message.detail
    wrong = _NEVER_OF_A_LOOK if isinstance(message, Signed) else _NEVER_OF_A_LOOK | _SIGNED
    verdict = Verdict.FAULT if message.verdict in wrong else message.verdict
    outcome = Outcome(verdict=verdict, detail=detail, manner=_manner(phase.asks, verdict), code=phase.code)
    return _answered(counter, phase, outcome, now)


def signed_out(counter: Counter, message: Signed, now: float) -> Step:
    """Note that the gateway has signed the clerk out by itself; say so where the screen has nothing better to do."""
    counter = replace(counter, on_duty=message.on_duty)
    if not isinstance(counter.phase, Idle) or message.verdict is not Verdict.CLERK_SIGNED_OUT:
        return counter, ()
    return show_result(counter, Outcome(verdict=message.verdict, detail=message.detail), now), ()


def _unanswered(asks: ClerkMessage | None) -> Manner:
    """Return what is said where nobody answers: what has not happened, or that it may have."""
    match asks:
        case None:
            return Manner.PLAIN
        case Activate(pin=str()):
            return Manner.PIN_UNSURE
        case SignIn() | Activate():
            return Manner.NOT_SIGNED_IN
        case Approve():
            return Manner.NOTHING_SPENT
        case AskUndoable() | AskUndo():
            return Manner.NOT_UNDONE
        case AskOwnDay():
            return Manner.NOT_TOLD
        case _:
            assert_never(asks)


def _manner(asks: ClerkMessage | None, verdict: Verdict) -> Manner:
    """Return what an answer to a clerk says beyond its verdict."""
    match asks, verdict:
        case Activate(), Verdict.BAD_CODE:
            return Manner.CODE_SPENT
        case Activate(pin=str()), Verdict.CLERK_SIGNED_IN:
            return Manner.PIN_SET
        case Approve() | AskUndo(), Verdict.CLERK_REQUIRED:
            return Manner.NO_MANAGER
        case Activate(), Verdict.UPSTREAM_UNAVAILABLE:
            return _unanswered(asks)
        case _:
            return Manner.PLAIN


def _ask(counter: Counter, phase: Looking) -> Send:
    if phase.asks is not None:
        return Send(phase.asks)
    look = Look(look=phase.look, boot=counter.setup.boot, code=phase.code, method=phase.method, clerk=counter.clerk)
    return Send(look)


def _answered(counter: Counter, phase: Looking, outcome: Outcome, now: float) -> Step:
    """Show the answer to a look that is no offer, and put it in the books; the gateway has its own."""
    shown = show_result(counter, outcome, now)
    if outcome.verdict in _SIGNED:
        return shown, ()
    tail = None if phase.asks else code_tail(phase.code)
    return shown, (Refuse(outcome.verdict, tail, counter.clerk),)


def _refuse(counter: Counter, verdict: Verdict, code: str | None, now: float) -> Step:
    """Refuse a code without asking anyone, and tell the gateway for its books."""
    tail = code_tail(code) if code else None
    effects: tuple[Effect, ...] = (Send(Refusal(verdict=verdict, code_tail=tail)), Refuse(verdict, tail, counter.clerk))
    return show_result(counter, Outcome(verdict=verdict, code=code), now), effects


def _code_in_hand(counter: Counter) -> str | None:
    match counter.phase:
        case Looking(code=code) | Offering(code=code) | Typing(purpose=Activating(code=code)):
            return code
        case EnteringAmount(offering=offering):
            return offering.code
        case Pending(rid=rid):
            ticket = counter.ticket(rid)
            return ticket.request.intent.code if ticket else None
        case _:
            return None
