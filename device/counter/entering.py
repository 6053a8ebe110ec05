"""A voucher's code, or what was received for it, set with the buttons.

Down at rest begins a code, where no camera can read it; it then goes the way of a scanned one, from its shape to its
offer, and only how it came is told with it. The sum is asked after OK on an offer that wants it, while that counts
down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.counter import digits
from device.counter.digits import Digits, Left, Typed
from device.counter.looking import serve
from device.counter.offering import counted_down
from device.counter.offering import deadline as deadline_of_offer
from device.counter.offering import tick as tick_offer
from device.counter.redeeming import redeem
from device.counter.results import show_result
from device.counter.states import Counter, EnteringAmount, EnteringCode, Outcome, Step, enter, rest
from protocol.classify import as_typed
from protocol.messages import Method
from protocol.values import replace
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from device.counter.events import Pressed
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
            return serve(counter, as_typed(text), now, Method.TYPED)


def amount_pressed(counter: Counter, phase: EnteringAmount, event: Pressed, now: float) -> Step:
    """Take a press on the sum: its end confirms the offer, cancel goes back to that."""
    match digits.pressed(phase.entry, event.button, now):
        case Digits() as entry:
            return replace(counter, phase=replace(phase, entry=entry)), ()
        case Left():
            return enter(counter, counted_down(phase.offering, now)), ()
        case Typed(text=text):
            return redeem(counter, phase.offering, event.entropy, now, amount=_fen(text))


def tick_amount(counter: Counter, phase: EnteringAmount, now: float) -> Step:
    """Turn the wheel under a held button while the offer counts down; it lapses as it does without a sum."""
    if now >= phase.until:
        return tick_offer(counter, phase.offering, now)
    entry = digits.tick(phase.entry, now)
    return replace(counter, phase=EnteringAmount(entry, counted_down(phase.offering, now))), ()


def deadline_of_amount(phase: EnteringAmount) -> float:
    """Return when the wheel or the countdown wants to be ticked next."""
    second = deadline_of_offer(phase.offering)
    return second if phase.entry.turn_at is None else min(phase.entry.turn_at, second)


def _fen(text: str) -> int:
    """Return a sum of yuan as it was set, such as ``128.5``, in fen."""
    yuan, _, rest = text.partition(digits.POINT)
    return int(yuan) * 100 + int(rest.ljust(2, "0"))
