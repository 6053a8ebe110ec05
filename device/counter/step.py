"""The counter's one door: an event and the time go in, the next state and what is to be done come out.

Whatever happens, the counter first catches up with the time, then takes the event, then sees what comes next if it is
at rest, and at last shows what has changed. Effects come in the order in which they must be carried out: first what a
redemption needs to leave (it is on disk before it is sent), then the screen, then the books.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from device.counter import (
    activating,
    approving,
    clerking,
    linking,
    looking,
    offering,
    redeeming,
    results,
    reviewing,
    undoing,
)
from device.counter.effects import Accept, Effect, Forgo, Ignored, Mint, Send, Show, Tidy
from device.counter.events import (
    AcceptFailed,
    CameraFault,
    CameraReady,
    Event,
    ForgoFailed,
    Gone,
    Heard,
    JournalBehind,
    LinkDown,
    LinkUp,
    MintFailed,
    Pressed,
    Released,
    Scanned,
    SeveralCodes,
    Tick,
)
from device.counter.screens import view_of
from device.counter.states import (
    AtWheel,
    CameraState,
    Choosing,
    Counter,
    EnteringAmount,
    EnteringCode,
    Idle,
    Kept,
    Leaving,
    Looking,
    Offering,
    OutOfService,
    Pending,
    Question,
    Result,
    Reviewing,
    Setup,
    Starting,
    Step,
    Typing,
    Undoing,
)
from device.ports import Button
from protocol.comparing import AskBook
from protocol.duty import OwnDay
from protocol.messages import Answer, Notice, Offered, Refused, Signed, Undoable, Welcome
from protocol.values import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protocol.messages import GatewayMessage

#: What a redemption needs to leave the kiosk.
_LEAVING = (Mint, Send, Accept, Forgo)


def begin(setup: Setup, kept: Sequence[Kept], now: float, store_name: str | None = None) -> Step:
    """Return a counter that starts, with what its journal kept over the restart, and its first effects."""
    starting = Starting(until=now + setup.timing.starting_s)
    counter = Counter(setup=setup, phase=starting, store_name=store_name, link_lost_at=now)
    counter, effects = redeeming.restore(counter, kept, now)
    return _show(counter, effects)


def step(counter: Counter, event: Event, now: float) -> Step:
    """Return the counter after this event at monotonic time ``now``, and what is to be done about it."""
    before = counter
    counter, due = _catch_up(counter, now)
    counter, effects = _take(counter, event, now)
    # Behind the event: where it gives up, or brings the end, no REQ that was due leaves any more (rule 8).
    counter, repeated = redeeming.repeat_due(counter, now)
    counter, following = _what_next(counter, now)
    wanted = (*due, *effects, *repeated, *following)
    if counter is before and not wanted:
        return counter, ()  # as after most wake-ups: what is shown follows from the state alone
    return _show(counter, wanted)


def deadline(counter: Counter) -> float | None:
    """Return when the counter wants a Tick, if nothing happens before; None: never."""
    due = [*linking.deadlines(counter), _phase_deadline(counter)]
    due += [ticket.request.send_at for ticket in counter.still_open]
    return min((at for at in due if at is not None), default=None)


def _catch_up(counter: Counter, now: float) -> Step:
    counter, effects = linking.tick(counter, now)
    moved: tuple[Effect, ...] = ()
    phase = counter.phase
    match phase:
        case Starting(until=until):
            if now >= until:
                counter = redeeming.resume(replace(counter, camera=CameraState.FAULT), now)
        case Looking():
            counter, moved = looking.tick(counter, phase, now)
        case Offering():
            counter, moved = offering.tick(counter, phase, now)
        case Pending():
            counter, moved = redeeming.tick(counter, phase, now)
        case Result():
            counter, moved = results.tick(counter, phase, now)
        case Typing() | EnteringCode() | EnteringAmount() | Leaving() | Reviewing() | Choosing() | Undoing():
            counter, moved = clerking.tick(counter, phase, now)
        case Idle() | Question() | OutOfService():
            # These wait for a code, a person or the gateway: there is time to tidy.
            if counter.tidy_at is not None and now >= counter.tidy_at:
                counter, moved = replace(counter, tidy_at=None), (Tidy(),)
        case _:
            assert_never(phase)
    return counter, (*effects, *moved)


def _phase_deadline(counter: Counter) -> float | None:
    phase = counter.phase
    match phase:
        case Starting(until=until):
            return until
        case Idle(question_at=question_at):
            ask_at = question_at if counter.unseen else None
            return min((at for at in (counter.tidy_at, ask_at) if at is not None), default=None)
        case Looking():
            return looking.deadline(counter, phase)
        case Offering():
            return offering.deadline(phase)
        case Pending():
            return redeeming.deadline(phase)
        case Result():
            return results.deadline(counter, phase)
        case Typing() | EnteringCode() | EnteringAmount() | Leaving() | Reviewing() | Choosing() | Undoing():
            return clerking.deadline(phase)
        case Question() | OutOfService():
            return counter.tidy_at
        case _:
            assert_never(phase)


def _take(counter: Counter, event: Event, now: float) -> Step:
    match event:
        case Scanned() | SeveralCodes() | Gone():
            return approving.shown(counter, event, now) or looking.saw(counter, event, now)
        case CameraReady() | CameraFault():
            return _camera(counter, event, now), ()
        case Pressed():
            return _pressed(counter, event, now)
        case LinkUp() | LinkDown():
            return linking.changed(counter, event, now)
        case Heard(message=message):
            return _heard(counter, message, now)
        case JournalBehind():
            return linking.journal_behind(counter), ()
        case MintFailed() | AcceptFailed() | ForgoFailed():
            return redeeming.not_written(counter, event, now), ()
        case Released() if isinstance(counter.phase, AtWheel):
            return clerking.let_go(counter, counter.phase, event)
        case Tick() | Released():
            return counter, ()  # the time was caught up with already
        case _:
            assert_never(event)


def _heard(counter: Counter, message: GatewayMessage, now: float) -> Step:
    match message:
        case Answer():
            return redeeming.heard(counter, message, now)
        case Signed(look=0):
            return looking.signed_out(counter, message, now)
        case Offered() | Undoable() if (taken := _told_a_clerk(counter, message, now)) is not None:
            return taken
        case OwnDay() if (shown := reviewing.heard(counter, message, now)) is not None:
            return shown
        case Undoable() | OwnDay():
            return counter, (Ignored(f"list {message.look}, which is not the one in hand"),)
        case Offered() | Refused() | Signed():
            return looking.heard(counter, message, now)
        case Notice(look=look) if look is not None and not linking.concerns_the_device(message):
            return looking.heard(counter, message, now)
        case Welcome() | Notice() | AskBook():
            return linking.heard(counter, message, now)
        case _:
            assert_never(message)


def _told_a_clerk(counter: Counter, message: Offered | Undoable, now: float) -> Step | None:
    """Take what a clerk has asked for; None where it is about a customer's code, or awaited by nobody."""
    taken = undoing.heard(counter, message, now)
    if taken is None and isinstance(message, Offered):
        taken = approving.heard(counter, message, now) or activating.heard(counter, message, now)
    return taken


def _pressed(counter: Counter, event: Pressed, now: float) -> Step:
    phase = counter.phase
    match phase:
        case Looking():
            return looking.pressed(counter, phase, event.button, now)
        case Offering() if phase.offer.approval and event.button is Button.OK:
            return approving.begin(counter, phase, now)
        case Offering():
            return offering.pressed(counter, phase, event, now)
        case Pending():
            return redeeming.pressed(counter, phase, event.button, now)
        case Result():
            return results.pressed(counter, phase, now)
        case Question():
            return results.answer_question(counter, phase, event.button, now)
        case Idle():
            return clerking.begin(counter, event.button, now)
        case Typing() | EnteringCode() | EnteringAmount() | Leaving() | Reviewing() | Choosing() | Undoing():
            return clerking.pressed(counter, phase, event, now)
        case Starting() | OutOfService():
            return counter, ()  # nothing is asked here
        case _:
            assert_never(phase)


def _camera(counter: Counter, event: CameraReady | CameraFault, now: float) -> Counter:
    if isinstance(event, CameraReady):
        counter = replace(counter, camera=CameraState.READY)
    else:
        # What was before it is forgotten there too: when it sees again, it tells anew.
        counter = replace(counter, camera=CameraState.FAULT, waiting=None)
    return redeeming.resume(counter, now) if isinstance(counter.phase, Starting) else counter


def _what_next(counter: Counter, now: float) -> Step:
    """At rest: serve the code that waits in view, else show what has ended and nobody has seen."""
    phase = counter.phase
    if not isinstance(phase, Idle):
        return counter, ()
    if counter.waiting is not None:
        return looking.serve(counter, counter.waiting, now)
    if counter.unseen and now >= phase.question_at:
        return results.show_ended(counter, counter.unseen[0], now, on_screen=False), ()
    return counter, ()


def _show(counter: Counter, effects: tuple[Effect, ...]) -> Step:
    """Show what has changed, before the books are written: a customer does not wait for a disk."""
    leaving = tuple(effect for effect in effects if isinstance(effect, _LEAVING))
    books = tuple(effect for effect in effects if not isinstance(effect, _LEAVING))
    before = counter.view
    announced = counter.scene != counter.shown_scene
    view = view_of(counter, 1 if before is None else before.seq + announced)
    if before is not None and not announced:
        if view == before:
            return counter, leaving + books
        view = replace(view, seq=before.seq + 1)
    shown = replace(counter, view=view, shown_scene=counter.scene)
    return shown, (*leaving, Show(view, announced), *books)
