"""What the kiosk shows at one moment: the words, the light and the sound, as one value.

The counter conversation makes views, the display draws their lines, the panel shows their light and plays their
sound. A view knows no font and no pixel.
"""

from __future__ import annotations

from enum import StrEnum

from protocol.values import Value
from protocol.vocabulary import Colour, Light, Sound, Verdict


class Screen(StrEnum):
    """Which screen of the conversation this is."""

    STARTING = "starting"
    IDLE = "idle"
    LOOKING = "looking"
    OFFER = "offer"
    PENDING = "pending"
    RESULT = "result"
    HANDED_OVER = "handed_over"
    TYPING = "typing"
    LEAVING = "leaving"
    REVIEWING = "reviewing"
    CHOOSING = "choosing"
    UNDOING = "undoing"
    OUT_OF_SERVICE = "out_of_service"


class LinkState(StrEnum):
    """What the kiosk knows of its way to the gateway."""

    DOWN = "down"
    BROKER_ONLY = "broker_only"
    UP = "up"


class Line(Value, frozen=True):
    """One line of the screen. A line too wide for the panel scrolls; ``centred`` ones never should be."""

    text: str
    centred: bool = False
    inverted: bool = False
    large: bool = False
    """Set in double size where there is room: for a verdict that says it all, to be read from across the counter."""


class Claim(Value, frozen=True):
    """A QR that takes turns with the lines of a screen: its text, and the words beside it, which fit half a line."""

    text: str
    beside: tuple[str, ...]


class View(Value, frozen=True):
    """What is shown from now on, until the next view."""

    seq: int
    screen: Screen
    lines: tuple[Line, ...]
    verdict: Verdict | None = None
    light: Light = Light(Colour.OFF)
    sound: Sound | None = None
    rid: str | None = None
    clerk: str | None = None
    link: LinkState = LinkState.DOWN
    countdown: float | None = None
    """Fraction of the time left before this screen ends by itself, drawn as a bar; None where there is no such end."""
    claim: Claim | None = None
