"""A clerk's own day on the panel: the totals first, then each redemption, newest first; up and down page."""

from __future__ import annotations

from device.counter.looking import ask
from device.counter.states import Counter, Looking, Reviewing, Step, enter, rest
from device.ports import Button
from protocol.duty import AskOwnDay, OwnDay
from protocol.values import replace

_TURNS = {Button.UP: -1, Button.DOWN: 1}


def begin(counter: Counter, now: float) -> Step:
    """Ask the gateway what the clerk who is signed in has redeemed today."""
    return ask(counter, AskOwnDay(look=counter.looks + 1, boot=counter.setup.boot), now)


def heard(counter: Counter, message: OwnDay, now: float) -> Step | None:
    """Show the day; None where nobody waits for it any more."""
    phase = counter.phase
    if not isinstance(phase, Looking) or not isinstance(phase.asks, AskOwnDay):
        return None
    if (message.look, message.boot) != (phase.look, counter.setup.boot):
        return None
    return enter(counter, Reviewing(message, now + counter.timing.typing_s)), ()


def pressed(counter: Counter, phase: Reviewing, button: Button, now: float) -> Step:
    """Page, round and round; OK and cancel leave."""
    if button not in _TURNS:
        return rest(counter, now), ()
    at = (phase.at + _TURNS[button]) % (1 + len(phase.day.done))
    return replace(counter, phase=replace(phase, at=at, until=now + counter.timing.typing_s)), ()
