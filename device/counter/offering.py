"""An offer on the screen: how many, yes or no, until it lapses. OK is the moment at which a redemption begins."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, assert_never

from device.counter.digits import Digits
from device.counter.redeeming import redeem
from device.counter.results import show_result
from device.counter.states import Counter, EnteringAmount, Looking, Manner, Offering, Outcome, Step, enter
from device.ports import Button
from protocol.values import replace
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from device.counter.events import Pressed
    from protocol.messages import Offered

#: Up to 9,999,999 yuan.
_AMOUNT = Digits(fewest=1, most=10, money=True)


def offer(counter: Counter, phase: Looking, message: Offered, now: float) -> Step:
    """Show an offer for as long as it may be confirmed.

    Its age is the gateway's to judge, by its own clock from when it answered; counted here from when it was asked,
    which is earlier, so that no offer is confirmed that the gateway would find too old.
    """
    timing = counter.timing
    patience_s = message.valid_s if message.asks_amount else timing.offer_s  # a sum takes its time to set
    until = min(now + patience_s, phase.asked_at + message.valid_s - timing.offer_margin_s)
    if until <= now:
        return _ended(counter, phase, Manner.LAPSED, now), ()
    offering = Offering(
        code=phase.code,
        method=phase.method,
        offer=message,
        since=now,
        until=until,
        seconds_left=math.ceil(until - now),
    )
    return enter(counter, offering), ()


def tick(counter: Counter, phase: Offering, now: float) -> Step:
    """Count down; at the end the offer lapses, and nothing was spent."""
    if now >= phase.until:
        return _ended(counter, phase, Manner.LAPSED, now), ()
    return replace(counter, phase=counted_down(phase, now)), ()


def counted_down(phase: Offering, now: float) -> Offering:
    """Return an offer with the seconds that are left of it."""
    return replace(phase, seconds_left=min(math.ceil(phase.until - now), phase.seconds_left))


def deadline(phase: Offering) -> float:
    """Return when the next second of the countdown is over."""
    return phase.until - (phase.seconds_left - 1)


def pressed(counter: Counter, phase: Offering, event: Pressed, now: float) -> Step:
    """Take the clerk's choice."""
    match event.button:
        case Button.OK if phase.offer.asks_amount:
            return enter(counter, EnteringAmount(_AMOUNT, phase)), ()
        case Button.OK:
            return redeem(counter, phase, event.entropy, now)
        case Button.CANCEL:
            return _ended(counter, phase, Manner.CANCELLED, now), ()
        case Button.UP:
            return _choose(counter, phase, phase.quantity + 1), ()
        case Button.DOWN:
            return _choose(counter, phase, phase.quantity - 1), ()
        case _:
            assert_never(event.button)


def _choose(counter: Counter, phase: Offering, quantity: int) -> Counter:
    return replace(counter, phase=replace(phase, quantity=max(1, min(quantity, phase.most))))


def _ended(counter: Counter, phase: Looking | Offering, manner: Manner, now: float) -> Counter:
    return show_result(counter, Outcome(verdict=Verdict.ABORTED, manner=manner, code=phase.code), now)
