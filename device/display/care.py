"""What spares an OLED: its brightness, how it is dimmed where nobody is there, and that nothing stands on one spot.

A dot of an OLED wears with the light that it gives: what stands for months stays behind as a shadow. What is asked of
the panel follows from the view and the time alone; the display thread does it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta
from PIL import ImageChops

from device.display.layout import HEIGHT, WIDTH
from device.view import Screen
from service.config import Section

if TYPE_CHECKING:
    from PIL import Image

    from device.view import View

Percent = Annotated[int, Meta(ge=1, le=100)]
#: Zero is never.
After = Annotated[float, Meta(ge=0, le=86_400)]

#: Where a picture that stands is moved to by turns, in pixels to the right and down; never further than it has room.
_ORBIT = ((0, 0), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1))


class CareSettings(Section, frozen=True, kw_only=True):
    """How bright the screen is, and how it is spared."""

    brightness: Percent = 100
    """Per cent of the OLED's own ``contrast``, while somebody is served and for a while after."""
    dim_after_s: After = 120.0
    """At rest for so long, the screen is dimmed until something happens; 0: never."""
    dim_to: Percent = 30
    """Per cent of ``brightness`` that is left then."""
    dark_after_s: After = 0.0
    """At rest for so long, the screen is dark until something happens; 0: never."""
    shift_s: After = 300.0
    """So often a picture that stands is moved by a pixel, as far as it has room; 0: never."""


class Care:
    """Says how bright a screen is to be, and where its picture is to stand. It knows no clock."""

    def __init__(self, settings: CareSettings) -> None:
        """Keep the settings."""
        self._settings = settings

    def level(self, view: View, rested_s: float) -> float:
        """Return how bright the screen is to be, 0 to 1 of its contrast, after so many seconds at rest."""
        settings = self._settings
        if view.screen is Screen.IDLE and _is_over(settings.dark_after_s, rested_s):
            return 0.0
        dimmed = view.screen is Screen.IDLE and _is_over(settings.dim_after_s, rested_s)
        return settings.brightness / 100 * (settings.dim_to / 100 if dimmed else 1.0)

    def moved(self, picture: Image.Image, stood_s: float) -> Image.Image:
        """Return a picture whose lines have stood for so many seconds as it is to be shown: nothing of it is lost."""
        step = self._steps(stood_s) % len(_ORBIT)
        lit = picture.getbbox()
        if step == 0 or lit is None:
            return picture
        (right, down), (x0, y0, x1, y1) = _ORBIT[step], lit
        return ImageChops.offset(picture, _within(right, -x0, WIDTH - x1), _within(down, -y0, HEIGHT - y1))

    def changes(self, view: View, rested_s: float, stood_s: float) -> list[float]:
        """Return in how many seconds brightness or place may change next."""
        settings = self._settings
        waits = []
        if view.screen is Screen.IDLE:
            after = (settings.dim_after_s, settings.dark_after_s)
            waits = [until - rested_s for until in after if until and until > rested_s]
        if settings.shift_s:
            waits.append((self._steps(stood_s) + 1) * settings.shift_s - stood_s)
        return waits

    def _steps(self, stood_s: float) -> int:
        # The small term takes a moment that was asked for back to itself, whatever a clock's last digit makes of it.
        return int((stood_s + 1e-6) / self._settings.shift_s) if self._settings.shift_s else 0


def _is_over(after_s: float, rested_s: float) -> bool:
    return after_s > 0 and rested_s + 1e-6 >= after_s


def _within(wanted: int, least: int, most: int) -> int:
    return min(max(wanted, least), most)
