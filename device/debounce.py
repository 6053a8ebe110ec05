"""Raw edges of four buttons to presses and releases, as they were meant: pure, with time and levels as arguments.

A press counts at its first edge, at once; whatever follows for 30 ms is the contact's own bouncing. Edges get lost on
real wires (gpiozero #1039, #550, #697), levels do not: after the quiet time, and now and then while a button is down,
its level is compared with what is believed, and decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from device.ports import Button

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

QUIET_S = 0.030
#: How often a button that is down is looked at, in case the edge of its release got lost.
RECHECK_S = 0.25


@dataclass(frozen=True, slots=True)
class Change:
    """A button went down, or came up after ``held_s`` seconds."""

    button: Button
    pressed: bool
    held_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Key:
    """One button as it is believed to be."""

    down_at: float | None = None
    """Since when it is down; None while it is up."""
    check_at: float | None = None
    """When its level is to be compared next."""
    quiet_until: float = float("-inf")


@dataclass(frozen=True, slots=True)
class Buttons:
    """All four as they are believed to be."""

    keys: Mapping[Button, Key] = field(default_factory=lambda: dict.fromkeys(Button, Key()))


def edge(buttons: Buttons, button: Button, *, pressed: bool, at: float) -> tuple[Buttons, tuple[Change, ...]]:
    """Take a raw edge; return the changes that it means."""
    key = buttons.keys[button]
    if at < key.quiet_until or (not pressed and key.down_at is None):
        return buttons, ()  # bouncing; or the end of a press that was never seen
    if pressed and key.down_at is not None:
        # Down again though it never came up: the edge between got lost.
        up = Change(button, pressed=False, held_s=at - key.down_at)
        down, changes = _turn(buttons, button, pressed=True, at=at)
        return down, (up, *changes)
    return _turn(buttons, button, pressed=pressed, at=at)


def check(buttons: Buttons, level: Callable[[Button], bool], now: float) -> tuple[Buttons, tuple[Change, ...]]:
    """Compare what is due with its level; return what was missed."""
    changes: tuple[Change, ...] = ()
    for button, key in buttons.keys.items():
        if key.check_at is None or now < key.check_at:
            continue
        pressed = level(button)
        if pressed != (key.down_at is not None):
            buttons, missed = _turn(buttons, button, pressed=pressed, at=now)
            changes += missed
        else:
            buttons = _with(buttons, button, replace(key, check_at=now + RECHECK_S if pressed else None))
    return buttons, changes


def deadline(buttons: Buttons) -> float | None:
    """Return when a level is to be compared next; None while nothing is pressed."""
    return min((key.check_at for key in buttons.keys.values() if key.check_at is not None), default=None)


def _turn(buttons: Buttons, button: Button, *, pressed: bool, at: float) -> tuple[Buttons, tuple[Change, ...]]:
    down_at = buttons.keys[button].down_at
    held_s = 0.0 if pressed or down_at is None else max(0.0, at - down_at)
    key = Key(down_at=at if pressed else None, check_at=at + QUIET_S, quiet_until=at + QUIET_S)
    return _with(buttons, button, key), (Change(button, pressed, held_s),)


def _with(buttons: Buttons, button: Button, key: Key) -> Buttons:
    return Buttons({**buttons.keys, button: key})
