"""What the clerk alone may not do: approved by a PIN that is typed, or by a manager's badge before the camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from device.counter.digits import NUMBER, PIN
from device.counter.events import Scanned
from device.counter.looking import ask
from device.counter.offering import offer
from device.counter.purposes import Approving, Permitting
from device.counter.states import Counter, Looking, Offering, Step, Typing, enter
from device.counter.undoing import ask_permit
from protocol.classify import is_badge
from protocol.duty import Approve
from protocol.values import replace

if TYPE_CHECKING:
    from device.counter.events import Gone, SeveralCodes
    from protocol.messages import Offered


def begin(counter: Counter, phase: Offering, now: float) -> Step:
    """Ask for the PIN of the clerk who is signed in; where nobody is, for a manager's number."""
    entry = NUMBER if counter.on_duty is None else PIN
    return enter(counter, Typing(entry, now + counter.timing.typing_s, Approving(phase))), ()


def typed(counter: Counter, purpose: Approving, text: str, now: float) -> Step:
    """Take a number, then the PIN that belongs to it; or the PIN alone of who is signed in."""
    if counter.on_duty is None and purpose.number is None:
        return enter(counter, Typing(PIN, now + counter.timing.typing_s, replace(purpose, number=text))), ()
    return _ask(counter, purpose, now, pin=text)


def shown(counter: Counter, event: Scanned | SeveralCodes | Gone, now: float) -> Step | None:
    """Take a badge that is shown instead; None where none is, or none is wanted."""
    match event, counter.phase:
        case Scanned(text=str(badge)), Typing(purpose=purpose) if is_badge(badge):
            pass
        case _:
            return None
    match purpose:
        case Approving():
            return _ask(counter, purpose, now, badge=badge)
        case Permitting(undoes=undoes, reason=reason):
            return ask_permit(counter, undoes, reason, now, badge=badge)
        case _:
            return None


def heard(counter: Counter, message: Offered, now: float) -> Step | None:
    """Offer what has been approved, in the quantity that was chosen; None where that is not what is awaited."""
    phase = counter.phase
    if not isinstance(phase, Looking) or (message.look, message.boot) != (phase.look, counter.setup.boot):
        return None
    if phase.approves is None:
        return None
    approved = msgspec.structs.replace(
        phase.approves.offer, offer=message.offer, valid_s=message.valid_s, approval=False, approver=message.approver
    )
    counter, effects = offer(counter, phase, approved, now)
    if isinstance(counter.phase, Offering):
        counter = replace(counter, phase=replace(counter.phase, quantity=phase.approves.quantity))
    return counter, effects


def _ask(counter: Counter, purpose: Approving, now: float, *, pin: str | None = None, badge: str | None = None) -> Step:
    offering = purpose.offering
    asked = Approve(
        look=counter.looks + 1,
        boot=counter.setup.boot,
        offer=offering.offer.offer,
        number=purpose.number,
        pin=pin,
        badge=badge,
    )
    counter, effects = ask(counter, asked, now)
    if isinstance(counter.phase, Looking):
        looking = replace(counter.phase, code=offering.code, method=offering.method, approves=offering)
        counter = replace(counter, phase=looking)
    return counter, effects
