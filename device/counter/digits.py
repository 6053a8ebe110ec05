"""Digits set with four buttons: up and down turn a wheel, OK takes the digit under it, cancel goes back one.

Held down, up and down turn on by themselves, and faster after a while. Where the length is not fixed, the wheel has one
place more, ``END``, one turn down from nought: taken there, OK ends the entry. Where letters are allowed, one more
leads to a wheel of letters, and from there back; digits come first, because most codes have nothing else. A sum of
money has one for its point, and two digits after it at most.
Pure: what is typed goes no further than who asked for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from device.ports import Button
from protocol.pins import PIN_DIGITS
from protocol.values import Value, replace

if TYPE_CHECKING:
    from collections.abc import Mapping

END = "OK"
TO_LETTERS, TO_DIGITS = "ABC", "123"
POINT = "."
_DIGITS = tuple("0123456789")
#: The letters of own codes; no I, L, O and U, which own codes do not have and people take for something else.
_LETTERS = tuple("ABCDEFGHJKMNPQRSTVWXYZ")
#: Seconds until a held button turns the wheel on, from one turn to the next, and once it has turned so often.
HOLD_S = 0.45
REPEAT_S = 0.13
FAST_S = 0.06
FAST_AFTER = 5
_TURNS: Mapping[Button, int] = {Button.UP: 1, Button.DOWN: -1}
#: Digits that stay in sight before the wheel.
_IN_SIGHT = 12


class Typed(Value, frozen=True):
    """The entry has ended with these digits."""

    text: str


class Left(Value, frozen=True):
    """There was nothing more to go back to: the entry was given up."""


class Digits(Value, frozen=True, kw_only=True):
    """An entry of ``fewest`` to ``most`` digits, as far as it has come."""

    fewest: int
    most: int
    hidden: bool = False
    """Whether digits are covered once they are taken, as a PIN's are."""
    letters: bool = False
    """Whether there are letters among them."""
    among_letters: bool = False
    """Whether the wheel holds letters now."""
    money: bool = False
    """Whether it is a sum of yuan, with or without a point."""
    typed: str = ""
    wheel: str = "0"
    turning: Button | None = None
    turn_at: float | None = None
    """When the held button turns the wheel again; None where none is held."""
    turns: int = 0
    """How often it has turned by itself since the button went down."""

    @property
    def line(self) -> str:
        """The entry as it is shown: what was taken, the wheel in brackets, the places left where that is fixed."""
        taken = "*" * len(self.typed) if self.hidden else self.typed
        if len(taken) > _IN_SIGHT:
            taken = "…" + taken[1 - _IN_SIGHT :]
        left = "_" * (self.most - len(self.typed) - 1) if self.fewest == self.most else ""
        return f"{taken}[{self.wheel}]{left}"

    @property
    def wheel_places(self) -> tuple[str, ...]:
        """What stands on the wheel, from where it begins upwards."""
        if self.money and self.typed[-3:-2] == POINT:
            return (END,)
        first = _LETTERS if self.among_letters else _DIGITS
        if self.money and self.typed and POINT not in self.typed:
            first = (*first, POINT)
        other = (TO_DIGITS if self.among_letters else TO_LETTERS,) if self.letters else ()
        end = (END,) if self.fewest <= len(self.typed) and self.fewest < self.most else ()
        return (*first, *other, *end)


NUMBER = Digits(fewest=1, most=12)
PIN = Digits(fewest=PIN_DIGITS, most=PIN_DIGITS, hidden=True)
Entry: TypeAlias = Digits | Typed | Left


def pressed(entry: Digits, button: Button, now: float) -> Entry:
    """Take a button that went down."""
    if button in _TURNS:
        return replace(_turned(entry, button), turning=button, turn_at=now + HOLD_S, turns=0)
    if button is Button.CANCEL:
        return _begun(replace(entry, typed=entry.typed[:-1])) if entry.typed else Left()
    if entry.wheel == END:
        return Typed(entry.typed)
    if entry.wheel in {TO_LETTERS, TO_DIGITS}:
        return _begun(replace(entry, among_letters=entry.wheel == TO_LETTERS))
    typed = entry.typed + entry.wheel
    return Typed(typed) if len(typed) == entry.most else _begun(replace(entry, typed=typed))


def released(entry: Digits, button: Button, held_s: float) -> Digits:
    """Take a button that came up after ``held_s`` seconds: the wheel stands still, where it stood at that moment."""
    if entry.turning is not button:
        return entry
    return _still(_turned(entry, button, -max(0, entry.turns - _earned(held_s))))


def tick(entry: Digits, now: float) -> Digits:
    """Turn the wheel on where its button is still held."""
    if entry.turning is None or entry.turn_at is None or now < entry.turn_at:
        return entry
    turns = entry.turns + 1
    return replace(_turned(entry, entry.turning), turn_at=now + _pace_s(turns), turns=turns)


def _pace_s(turns: int) -> float:
    """Return how long a wheel that has turned so often by itself stands until it turns again."""
    return REPEAT_S if turns < FAST_AFTER else FAST_S


def _earned(held_s: float) -> int:
    """Return how often a button that was held for so long turns the wheel by itself."""
    turns, due_s = 0, HOLD_S
    while due_s <= held_s:
        turns += 1
        due_s += _pace_s(turns)
    return turns


def _begun(entry: Digits) -> Digits:
    """Return the entry with its wheel where it begins."""
    return replace(_still(entry), wheel=entry.wheel_places[0])


def _turned(entry: Digits, button: Button, times: int = 1) -> Digits:
    places = entry.wheel_places
    return replace(entry, wheel=places[(places.index(entry.wheel) + times * _TURNS[button]) % len(places)])


def _still(entry: Digits) -> Digits:
    return replace(entry, turning=None, turn_at=None)
