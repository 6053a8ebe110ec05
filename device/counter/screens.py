"""What a counter's state looks like: words, light and sound. A view follows from the state alone; it knows no time.

Lines go by cells: a hanzi takes two, a Latin letter one. At 16 px the screen holds four lines of sixteen, at 12 px
five of twenty-one. A line that fits is centred, a longer one is left to scroll.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, assert_never

from device.counter.purposes import Activating, Approving, Permitting, SigningIn
from device.counter.states import (
    CameraState,
    Choosing,
    EnteringAmount,
    EnteringCode,
    Idle,
    Leaving,
    Looking,
    Manner,
    Offering,
    Outcome,
    OutOfService,
    Pending,
    Question,
    Result,
    Reviewing,
    Starting,
    Typing,
    Undoing,
)
from device.view import Claim, Line, LinkState, Screen, View
from protocol.ids import parking_number
from protocol.values import Value, replace
from protocol.vocabulary import PHRASES, Colour, Light, Pattern, Sound, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from device.counter.states import ByButtons, Counter
    from device.counter.style import Style
    from device.counter.words import Words
    from protocol.messages import Detail

_DARK = Light(Colour.OFF)
_AMBER_BLINK = Light(Colour.AMBER, Pattern.BLINK)
_AMBER_PULSE = Light(Colour.AMBER, Pattern.PULSE)
#: Answers that are not believed before it is said when and where it was.
_WHEN_AND_WHERE = frozenset({Verdict.ALREADY_REDEEMED, Verdict.USES_EXHAUSTED})


#: What is said of a result by how it came about alone.
_PLAIN_WORDS: Mapping[Manner, Callable[[Words], tuple[str, ...]]] = {
    Manner.LAPSED: lambda words: words.lapsed,
    Manner.NOT_SIGNED_IN: lambda words: words.not_signed_in,
    Manner.NOT_UNDONE: lambda words: words.not_undone,
    Manner.NOTHING_TO_UNDO: lambda words: words.nothing_to_undo,
    Manner.NOT_TOLD: lambda words: words.not_told,
    Manner.CODE_SPENT: lambda words: words.code_spent,
    Manner.PIN_SET: lambda words: words.pin_set,
    Manner.PIN_UNSURE: lambda words: words.pin_unsure,
    Manner.NO_MANAGER: lambda words: words.no_manager,
}


def view_of(counter: Counter, seq: int) -> View:
    """Return what the counter shows."""
    style = counter.setup.style
    face = _face(counter, style)
    lines = [_line(text, style, inverted=False) for text in face.lines]
    if face.large_head:
        lines[0] = replace(lines[0], large=True)
    return View(
        seq=seq,
        screen=face.screen,
        lines=(*lines, *(_line(text, style, inverted=True) for text in face.keys)),
        verdict=face.verdict,
        light=face.light,
        sound=face.sound,
        rid=face.rid,
        clerk=counter.clerk,
        link=counter.link,
        countdown=face.countdown,
        claim=_claim(counter, style),
    )


class _Face(Value, frozen=True, kw_only=True):
    screen: Screen
    lines: tuple[str, ...]
    keys: tuple[str, ...] = ()
    """What the buttons do, in inverted lines at the foot."""
    large_head: bool = False
    """Whether the first line is shown at twice its size, over two rows."""
    verdict: Verdict | None = None
    light: Light = _DARK
    sound: Sound | None = None
    rid: str | None = None
    countdown: float | None = None


def _face(counter: Counter, style: Style) -> _Face:
    phase = counter.phase
    match phase:
        case Starting():
            return _Face(screen=Screen.STARTING, lines=(style.words.starting,))
        case Idle():
            return _Face(screen=Screen.IDLE, lines=_idle_lines(counter, style))
        case Looking():
            slow = style.words.slow if phase.slow else ()
            return _spoken(Screen.LOOKING, Verdict.LOOKING, (*style.phrase(Verdict.LOOKING), *slow))
        case Offering():
            return _offer(phase, style)
        case Pending():
            return _pending(phase, style)
        case Result(outcome=outcome):
            return _result(outcome, style)
        case Question():
            return _question(counter, phase, style)
        case Typing() | EnteringCode() | EnteringAmount() | Leaving() | Reviewing() | Choosing() | Undoing():
            return _by_buttons(counter, phase, style)
        case OutOfService(verdict=verdict, hint=hint):
            lines = (*style.phrase(verdict), *((hint,) if hint else ()))
            return _spoken(Screen.OUT_OF_SERVICE, verdict, lines)
        case _:
            assert_never(phase)


def _spoken(screen: Screen, verdict: Verdict, lines: tuple[str, ...], rid: str | None = None) -> _Face:
    """Return a face with the light and sound that the vocabulary gives its verdict."""
    phrase = PHRASES[verdict]
    return _Face(screen=screen, lines=lines, verdict=verdict, light=phrase.light, sound=phrase.sound, rid=rid)


def _idle_lines(counter: Counter, style: Style) -> tuple[str, ...]:
    words = style.words
    store = (counter.store_name,) if counter.store_name else ()
    if counter.camera is CameraState.FAULT:
        prompt = words.camera_fault
    elif counter.offline_shown:
        prompt = words.gateway_silent if counter.link is LinkState.BROKER_ONLY else words.offline
    else:
        prompt = (words.show_code[0], words.testing) if counter.testing else words.show_code
    open_ones = counter.still_open
    if not open_ones:
        lines = (*store, *prompt, *_clerk_line(counter, style))
        helps = not counter.offline_shown and len(lines) < style.rows
        return (*lines, words.by_buttons) if helps else lines
    number = parking_number(open_ones[0].rid) if len(open_ones) == 1 else str(len(open_ones))
    return (*store, *prompt, words.still_open.format(number=number))


def _claim(counter: Counter, style: Style) -> Claim | None:
    """Return the QR that takes turns with the idle screen, where that has nothing to say that matters more."""
    matters = counter.offline_shown or counter.camera is CameraState.FAULT or counter.still_open
    text = style.claim_qr or counter.claim_qr  # the kiosk's own says where it hangs
    if not text or matters or not isinstance(counter.phase, Idle):
        return None
    return Claim(text, style.words.claim)


def _clerk_line(counter: Counter, style: Style) -> tuple[str, ...]:
    if counter.on_duty is not None:
        return (style.words.on_duty.format(name=counter.on_duty.name),)
    return (style.words.sign_in,) if counter.clerk_required else ()


def _by_buttons(counter: Counter, phase: ByButtons, style: Style) -> _Face:
    words = style.words
    if isinstance(phase, Choosing | Undoing):
        return _undoing(phase, style)
    if isinstance(phase, EnteringAmount):
        lines = _given(words.type_amount, f"¥{phase.entry.line}", _minimum(phase.offering.offer.detail, style))
        left = _left(phase.offering)
        return _Face(screen=Screen.TYPING, lines=lines, keys=(words.take_or_back,), countdown=left)
    if isinstance(phase, EnteringCode):
        title = words.type_code.format(count=len(phase.entry.typed))
        return _Face(screen=Screen.TYPING, lines=(title, phase.entry.line), keys=(words.take_or_back,))
    if isinstance(phase, Typing):
        lines = (*_typing_lines(phase, words), phase.entry.line)
        return _Face(screen=Screen.TYPING, lines=lines, keys=(words.take_or_back,))
    if isinstance(phase, Reviewing):
        return _Face(screen=Screen.REVIEWING, lines=_day(phase, words), keys=(words.browse,))
    lines = (*_clerk_line(counter, style), words.sign_out)
    return _Face(screen=Screen.LEAVING, lines=lines, keys=(words.leave_or_day,))


def _day(phase: Reviewing, words: Words) -> tuple[str, ...]:
    day = phase.day
    if phase.at == 0:
        amount = words.shift_amount.format(yuan=_yuan(day.amount)) if day.amount else None
        undone = words.day_undone.format(count=day.undone) if day.undone else None
        return _given(words.day_count.format(count=day.redeemed), amount, undone)
    did = day.done[phase.at - 1]
    tail = words.done_tail.format(tail=did.code_tail) if did.code_tail else None
    worth = f"¥{_yuan(did.amount)}" if did.amount is not None else None
    about = _given(tail, words.done_undone if did.undone else worth)
    return _given(f"{phase.at}/{len(day.done)} {did.at[11:16]}", did.title or None, " ".join(about))


def _typing_lines(typing: Typing, words: Words) -> tuple[str, ...]:
    match typing.purpose:
        case SigningIn(number=None):
            return (words.type_number,)
        case SigningIn():
            return (words.type_pin,)
        case Approving(number=None) if not typing.entry.hidden:
            return (words.manager_number,)
        case Permitting() | Approving():
            return (words.pin_or_manager,)
        case Activating(name=name, first=first, differed=differed):
            asked = words.pin_again if first is not None else words.pins_differ if differed else words.new_pin
            return _given(name, asked)
        case _:
            assert_never(typing.purpose)


def _undoing(phase: Choosing | Undoing, style: Style) -> _Face:
    words = style.words
    if isinstance(phase, Undoing):
        detail = phase.offer.detail
        lines = _given(words.undo, detail.title, phase.reason)
        return _Face(screen=Screen.UNDOING, lines=lines, keys=(words.confirm_or_cancel,), countdown=_left(phase))
    if phase.reason is not None:
        return _Face(screen=Screen.CHOOSING, lines=(words.why, words.reasons[phase.reason]), keys=(words.choose,))
    done = phase.done[phase.at]
    head = words.undo_left.format(number=phase.at + 1, count=len(phase.done), minutes=phase.minutes_left)
    tail = words.code_tail.format(tail=done.code_tail) if done.code_tail else None
    lines = _given(head, done.title or None, " ".join(_given(tail, done.at[11:16])))
    return _Face(screen=Screen.CHOOSING, lines=lines, keys=(words.choose,))


def _offer(phase: Offering, style: Style) -> _Face:
    detail, most = phase.offer.detail, phase.most
    if most > 1:
        head: tuple[str, ...] = (style.words.quantity.format(quantity=phase.quantity, most=most),)
    else:
        head = (style.words.pick_up,) if detail.pick_up else style.phrase(Verdict.REDEEMABLE)
    uses = style.words.uses_left.format(left=detail.uses_left) if detail.uses_left is not None else None
    worth = " ".join(_given(detail.value, uses, _minimum(detail, style)))
    phrase = PHRASES[Verdict.REDEEMABLE]
    return _Face(
        screen=Screen.OFFER,
        lines=_given(*head, detail.title, worth),
        keys=(style.words.approve_or_cancel if phase.offer.approval else style.words.confirm_or_cancel,),
        verdict=Verdict.REDEEMABLE,
        light=phrase.light,
        sound=phrase.sound,
        countdown=_left(phase),
    )


def _left(phase: Offering | Undoing) -> float:
    """Return which part of its time is left to something that counts down."""
    return phase.seconds_left / max(1.0, phase.until - phase.since)


def _minimum(detail: Detail, style: Style) -> str | None:
    """Return what the bill must come to at least, in words; None where it may be anything."""
    return style.words.minimum.format(yuan=_yuan(detail.minimum).removesuffix(".00")) if detail.minimum else None


def _pending(phase: Pending, style: Style) -> _Face:
    phrase = PHRASES[Verdict.PENDING]
    return _Face(
        screen=Screen.PENDING,
        lines=style.words.still_pending if phase.slow else style.phrase(Verdict.PENDING),
        keys=(style.words.wait_or_give_up,) if phase.choice else (),
        verdict=Verdict.PENDING,
        light=phrase.light,
        sound=phrase.sound,
        rid=phase.rid,
    )


def _question(counter: Counter, phase: Question, style: Style) -> _Face:
    ticket = counter.ticket(phase.rid)
    answer = ticket.request.answer if ticket else None
    at = _moment(answer.detail.at) if answer else None
    head = style.words.redeemed_tail.format(tail=ticket.tail if ticket else "")
    return _Face(
        screen=Screen.HANDED_OVER,
        lines=_given(head, at, style.words.handed_over),
        keys=(style.words.yes_or_no,),
        verdict=Verdict.REDEEMED,
        light=_AMBER_BLINK,
        sound=Sound.TWO_SHORT,
        rid=phase.rid,
    )


def _result(outcome: Outcome, style: Style) -> _Face:
    words, verdict = style.words, outcome.verdict
    if outcome.manner is Manner.PARKED and outcome.rid is not None:
        lines = tuple(line.format(number=parking_number(outcome.rid)) for line in words.parked)
        return _Face(screen=Screen.RESULT, lines=lines, verdict=verdict, light=_AMBER_PULSE, rid=outcome.rid)
    if outcome.manner in _PLAIN_WORDS:
        return _spoken(Screen.RESULT, verdict, _PLAIN_WORDS[outcome.manner](words), outcome.rid)
    if verdict is Verdict.FAULT:
        certain = outcome.rid is None or outcome.manner is Manner.NOTHING_SPENT
        named = _given(*style.phrase(verdict), outcome.detail.case)
        head = (" ".join(named),) if _fits(" ".join(named), style) else named
        call = words.support.format(number=style.support) if style.support else ""
        call = call if _fits(call, style) else style.support
        disputed = outcome.manner is Manner.DISPUTED
        known = words.disputed if disputed else (words.nothing_spent if certain else words.outcome_open, call)
        lines = _given(*head, *known)
        return _spoken(Screen.RESULT, verdict, lines, outcome.rid)
    head_lines = words.not_live if outcome.detail.testing else style.phrase(verdict)
    if verdict is Verdict.REDEEMED and (outcome.detail.quantity or 1) > 1:
        head_lines = (words.redeemed_times.format(quantity=outcome.detail.quantity),)
    if outcome.detail.unsettled:
        head_lines = (head_lines[0], words.handed_over)
    particulars = _particulars(verdict, outcome.detail, style)
    if outcome.together is not None:
        done, count = outcome.together
        particulars = (words.together.format(done=done, count=count), *particulars)
    # A short verdict fills the panel's width where the rest has room: it is read at arm's length, the rest from nearer.
    least = 2 if verdict in _WHEN_AND_WHERE else 1
    room = style.rows - len(head_lines) - min(least, len(particulars))
    large = room > 0 and 2 * _cells(head_lines[0]) <= style.cells
    lines = (*head_lines, *particulars[: max(0, style.rows - len(head_lines) - large)])
    return replace(_spoken(Screen.RESULT, verdict, lines, outcome.rid), large_head=large)


def _particulars(verdict: Verdict, detail: Detail, style: Style) -> tuple[str, ...]:
    """Return what is worth telling beside a verdict, the most telling first."""
    words = style.words
    tail = words.code_tail.format(tail=detail.code_tail) if detail.code_tail else None
    at = _moment(detail.at)
    match verdict:
        case Verdict.REDEEMED | Verdict.ACCEPTED_OFFLINE:
            uses = words.uses_left.format(left=detail.uses_left) if detail.uses_left is not None else None
            return _given(words.hand_over if detail.pick_up else None, detail.title, uses, tail, at)
        case _ if verdict in _WHEN_AND_WHERE:
            return _given(at, detail.store, tail)
        case Verdict.UNDONE:
            return _given(detail.title, tail)
        case Verdict.CLERK_SIGNED_OUT:
            redeemed = words.shift_count.format(count=detail.redeemed) if detail.redeemed is not None else None
            amount = words.shift_amount.format(yuan=_yuan(detail.amount)) if detail.amount else None
            return _given(detail.title, redeemed, amount)
        case Verdict.BELOW_MINIMUM:
            return _given(_minimum(detail, style), detail.title)
        case Verdict.WRONG_STORE:
            return _given("、".join(detail.stores), detail.title)
        case Verdict.EXPIRED | Verdict.NOT_YET_VALID | Verdict.BOOKING_EARLY | Verdict.BOOKING_LATE:
            return _given(at, detail.title)
        case _:
            return _given(detail.title, at, detail.store)


def _yuan(fen: int) -> str:
    return f"{fen / 100:.2f}"


def _moment(at: str | None) -> str | None:
    """Return an ISO 8601 time as people read it, in the zone that it carries: ``2026-05-01 14:03``."""
    if at is None:
        return None
    try:
        return datetime.fromisoformat(at).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return at


def _given(*lines: str | None) -> tuple[str, ...]:
    return tuple(line for line in lines if line)


def _line(text: str, style: Style, *, inverted: bool) -> Line:
    return Line(text, centred=_fits(text, style), inverted=inverted)


def _fits(text: str, style: Style) -> bool:
    return _cells(text) <= style.cells


@lru_cache(maxsize=64)
def _cells(text: str) -> int:
    """Return how many half-width cells a text takes; a screen is made anew at every event, mostly of the same lines."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
