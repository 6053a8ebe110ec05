"""A clerk's one-time code before the camera: whose it is, then a PIN that is typed twice, the same both times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.counter.digits import PIN
from device.counter.looking import ask
from device.counter.purposes import Activating
from device.counter.states import Counter, Looking, Step, Typing, enter
from protocol.duty import Activate
from protocol.values import replace

if TYPE_CHECKING:
    from protocol.messages import Offered


def heard(counter: Counter, message: Offered, now: float) -> Step | None:
    """Let the clerk to whom the code belongs type a PIN; None where that is not what is awaited."""
    phase = counter.phase
    if not isinstance(phase, Looking) or not isinstance(phase.asks, Activate):
        return None
    if phase.asks.pin is not None or (message.look, message.boot) != (phase.look, counter.setup.boot):
        return None
    return _type(counter, Activating(phase.asks.code, message.detail.title), now)


def typed(counter: Counter, purpose: Activating, pin: str, now: float) -> Step:
    """Ask for a PIN once more; where it is the same again, have it set."""
    if purpose.first is None:
        return _type(counter, replace(purpose, first=pin, differed=False), now)
    if purpose.first != pin:
        return _type(counter, replace(purpose, first=None, differed=True), now)
    asked = Activate(look=counter.looks + 1, boot=counter.setup.boot, code=purpose.code, pin=pin)
    return ask(counter, asked, now)


def _type(counter: Counter, purpose: Activating, now: float) -> Step:
    return enter(counter, Typing(PIN, now + counter.timing.typing_s, purpose)), ()
