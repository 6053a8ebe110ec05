"""What clerks do by the buttons at rest: cancel asks who comes or goes, up what to undo, down for a voucher's code.

What to undo is ``undoing``, the code ``entering``, the day of who is signed in ``reviewing``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, assert_never

from device.counter import activating, approving, digits, entering, reviewing, undoing
from device.counter.digits import NUMBER, PIN, Digits, Left, Typed
from device.counter.looking import ask
from device.counter.purposes import Activating, Approving, Permitting, SigningIn
from device.counter.states import (
    AtWheel,
    ByButtons,
    Choosing,
    Counter,
    EnteringAmount,
    EnteringCode,
    Leaving,
    Reviewing,
    Step,
    Typing,
    Undoing,
    enter,
    rest,
)
from device.ports import Button
from protocol.duty import SignIn
from protocol.values import replace

if TYPE_CHECKING:
    from device.counter.events import Pressed, Released


def begin(counter: Counter, button: Button, now: float) -> Step:
    """Take a press at rest: up asks what to undo, down for a code, cancel who comes or goes where the store asks."""
    if button is Button.UP:
        return undoing.begin(counter, now)
    if button is Button.DOWN:
        return entering.begin(counter, now)
    if button is not Button.CANCEL or not (counter.clerk_required or counter.on_duty):
        return counter, ()
    until = now + counter.timing.typing_s
    return enter(counter, Leaving(until) if counter.on_duty else Typing(NUMBER, until, SigningIn())), ()


def pressed(counter: Counter, phase: ByButtons, event: Pressed, now: float) -> Step:
    """Take a press on what was begun."""
    match phase:
        case Typing():
            return _typed(counter, phase, event.button, now)
        case EnteringCode():
            return entering.pressed(counter, phase, event.button, now)
        case EnteringAmount():
            return entering.amount_pressed(counter, phase, event, now)
        case Leaving():
            return _left(counter, event.button, now)
        case Reviewing():
            return reviewing.pressed(counter, phase, event.button, now)
        case Choosing():
            return undoing.chosen(counter, phase, event.button, now)
        case Undoing():
            return undoing.confirmed(counter, phase, event, now)
        case _:
            assert_never(phase)


def _left(counter: Counter, button: Button, now: float) -> Step:
    """Take an answer to whether the clerk goes; up and down show the clerk's day instead."""
    match button:
        case Button.OK:
            return ask(counter, _asked(counter), now)
        case Button.UP | Button.DOWN:
            return reviewing.begin(counter, now)
        case Button.CANCEL:
            return rest(counter, now), ()
        case _:
            assert_never(button)


def _typed(counter: Counter, phase: Typing, button: Button, now: float) -> Step:
    until = now + counter.timing.typing_s
    match digits.pressed(phase.entry, button, now):
        case Digits() as entry:
            return replace(counter, phase=replace(phase, entry=entry, until=until)), ()
        case Left():
            return rest(counter, now), ()
        case Typed(text=text):
            return _taken(counter, phase, text, now)


def _taken(counter: Counter, phase: Typing, text: str, now: float) -> Step:
    match phase.purpose:
        case SigningIn(number=None):
            until = now + counter.timing.typing_s
            return enter(counter, Typing(PIN, until, SigningIn(number=text))), ()
        case SigningIn(number=number):
            return ask(counter, _asked(counter, number=number, pin=text), now)
        case Permitting(undoes=undoes, reason=reason):
            return undoing.ask_permit(counter, undoes, reason, now, pin=text)
        case Approving() as purpose:
            return approving.typed(counter, purpose, text, now)
        case Activating() as purpose:
            return activating.typed(counter, purpose, text, now)
        case _:
            assert_never(phase.purpose)


def let_go(counter: Counter, phase: AtWheel, event: Released) -> Step:
    """Take a button that came up."""
    return replace(counter, phase=replace(phase, entry=digits.released(phase.entry, event.button, event.held_s))), ()


def tick(counter: Counter, phase: ByButtons, now: float) -> Step:
    """Turn the wheel under a held button, count down, and give up what nobody goes on with."""
    if isinstance(phase, EnteringAmount):
        return entering.tick_amount(counter, phase, now)
    if now >= phase.until:
        return rest(counter, now), ()
    if isinstance(phase, Typing | EnteringCode):
        return replace(counter, phase=replace(phase, entry=digits.tick(phase.entry, now))), ()
    if isinstance(phase, Undoing):
        left = min(phase.seconds_left, math.ceil(phase.until - now))
        return replace(counter, phase=replace(phase, seconds_left=left)), ()
    return counter, ()


def deadline(phase: ByButtons) -> float:
    """Return when a wheel, a countdown or an end wants to be ticked next."""
    if isinstance(phase, EnteringAmount):
        return entering.deadline_of_amount(phase)
    if isinstance(phase, Undoing):
        return phase.until - (phase.seconds_left - 1)
    turn_at = phase.entry.turn_at if isinstance(phase, Typing | EnteringCode) else None
    return phase.until if turn_at is None else min(turn_at, phase.until)


def _asked(counter: Counter, number: str | None = None, pin: str | None = None) -> SignIn:
    held = counter.on_duty.sign_in if counter.on_duty else None
    return SignIn(look=counter.looks + 1, boot=counter.setup.boot, number=number, pin=pin, holds=held)
