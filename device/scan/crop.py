"""A part of a frame seen better: light evened out, detail lifted, pixels doubled. numpy only.

A screen held before a camera is dim or glaring, veiled by reflections, a little out of focus, and its modules are a few
pixels wide. Dividing by the brightness around takes light and shadow away; adding the difference to the mean nearby
undoes part of the blur; doubling gives a decoder that samples whole pixels a point between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from device.scan.filters import half_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.scan.codes import Box, Code, Point, Quad
    from device.scan.readers import Frame

#: Side of the neighbourhood whose mean is the light that falls on a pixel.
_LIGHT = 61
_PAD = _LIGHT // 2
#: Added to that mean, in grey levels: what is nearly black everywhere holds noise and no more.
_NEARLY_BLACK = 8
_MIDDLE_GREY = 128
#: A larger crop has larger modules, or a place that was not found well: in pixels of its longer side, up to where it is
#: doubled, and from where it is halved. Without these a crop could cost as much as the whole frame, or four times that.
_DOUBLED_UP_TO = 460
_HALVED_FROM = 640


@dataclass(frozen=True, slots=True)
class Lift:
    """How to look closer; sides in pixels."""

    smooth: int
    """Side of the neighbourhood that each pixel becomes the mean of; 1 leaves it."""
    near: int
    """Side of the neighbourhood from whose mean it is moved away,"""
    gain: float
    """by so many times its difference from it."""
    on_halved: bool = False
    """Whether it is worth its time on a crop that had to be halved, whose modules are large."""
    scale: float | None = None
    """How large the crop is to be, in parts of what it is in the frame: 0.5, 1 or 2; None where its size decides."""
    black_below: int | None = None
    """Grey level below which a pixel becomes black, and from which on white; None leaves it grey. Light is at 128."""


@dataclass(frozen=True)
class Crop:
    """A rectangle of a frame, and where in the frame it lies."""

    pixels: Frame
    left: int
    top: int
    scale: float
    """What a lifted picture of it measures, in parts of what it measures in the frame: 0.5, 1 or 2."""

    @staticmethod
    def of(frame: Frame, box: Box, scale: float | None = None) -> Crop:
        """Return what a box holds of a frame; without a scale a small one is to be doubled, a large one halved."""
        left, top, right, bottom = box
        pixels = frame[top:bottom, left:right]
        longer = max(pixels.shape)
        if scale is None:
            scale = 2 if longer <= _DOUBLED_UP_TO else 1 if longer < _HALVED_FROM else 0.5
        return Crop(half_size(pixels) if scale < 1 else pixels, left, top, scale)

    @property
    def size(self) -> float:
        """Longer side of a lifted picture of it, in pixels."""
        return float(max(self.pixels.shape) * max(self.scale, 1))

    def lifted(self, lift: Lift) -> Frame:
        """Return the crop with its light evened out and its detail lifted; twice as large where it is to be doubled."""
        base = self._means(lift.smooth)
        shades = base * np.float32(1 + lift.gain)
        shades -= self._means(lift.near) * np.float32(lift.gain)
        shades *= self._to_middle_grey
        # Beyond black and white for now: what lies between two pixels is decided by more than their visible shades.
        np.clip(shades, -255, 510, out=shades)
        whole = shades.astype(np.int16)
        if self.scale > 1:
            whole = _doubled(whole)
        if lift.black_below is not None:
            return np.where(whole < lift.black_below, np.uint8(0), np.uint8(255))
        return np.clip(whole, 0, 255).astype(np.uint8)

    def in_frame(self, code: Code) -> Code:
        """Return a code that was read in a lifted picture of this crop as it lies in the frame."""

        def place(point: Point) -> Point:
            return self.left + round(point[0] / self.scale), self.top + round(point[1] / self.scale)

        return code.moved(place)

    def corners_in_frame(self, corners: Quad | NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the corners (4 x 2) of something seen in a lifted picture of this crop as they lie in the frame."""
        return np.array(corners, np.float64) / self.scale + (self.left, self.top)

    @cached_property
    def _to_middle_grey(self) -> NDArray[np.float32]:
        return np.float32(_MIDDLE_GREY) / (self._means(_LIGHT) + np.float32(_NEARLY_BLACK))

    @cached_property
    def _sums(self) -> NDArray[np.int32]:
        """The table in which the sum of any neighbourhood is four look-ups; edges are continued outwards."""
        table = np.pad(self.pixels, ((_PAD + 1, _PAD), (_PAD + 1, _PAD)), mode="edge").astype(np.int32)
        table[0], table[:, 0] = 0, 0
        np.cumsum(table, axis=1, out=table)
        for row in range(1, len(table)):  # a third of the time that cumsum takes to go down the columns
            table[row] += table[row - 1]
        return table

    def _means(self, side: int) -> NDArray[np.float32]:
        if side == 1:
            return self.pixels.astype(np.float32)
        height, width = self.pixels.shape
        before, after = _PAD - side // 2, _PAD + side // 2 + 1
        rows = self._sums[after : after + height] - self._sums[before : before + height]
        sums = rows[:, after : after + width] - rows[:, before : before + width]
        return sums.astype(np.float32) * np.float32(1 / (side * side))


def _doubled(shades: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return a picture at twice its size less one, with the mean of its neighbours between two pixels."""
    height, width = shades.shape
    doubled = np.empty((2 * height - 1, 2 * width - 1), np.int16)
    doubled[::2, ::2] = shades
    doubled[::2, 1::2] = (shades[:, 1:] + shades[:, :-1]) >> 1
    doubled[1::2] = (doubled[:-2:2] + doubled[2::2]) >> 1
    return doubled
