"""A voucher's code set with the buttons, where no camera can read it: down at rest begins, and the code is then served.

A typed code goes the way of a scanned one, from its shape to its offer; only how it came is told with it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from device.counter import digits
from device.counter.digits import Digits, Left, Typed
from device.counter.looking import serve
from device.counter.results import show_result
from device.counter.states import Counter, EnteringCode, Outcome, Step, enter, rest
from protocol.messages import Method
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from device.ports import Button

#: Shorter than any code in use, and as long as what a person types without losing the place.
_CODE = Digits(fewest=4, most=24, letters=True)


def begin(counter: Counter, now: float) -> Step:
    """Have a code typed; where a clerk has to sign in first, say so before somebody types in vain."""
    if counter.clerk_required and counter.clerk is None:
        return show_result(counter, Outcome(verdict=Verdict.CLERK_REQUIRED), now), ()
    return enter(counter, EnteringCode(_CODE, until=now + counter.timing.typing_s)), ()


def pressed(counter: Counter, phase: EnteringCode, button: Button, now: float) -> Step:
    """Take a press on the entry."""
    match digits.pressed(phase.entry, button, now):
        case Digits() as entry:
            return replace(counter, phase=EnteringCode(entry, until=now + counter.timing.typing_s)), ()
        case Left():
            return rest(counter, now), ()
        case Typed(text=text):
            return serve(counter, text, now, Method.TYPED)
