"""Bouncing contacts and lost edges become the presses that were meant."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from device.debounce import QUIET_S, RECHECK_S, Buttons, Change, check, deadline, edge
from device.ports import Button

OK, CANCEL = Button.OK, Button.CANCEL


class Wire:
    """Buttons with a level each, and everything that came of their edges."""

    def __init__(self) -> None:
        self.buttons = Buttons()
        self.levels = dict.fromkeys(Button, False)
        self.changes: list[Change] = []

    def down(self, button: Button, at: float, *, lost: bool = False) -> None:
        self.move(button, at, pressed=True, lost=lost)

    def up(self, button: Button, at: float, *, lost: bool = False) -> None:
        self.move(button, at, pressed=False, lost=lost)

    def move(self, button: Button, at: float, *, pressed: bool, lost: bool = False) -> None:
        self.catch_up(at)
        self.levels[button] = pressed
        if not lost:
            self.buttons, changes = edge(self.buttons, button, pressed=pressed, at=at)
            self.changes += changes

    def catch_up(self, now: float) -> None:
        while (due := deadline(self.buttons)) is not None and due <= now:
            self.buttons, changes = check(self.buttons, self.levels.__getitem__, due)
            self.changes += changes

    @property
    def story(self) -> list[tuple[Button, bool]]:
        return [(change.button, change.pressed) for change in self.changes]


def test_a_press_counts_at_its_first_edge() -> None:
    wire = Wire()
    wire.down(OK, 1.0)
    assert wire.changes == [Change(OK, pressed=True)]


def test_bouncing_is_one_press_and_one_release() -> None:
    wire = Wire()
    for at, pressed in [(1.0, True), (1.002, False), (1.004, True), (1.2, False), (1.203, True), (1.206, False)]:
        wire.move(OK, at, pressed=pressed)
    wire.catch_up(2.0)
    down, up = wire.changes
    assert (down.pressed, up.pressed) == (True, False)
    assert abs(up.held_s - 0.2) < 0.001


def test_a_tap_shorter_than_the_quiet_time_is_released_when_it_is_over() -> None:
    wire = Wire()
    wire.down(OK, 1.0)
    wire.up(OK, 1.01)
    assert wire.story == [(OK, True)]
    wire.catch_up(1.0 + QUIET_S)
    assert wire.story == [(OK, True), (OK, False)]


def test_a_lost_release_is_found_by_the_level() -> None:
    wire = Wire()
    wire.down(OK, 1.0)
    wire.catch_up(1.5)
    wire.up(OK, 1.5, lost=True)
    wire.catch_up(1.5 + RECHECK_S)
    assert wire.story == [(OK, True), (OK, False)]
    assert deadline(wire.buttons) is None


def test_a_second_press_after_a_lost_release_still_counts() -> None:
    wire = Wire()
    wire.down(OK, 1.0)
    wire.up(OK, 1.05, lost=True)
    wire.down(OK, 1.1)
    assert [pressed for _, pressed in wire.story] == [True, False, True]


def test_a_press_hidden_in_the_quiet_time_is_found_by_the_level() -> None:
    wire = Wire()
    wire.down(OK, 1.0)
    wire.up(OK, 1.2)
    wire.down(OK, 1.21)  # while the release is still settling, and held from then on
    wire.catch_up(1.3)
    assert [pressed for _, pressed in wire.story] == [True, False, True]


def test_buttons_do_not_disturb_each_other() -> None:
    wire = Wire()
    wire.down(OK, 1.0)
    wire.down(CANCEL, 1.005)
    assert wire.story == [(OK, True), (CANCEL, True)]


def test_a_release_without_a_press_means_nothing() -> None:
    wire = Wire()
    wire.up(OK, 1.0)
    assert wire.changes == []
    assert deadline(wire.buttons) is None


@given(
    st.lists(st.tuples(st.sampled_from(Button), st.booleans(), st.floats(0.0005, 0.5), st.booleans()), max_size=60),
)
def test_whatever_the_wires_do_presses_and_releases_alternate_and_end_at_the_level(
    edges: list[tuple[Button, bool, float, bool]],
) -> None:
    wire, at = Wire(), 0.0
    for button, pressed, pause, lost in edges:
        at += pause
        wire.move(button, at, pressed=pressed, lost=lost and not pressed)
    wire.catch_up(at + 1.0)
    for button in Button:
        mine = [pressed for one, pressed in wire.story if one is button]
        assert mine == [True, False] * (len(mine) // 2) + [True] * (len(mine) % 2)
        assert wire.levels[button] == bool(len(mine) % 2)
    assert all(change.held_s >= 0 for change in wire.changes)
