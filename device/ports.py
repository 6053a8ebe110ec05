"""The kiosk's edges, as the rest of the firmware sees them.

Each port has the Pi's adapter in this room and a rehearsal adapter in ``simulator``; which one runs is a line of
configuration, found by entry point (``hexiao.adapters``). Constructors keep what they get and do nothing; ``start``
starts, ``close`` is idempotent and works on a half-started object.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from device.view import View
    from protocol.vocabulary import Light, Sound


class Button(StrEnum):
    """The four buttons under the screen."""

    OK = "ok"
    CANCEL = "cancel"
    UP = "up"
    DOWN = "down"


class Camera(Protocol):
    """A source of luminance frames, used only inside the scan child process."""

    def start(self) -> None:
        """Open the camera; raise CameraError where it is absent or busy."""

    def frame(self, timeout_s: float) -> NDArray[np.uint8] | None:
        """Return the newest frame, height x width, uint8 luminance; None where none came in time (a stall)."""

    def close(self) -> None:
        """Let the camera go."""


@runtime_checkable
class Exposing(Protocol):
    """What a camera has besides, where it can be told how much light to take."""

    def expose(self, stops: float) -> None:
        """Ask for so many doublings of light, from the next frames on, beside what the camera would take."""


class Panel(Protocol):
    """Buttons, light and buzzer."""

    def start(self, on_edge: Callable[[Button, bool, float], None]) -> None:
        """Report every raw edge as (button, pressed, monotonic seconds), from whichever thread the library uses."""

    def pressed(self, button: Button) -> bool:
        """Return the button's level now: edges get lost on real wires, levels do not."""

    def light(self, light: Light) -> None:
        """Show this light from now on."""

    def play(self, sound: Sound | None) -> None:
        """Play this sound once (a slow tick: until the next call); None ends whatever plays."""

    def close(self) -> None:
        """Light off, buzzer quiet, pins released."""


class Oled(Protocol):
    """A 128x64 one-bit screen."""

    def start(self) -> None:
        """Initialise the controller; raise DisplayError where it does not answer."""

    def show(self, picture: Image.Image) -> None:
        """Send a 128x64 picture of mode "1"; raise DisplayError where the bus fails."""

    def brighten(self, level: float) -> None:
        """Be this bright from now on, also after a start: 0 (dark) to 1; raise DisplayError where the bus fails."""

    def close(self) -> None:
        """Blank the screen and let the bus go."""


class Monitor(Protocol):
    """Someone who watches what the counter shows: nobody on a shop's kiosk, the simulator at a rehearsal."""

    def shown(self, view: View) -> None:
        """Take note of a view, after light and sound were set; never block."""

    def drawn(self, seq: int) -> None:
        """Take note that the view of this number has reached the screen; never block."""

    def handled(self, edges: int) -> None:
        """Take note of how many button edges of this run have been dealt with, journal included; never block."""

    def close(self) -> None:
        """Stop watching."""
