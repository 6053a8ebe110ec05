"""What a scanner gun types: the kernel's key events to texts, one for each line. Pure; time comes as an argument.

A gun is a keyboard to the kernel, and types as one with the layout of the United States, Enter at the end. Events are
``struct input_event`` as the machine itself lays them out.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Seconds and microseconds of its time, type, code and value.
EVENT = struct.Struct("llHHi")
EV_SYN, EV_KEY = 0, 1
SYN_DROPPED = 3
ENTER, KP_ENTER = 28, 96
LEFT_SHIFT, RIGHT_SHIFT = 42, 54
UP, DOWN = 0, 1
#: A gun types a code in milliseconds; what stands unfinished for so long is no beginning of the next one.
STALE_S = 1.0
#: As much as a square code can hold. What is longer is cut, and far too long for a voucher even so.
LONGEST = 4296

_ROWS: tuple[tuple[int, str, str], ...] = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (55, "*", "*"),
    (57, " ", " "),
    (71, "789-456+1230.", "789-456+1230."),
    (98, "/", "/"),
)
#: A key's code to what it types, plain and shifted.
_KEYS: Mapping[int, tuple[str, str]] = dict(
    chain.from_iterable(enumerate(zip(plain, shifted, strict=True), first) for first, plain, shifted in _ROWS)
)


@dataclass(frozen=True, slots=True)
class Line:
    """What has been typed since the last Enter."""

    text: str = ""
    shifts: frozenset[int] = field(default_factory=frozenset)
    """Shift keys that are down."""
    at: float = float("-inf")
    """When the last key went down."""
    torn: bool = False
    """Whether the kernel has lost events of this line, so that nobody knows what it says."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that went down or came up."""

    code: int
    value: int


@dataclass(frozen=True, slots=True)
class Lost:
    """The kernel had no room for some events, and says so."""


Typed: TypeAlias = Key | Lost


def read(raw: bytes) -> Iterator[Typed]:
    """Give what whole events say about keys; others, such as the pause after each, say nothing."""
    for _seconds, _micros, kind, code, value in EVENT.iter_unpack(raw[: len(raw) - len(raw) % EVENT.size]):
        if kind == EV_KEY:
            yield Key(code, value)
        elif (kind, code) == (EV_SYN, SYN_DROPPED):
            yield Lost()


def take(line: Line, typed: Typed, now: float) -> tuple[Line, str | None]:
    """Take an event; return the line that goes on, and the text that ended with it, if one did.

    A line with nothing on it is no text, and one of which events were lost is none either: its voucher is shown again.
    """
    if isinstance(typed, Lost):
        return replace(line, torn=True, shifts=frozenset()), None
    if typed.code in {LEFT_SHIFT, RIGHT_SHIFT}:
        shifts = line.shifts - {typed.code} if typed.value == UP else line.shifts | {typed.code}
        return replace(line, shifts=shifts), None
    if typed.value != DOWN:
        return line, None  # came up, or repeats by itself: a gun holds no key
    if now - line.at > STALE_S:
        line = Line(shifts=line.shifts)
    if typed.code in {ENTER, KP_ENTER}:
        return Line(shifts=line.shifts), None if line.torn or not line.text else line.text
    plain, shifted = _KEYS.get(typed.code, ("", ""))
    text = line.text + (shifted if line.shifts else plain)
    return replace(line, text=text[:LONGEST], at=now), None
