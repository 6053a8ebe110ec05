"""Clerks who come and go by the buttons: cancel at rest begins it; number and PIN sign in, one OK signs out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from device.counter import digits
from device.counter.digits import Digits, Left, Typed
from device.counter.looking import ask_to_sign
from device.counter.states import Counter, Leaving, Step, Typing, enter, rest
from device.ports import Button
from protocol.messages import SignIn
from protocol.pins import PIN_DIGITS

if TYPE_CHECKING:
    from device.counter.events import Released

_NUMBER = Digits(fewest=1, most=12)
_PIN = Digits(fewest=PIN_DIGITS, most=PIN_DIGITS, hidden=True)


def begin(counter: Counter, button: Button, now: float) -> Step:
    """Take a press at rest: in a store that asks for its clerks, cancel asks who comes, or whether somebody goes."""
    if button is not Button.CANCEL or not (counter.clerk_required or counter.on_duty):
        return counter, ()
    until = now + counter.timing.typing_s
    return enter(counter, Leaving(until) if counter.on_duty else Typing(_NUMBER, until)), ()


def typed(counter: Counter, phase: Typing, button: Button, now: float) -> Step:
    """Take a press on the entry of number or PIN."""
    until = now + counter.timing.typing_s
    match digits.pressed(phase.entry, button, now):
        case Digits() as entry:
            return replace(counter, phase=replace(phase, entry=entry, until=until)), ()
        case Left():
            return rest(counter, now), ()
        case Typed(text=text) if phase.number is None:
            return enter(counter, Typing(_PIN, until, number=text)), ()
        case Typed(text=text):
            return ask_to_sign(counter, _asked(counter, number=phase.number, pin=text), now)


def let_go(counter: Counter, phase: Typing, event: Released) -> Step:
    """Take a button that came up."""
    return replace(counter, phase=replace(phase, entry=digits.released(phase.entry, event.button, event.held_s))), ()


def leave(counter: Counter, button: Button, now: float) -> Step:
    """Take the answer to whether the clerk goes."""
    return ask_to_sign(counter, _asked(counter), now) if button is Button.OK else (rest(counter, now), ())


def tick(counter: Counter, phase: Typing | Leaving, now: float) -> Step:
    """Turn the wheel under a held button, and give up what nobody goes on with."""
    if now >= phase.until:
        return rest(counter, now), ()
    if isinstance(phase, Typing):
        counter = replace(counter, phase=replace(phase, entry=digits.tick(phase.entry, now)))
    return counter, ()


def deadline(phase: Typing | Leaving) -> float:
    """Return when an entry or question wants to be ticked next."""
    turn_at = phase.entry.turn_at if isinstance(phase, Typing) else None
    return phase.until if turn_at is None else min(turn_at, phase.until)


def _asked(counter: Counter, number: str | None = None, pin: str | None = None) -> SignIn:
    held = counter.on_duty.sign_in if counter.on_duty else None
    return SignIn(look=counter.looks + 1, boot=counter.setup.boot, number=number, pin=pin, holds=held)
