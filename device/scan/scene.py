"""A frame, and the places in it that are worth a closer look: found when the first pass asks, once for all passes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from device.scan.crop import Crop
from device.scan.filters import half_size
from device.scan.strip import Strip
from device.scan.texture import Texture, texture

if TYPE_CHECKING:
    from device.scan.codes import Box
    from device.scan.readers import Frame

#: Room around the square that holds most texture, as a part of its side: a quiet zone has none.
_ROOM = 0.25
#: Stripes of other things stand before the camera too, so the best place for bars is not always theirs.
PLACES_OF_BARS = 2
#: Frames smaller than this in either direction are looked at as a whole only.
_SMALLEST = 240


@dataclass(frozen=True)
class Scene:
    """What the passes of a pipeline look at."""

    frame: Frame

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
        strips = (Strip.across(bars, self.frame) for bars in self._texture.bars(PLACES_OF_BARS))
        return [strip for strip in strips if strip.slant is not None]

    @cached_property
    def place(self) -> Box | None:
        """Where a square code is likeliest, with the white around it; None where nothing is."""
        if self._texture is None or (box := self._texture.square()) is None:
            return None
        left, top, right, bottom = box
        room = int((right - left) * _ROOM)
        return max(left - room, 0), max(top - room, 0), right + room, bottom + room

    @cached_property
    def _texture(self) -> Texture | None:
        return texture(self.half) if min(self.frame.shape) >= _SMALLEST else None
