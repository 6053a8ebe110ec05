"""An offer on the screen: how many, yes or no, until it lapses. OK is the moment at which a redemption begins."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from device.counter.redeeming import redeem
from device.counter.results import show_result
from device.counter.states import Counter, Looking, Manner, Offering, Outcome, Step, enter
from device.ports import Button
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from device.counter.events import Pressed
    from protocol.messages import Offered


def offer(counter: Counter, phase: Looking, message: Offered, now: float) -> Step:
    """Show an offer for as long as it may be confirmed.

    Its age is the gateway's to judge, by its own clock from when it answered; counted here from when it was asked,
    which is earlier, so that no offer is confirmed that the gateway would find too old.
    """
    timing = counter.timing
    until = min(now + timing.offer_s, phase.asked_at + message.valid_s - timing.offer_margin_s)
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
    left = math.ceil(phase.until - now)
    if left <= 0:
        return _ended(counter, phase, Manner.LAPSED, now), ()
    return replace(counter, phase=replace(phase, seconds_left=min(left, phase.seconds_left))), ()


def deadline(phase: Offering) -> float:
    """Return when the next second of the countdown is over."""
    return phase.until - (phase.seconds_left - 1)


def pressed(counter: Counter, phase: Offering, event: Pressed, now: float) -> Step:
    """Take the clerk's choice."""
    match event.button:
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
    return replace(counter, phase=replace(phase, quantity=max(1, min(quantity, phase.offer.max_quantity))))


def _ended(counter: Counter, phase: Looking | Offering, manner: Manner, now: float) -> Counter:
    return show_result(counter, Outcome(verdict=Verdict.ABORTED, manner=manner, code=phase.code), now)
