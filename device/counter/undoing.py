"""Undo at the kiosk: up at rest lists what can be undone here; which one, why, the clerk's PIN, and one OK."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from device.counter.digits import PIN
from device.counter.looking import ask
from device.counter.purposes import Permitting
from device.counter.redeeming import undo
from device.counter.results import show_result
from device.counter.states import Choosing, Counter, Looking, Manner, Outcome, Step, Typing, Undoing, enter, rest
from device.ports import Button
from protocol.duty import AskUndo, AskUndoable
from protocol.messages import Offered, Undoable
from protocol.values import replace
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from device.counter.events import Pressed

_TURNS = {Button.UP: -1, Button.DOWN: 1}


def begin(counter: Counter, now: float) -> Step:
    """Ask the gateway what can be undone here."""
    return ask(counter, AskUndoable(look=counter.looks + 1, boot=counter.setup.boot), now)


def heard(counter: Counter, message: Offered | Undoable, now: float) -> Step | None:
    """Take the list, or a permit; None where it is not what is awaited here."""
    phase = counter.phase
    if not isinstance(phase, Looking) or (message.look, message.boot) != (phase.look, counter.setup.boot):
        return None
    match phase.asks, message:
        case AskUndoable(), Undoable():
            return _listed(counter, message, now)
        case AskUndo() as asked, Offered():
            return _permitted(counter, asked, message, now)
        case _:
            return None


def _listed(counter: Counter, message: Undoable, now: float) -> Step:
    if not message.done:
        return show_result(counter, Outcome(verdict=Verdict.UNDO_UNSUPPORTED, manner=Manner.NOTHING_TO_UNDO), now), ()
    return enter(counter, Choosing(message.done, now, now + counter.timing.typing_s, now)), ()


def chosen(counter: Counter, phase: Choosing, button: Button, now: float) -> Step:
    """Take a press on the list of redemptions, then on the list of reasons."""
    phase = replace(phase, until=now + counter.timing.typing_s, shown_at=now)
    reasons = counter.setup.style.words.reasons
    if button is Button.CANCEL and phase.reason is None:
        return rest(counter, now), ()
    if button is Button.CANCEL:
        return enter(counter, replace(phase, reason=None)), ()
    if button is Button.OK and phase.reason is None:
        return enter(counter, replace(phase, reason=0)), ()
    if button is Button.OK:
        return _reasoned(counter, phase, now)
    turn = _TURNS[button]
    if phase.reason is None:
        return replace(counter, phase=replace(phase, at=(phase.at + turn) % len(phase.done))), ()
    return replace(counter, phase=replace(phase, reason=(phase.reason + turn) % len(reasons))), ()


def ask_permit(  # noqa: PLR0913 - one for each that may permit it
    counter: Counter, undoes: str, reason: str, now: float, *, pin: str | None = None, badge: str | None = None
) -> Step:
    """Ask the gateway whether this undo may begin."""
    look, boot = counter.looks + 1, counter.setup.boot
    asked = AskUndo(look=look, boot=boot, undoes=undoes, reason=reason, pin=pin, badge=badge)
    return ask(counter, asked, now)


def _permitted(counter: Counter, asked: AskUndo, message: Offered, now: float) -> Step:
    until = now + min(counter.timing.offer_s, message.valid_s)
    undoing = Undoing(asked.undoes, asked.reason, message, now, until, math.ceil(until - now))
    return enter(counter, undoing), ()


def confirmed(counter: Counter, phase: Undoing, event: Pressed, now: float) -> Step:
    """Undo on OK; on cancel nothing has happened."""
    match event.button:
        case Button.OK:
            return undo(counter, phase, event.entropy, now)
        case Button.CANCEL:
            return rest(counter, now), ()
        case _:
            return counter, ()


def _reasoned(counter: Counter, phase: Choosing, now: float) -> Step:
    """Have the clerk who is signed in type the PIN; where nobody is, ask the gateway at once."""
    done, reason = phase.done[phase.at], counter.setup.style.words.reasons[phase.reason or 0]
    if counter.on_duty is not None:
        return enter(counter, Typing(PIN, now + counter.timing.typing_s, Permitting(done.rid, reason))), ()
    return ask_permit(counter, done.rid, reason, now)
