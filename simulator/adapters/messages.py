"""What crosses the wire between a kiosk's adapters and the counter, besides the writes on the screen's bus."""

from __future__ import annotations

from typing import Final

import msgspec

from device.ports import Button

# --- kiosk to counter

#: A View, JSON of all its fields.
VIEW: Final = "view"
#: The number of a view that has reached the screen.
DRAWN: Final = "drawn"
#: How many button edges of this run have been dealt with.
HANDLED: Final = "handled"
#: A press is over: Driven.
DRIVEN: Final = "driven"
#: Light and buzzer have changed: Pins. The first thing that a panel says.
PINS: Final = "pins"

# --- counter to kiosk

#: Press a button: Press.
PRESS: Final = "press"


class Press(msgspec.Struct, frozen=True, kw_only=True):
    """Press this button and hold it for so many seconds."""

    number: int
    button: Button
    held_s: float


class Driven(msgspec.Struct, frozen=True, kw_only=True):
    """The button is released; ``edges`` is how many edges the pins have made in this run, all buttons together."""

    number: int
    edges: int


class Pins(msgspec.Struct, frozen=True, kw_only=True):
    """What the pins give out: duty cycles of the light's colours, 0 to 1, and the buzzer's tone; None is silence."""

    red: float = 0.0
    green: float = 0.0
    blue: float = 0.0
    buzzer_hz: float | None = None
    volume: float = 0.0
    """How loud that is, 0 to 1."""
