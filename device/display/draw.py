"""Draw a view: its lines in a face, its highlight, its countdown, as one 128x64 picture of mode "1".

Drawing is a pure function of the view and of the time since its lines were first shown, so that a test, a golden
picture and the OLED all see the same.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from PIL import Image, ImageChops

from device.display import claim
from device.display.double import double
from device.display.layout import GRIDS, HEIGHT, WIDTH, Extent, Place, next_change, place, seconds_at, tick_at

if TYPE_CHECKING:
    from device.display.fonts import Face
    from device.view import View

    #: Left, top, right and bottom; the latter two just outside.
    Box = tuple[int, int, int, int]

#: The countdown's thickness where the lines leave room under them, and where they fill the panel.
_BAR_PX = 2
_BAR_TIGHT_PX = 1

_TITLES_KEPT = 16
#: How long lines and a claim QR stand by turns, beginning with the lines.
TURN_S = 10.0


class Painter:
    """Draws views with one face."""

    def __init__(self, face: Face) -> None:
        """Keep the face; its size decides how many lines there are."""
        self._face = face
        self._grid = GRIDS[face.source.px]
        self._double = lru_cache(maxsize=_TITLES_KEPT)(lambda text: double(face.render(text)))
        self._claim = lru_cache(maxsize=1)(lambda shown: claim.draw(shown, face))

    def draw(self, view: View, elapsed_s: float) -> Image.Image:
        """Return the picture of a view whose lines have been on the panel for so many seconds."""
        turn, elapsed_s = _turn_at(view, elapsed_s)
        if turn % 2:
            return self._claim(view.claim)
        picture = Image.new("1", (WIDTH, HEIGHT))
        spots = place(self._extents(view), self._grid, tick_at(elapsed_s))
        boxes = [self._set(picture, view.lines[spot.index].text, spot) for spot in spots]
        for spot, box in zip(spots, boxes, strict=True):
            if view.lines[spot.index].inverted:
                _reverse(picture, box)
        if view.countdown is not None:
            text_bottom = max((bottom for _, _, _, bottom in boxes), default=0)
            _reverse(picture, _bar_box(view.countdown, HEIGHT - text_bottom))
        return picture

    def next_change(self, view: View, elapsed_s: float) -> float | None:
        """Return at how many seconds the picture of this view changes next; None where it stands still."""
        turn, since_s = _turn_at(view, elapsed_s)
        tick = None if turn % 2 else next_change(self._extents(view), self._grid, tick_at(since_s))
        if view.claim is None:
            return None if tick is None else seconds_at(tick)
        return turn * TURN_S + min(TURN_S, TURN_S if tick is None else seconds_at(tick))

    def _extents(self, view: View) -> list[Extent]:
        return [Extent(self._face.render(line.text).width, line.centred, line.large) for line in view.lines]

    def _set(self, picture: Image.Image, text: str, spot: Place) -> Box:
        """Set one line into the picture; return the box that it takes, over the whole width."""
        strip = self._double(text) if spot.scale > 1 else self._face.render(text)
        band = Image.new("1", (WIDTH, strip.height))
        for x in spot.xs:
            band.paste(strip, (x, 0))
        box = (0, spot.y, WIDTH, spot.y + strip.height)
        # A 12 px line hangs into the next one's first row, so that what stands there already is kept.
        picture.paste(ImageChops.logical_or(picture.crop(box), band), box)
        return box


def _turn_at(view: View, elapsed_s: float) -> tuple[int, float]:
    """Return whose turn it is (odd: the claim QR's), and for how long it has been."""
    if view.claim is None:
        return 0, elapsed_s
    turn = int((elapsed_s + 1e-6) / TURN_S)
    return turn, max(0.0, elapsed_s - turn * TURN_S)


def _bar_box(fraction: float, free_px: int) -> Box:
    """Return the countdown's box: at the bottom, clear of the text where that leaves room."""
    thickness = _BAR_PX if free_px > _BAR_PX else _BAR_TIGHT_PX
    return (0, HEIGHT - thickness, round(min(max(fraction, 0.0), 1.0) * WIDTH), HEIGHT)


def _reverse(picture: Image.Image, box: Box) -> None:
    """Make lit pixels dark and dark ones lit, so that what stands there can still be read."""
    size = (box[2] - box[0], box[3] - box[1])
    picture.paste(ImageChops.logical_xor(picture.crop(box), Image.new("1", size, 1)), box)
