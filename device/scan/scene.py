"""A frame, and the places in it that are worth a closer look: found when the first pass asks, once for all passes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from device.scan.crop import Crop
from device.scan.filters import half_size
from device.scan.strip import Strip
from device.scan.texture import Texture, texture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.scan.codes import Box, Code
    from device.scan.readers import Frame

#: Room around the square that holds most texture, as a part of its side: a quiet zone has none.
_ROOM = 0.25
#: Stripes of other things stand before the camera too, so the best place for bars is not always theirs.
PLACES_OF_BARS = 2
#: Frames smaller than this in either direction are looked at as a whole only.
_SMALLEST = 240
#: How many pixels beside what has changed belong to it: what changed may be a part of a code.
_BESIDE = 48
#: How many percent of the pixels of a code are no lighter than its paper.
_PAPER = 90


@dataclass(frozen=True)
class Scene:
    """What the passes of a pipeline look at."""

    frame: Frame
    changed: Box | None = None
    """Where it is another picture than that of an empty counter, in pixels; None where that is not known."""

    def without(self, codes: Sequence[Code]) -> Scene:
        """Return the scene with these codes covered up."""
        frame = self.frame.copy()
        for code in codes:
            left, top, right, bottom = (max(side, 0) for side in code.box)
            under = frame[top : bottom + 1, left : right + 1]
            under[...] = np.percentile(under, _PAPER) if under.size else 0
        return Scene(frame, self.changed)

    @cached_property
    def half(self) -> Frame:
        """The frame at half its width and height."""
        return half_size(self.frame)

    @cached_property
    def square(self) -> Crop | None:
        """The place where a square code is likeliest, at a size that suits it; None where nothing is."""
        return self.square_at(None)

    def square_at(self, scale: float | None) -> Crop | None:
        """Return the place where a square code is likeliest, so many times its size; None where nothing is."""
        return None if self.place is None else Crop.of(self.frame, self.place, scale)

    @cached_property
    def strips(self) -> list[Strip]:
        """Straightened strips across the places where bars are likeliest, without those that show none."""
        if self._texture is None:
            return []
        left, top, _, _ = self._region
        places = (replace(bars, x=bars.x + left, y=bars.y + top) for bars in self._texture.bars(PLACES_OF_BARS))
        strips = (Strip.across(bars, self.frame) for bars in places)
        return [strip for strip in strips if strip.slant is not None]

    @cached_property
    def place(self) -> Box | None:
        """Where a square code is likeliest, with the white around it; None where nothing is."""
        if self._texture is None or (box := self._texture.square()) is None:
            return None
        left, top, right, bottom = _moved(box, *self._region[:2])
        room = int((right - left) * _ROOM)
        return max(left - room, 0), max(top - room, 0), right + room, bottom + room

    @cached_property
    def _texture(self) -> Texture | None:
        left, top, right, bottom = self._region
        if min(right - left, bottom - top) < _SMALLEST:
            return None
        return texture(self.half[top // 2 : bottom // 2, left // 2 : right // 2])

    @cached_property
    def _region(self) -> Box:
        """Where a closer look is taken, if anywhere: what has changed and what is beside it, or all of the frame."""
        height, width = self.frame.shape
        if self.changed is None:
            return 0, 0, width, height
        (left, right), (top, bottom) = _widened(*self.changed[::2], width), _widened(*self.changed[1::2], height)
        return left, top, right, bottom


def _widened(start: int, end: int, whole: int) -> tuple[int, int]:
    """Return a stretch and what is beside it, as long as a closer look needs: inwards where the frame ends."""
    start, end = max(start - _BESIDE, 0), min(end + _BESIDE, whole)
    missing = max(_SMALLEST - (end - start), 0)
    end = min(max(start - missing // 2, 0) + end - start + missing, whole)
    start = max(min(start, end - _SMALLEST), 0)
    return start & ~1, end


def _moved(box: Box, right: int, down: int) -> Box:
    return box[0] + right, box[1] + down, box[2] + right, box[3] + down
