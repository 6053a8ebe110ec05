"""Digits set with four buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.counter.digits import (
    END,
    FAST_AFTER,
    FAST_S,
    HOLD_S,
    POINT,
    REPEAT_S,
    TO_DIGITS,
    TO_LETTERS,
    Digits,
    Left,
    Typed,
    pressed,
    released,
    tick,
)
from device.ports import Button
from headoffice.vouchers.codes import ALPHABET
from protocol.values import replace

if TYPE_CHECKING:
    from collections.abc import Iterable

PIN = Digits(fewest=6, most=6, hidden=True)
NUMBER = Digits(fewest=1, most=12)
CODE = Digits(fewest=4, most=24, letters=True)
SUM = Digits(fewest=1, most=10, money=True)


def type_in(entry: Digits, text: Iterable[str]) -> Digits | Typed | Left:
    """Press what brings these digits in, the shorter way round; END for the end."""
    found: Digits | Typed | Left = entry
    for digit in text:
        assert isinstance(found, Digits)
        places = found.wheel_places
        up, down = places.index(digit), len(places) - places.index(digit)
        for _ in range(min(up, down)):
            found = pressed(found, Button.UP if up <= down else Button.DOWN, 0.0)
            assert isinstance(found, Digits)
        found = pressed(found, Button.OK, 0.0)
    return found


def test_a_pin_ends_with_its_last_digit_and_is_covered() -> None:
    half = type_in(PIN, "408")
    assert isinstance(half, Digits)
    assert half.line == "***[0]__"
    assert type_in(half, "217") == Typed("408217")


def test_a_number_ends_where_the_wheel_says_so_one_turn_down_from_nought() -> None:
    begun = type_in(NUMBER, "1001")
    assert isinstance(begun, Digits)
    assert begun.line == "1001[0]"
    ended = pressed(begun, Button.DOWN, 0.0)
    assert isinstance(ended, Digits)
    assert ended.line == f"1001[{END}]"
    assert pressed(ended, Button.OK, 0.0) == Typed("1001")


def test_too_few_digits_cannot_be_ended() -> None:
    down = pressed(NUMBER, Button.DOWN, 0.0)
    assert isinstance(down, Digits)
    assert down.wheel == "9"


def test_cancel_goes_back_one_and_from_nothing_out() -> None:
    begun = type_in(PIN, "12")
    assert isinstance(begun, Digits)
    back = pressed(begun, Button.CANCEL, 0.0)
    assert isinstance(back, Digits)
    assert back.typed == "1"
    again = pressed(back, Button.CANCEL, 0.0)
    assert isinstance(again, Digits)
    assert pressed(again, Button.CANCEL, 0.0) == Left()


def test_a_held_button_turns_on_until_it_comes_up() -> None:
    entry = pressed(PIN, Button.UP, 10.0)
    assert isinstance(entry, Digits)
    assert tick(entry, 10.0 + HOLD_S - 0.01) == entry
    entry = tick(entry, 10.0 + HOLD_S)
    assert entry.wheel == "2"
    assert entry.turn_at == pytest.approx(10.0 + HOLD_S + REPEAT_S)
    entry = tick(entry, 10.0 + HOLD_S + REPEAT_S)
    assert released(entry, Button.DOWN, 9.0) == entry
    entry = released(entry, Button.UP, HOLD_S + REPEAT_S + 0.01)
    assert (entry.wheel, entry.turn_at) == ("3", None)
    assert tick(entry, 99.0) == entry


def test_a_release_that_is_told_late_turns_back_what_was_turned_meanwhile() -> None:
    entry = pressed(PIN, Button.DOWN, 10.0)
    assert isinstance(entry, Digits)
    entry = tick(tick(entry, 10.0 + HOLD_S), 11.0)
    assert entry.wheel == "7"
    assert released(entry, Button.DOWN, 0.1).wheel == "9"
    assert released(entry, Button.DOWN, HOLD_S).wheel == "8"
    assert released(entry, Button.DOWN, 5.0).wheel == "7"


def test_a_button_that_is_held_for_long_turns_faster() -> None:
    entry = pressed(CODE, Button.UP, 10.0)
    assert isinstance(entry, Digits)
    now = 10.0
    for _ in range(FAST_AFTER + 3):
        assert entry.turn_at is not None
        now = entry.turn_at
        entry = tick(entry, now)
    held_s = HOLD_S + (FAST_AFTER - 1) * REPEAT_S + 3 * FAST_S
    assert now - 10.0 == pytest.approx(held_s)
    assert entry.wheel == "9"
    assert released(entry, Button.UP, held_s + FAST_S / 2).wheel == "9"
    assert released(entry, Button.UP, held_s - FAST_S / 2).wheel == "8"


def test_letters_are_on_a_wheel_of_their_own_behind_the_digits() -> None:
    begun = type_in(CODE, ["7", TO_LETTERS, "K", "Z", TO_DIGITS, "0", TO_LETTERS])
    assert isinstance(begun, Digits)
    assert begun.line == "7KZ0[A]"
    back = pressed(begun, Button.CANCEL, 0.0)
    assert isinstance(back, Digits)
    assert back.line == "7KZ[A]"
    assert type_in(back, ["B", END]) == Typed("7KZB")


def test_the_wheel_of_letters_holds_what_own_codes_are_made_of() -> None:
    places = {*CODE.wheel_places, *replace(CODE, among_letters=True).wheel_places} - {TO_LETTERS, TO_DIGITS}
    assert places == set(ALPHABET)


def test_a_sum_has_one_point_and_two_digits_after_it_at_most() -> None:
    assert POINT not in SUM.wheel_places
    begun = type_in(SUM, ["1", "2", POINT])
    assert isinstance(begun, Digits)
    assert POINT not in begun.wheel_places
    ended = type_in(begun, "50")
    assert isinstance(ended, Digits)
    assert (ended.line, ended.wheel_places) == (f"12.50[{END}]", (END,))
    assert pressed(ended, Button.OK, 0.0) == Typed("12.50")
    assert type_in(SUM, ["7", END]) == Typed("7")


def test_what_is_long_keeps_its_end_in_sight() -> None:
    begun = type_in(Digits(fewest=1, most=20), "12345678901234")
    assert isinstance(begun, Digits)
    assert begun.line == "…45678901234[0]"


@given(st.text("0123456789", min_size=1, max_size=12))
def test_every_number_can_be_set(text: str) -> None:
    ended = type_in(NUMBER, text if len(text) == NUMBER.most else (*text, END))
    assert ended == Typed(text)
