"""A frame at a glance: how bright and how busy each part of it is, so that two frames can be compared in microseconds.

It decides nothing about codes. It tells whether a picture is worth decoding again, and whether what was in a place is
still there although no decoder can read it just now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.scan.codes import Box
    from device.scan.readers import Frame

#: Every fourth pixel of every fourth row is looked at.
_STEP = 4
#: A cell is a square of about a twenty-seventh of the frame's shorter side: 36 pixels at 1296x972.
_CELLS_ACROSS = 27

#: Grey levels by which a cell's mean must move for the picture to count as another one. The noise of a sensor, a
#: standard deviation of 5 levels, moves a mean of 81 samples by half a level.
_OTHER_PICTURE = 4.0
#: The same for the mean over all the cells of a place, where noise averages out further.
_MOVEMENT = 3.0
#: A place has lost what was there when its texture has fallen below this part of what it was, or when its brightness
#: has moved by this part of that texture.
_TEXTURE_LEFT = 0.6
_BRIGHTNESS_MOVED = 0.5
#: A box around more than this part of the frame says nothing about where to look.
_MOST_OF_IT = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Glimpse:
    """Mean luminance and texture (mean difference of neighbouring samples) of each cell of a frame, in grey levels."""

    width: int
    height: int
    cell: int
    means: NDArray[np.float32]
    textures: NDArray[np.float32]

    def same_picture(self, other: Glimpse) -> bool:
        """Return whether no part of the frame differs from the other frame by more than noise."""
        if not self._comparable(other):
            return False
        changes = (np.abs(self.means - other.means).max(), np.abs(self.textures - other.textures).max())
        return float(max(changes)) < _OTHER_PICTURE

    def changed_since(self, other: Glimpse) -> Box | None:
        """Return the box around the parts that differ from another frame; None where there are none, or many."""
        if not self._comparable(other):
            return None
        changes = np.maximum(np.abs(self.means - other.means), np.abs(self.textures - other.textures))
        rows, columns = np.nonzero(changes >= _OTHER_PICTURE)
        if rows.size == 0:
            return None
        top, left, bottom, right = rows.min(), columns.min(), rows.max() + 1, columns.max() + 1
        if (bottom - top) * (right - left) > _MOST_OF_IT * changes.size:
            return None
        return int(left) * self.cell, int(top) * self.cell, int(right) * self.cell, int(bottom) * self.cell

    def moved_since(self, other: Glimpse, place: Box) -> bool:
        """Return whether something moved in a place between two frames."""
        if not self._comparable(other):
            return True
        here = self._cells(place)
        return float(np.abs(self.means[here] - other.means[here]).mean()) > _MOVEMENT

    def has_lost(self, place: Box, before: Glimpse) -> bool:
        """Return whether what stood in a place before is gone, rather than a few pixels away, or a little blurred."""
        if not self._comparable(before):
            return True
        here = self._cells(place)
        texture, old_texture = float(self.textures[here].mean()), float(before.textures[here].mean())
        moved = abs(float(self.means[here].mean()) - float(before.means[here].mean()))
        return texture < _TEXTURE_LEFT * old_texture or moved > max(_MOVEMENT, _BRIGHTNESS_MOVED * old_texture)

    def _comparable(self, other: Glimpse) -> bool:
        """Return whether both are of frames of one size: after a change of size everything has changed."""
        return (self.width, self.height) == (other.width, other.height)

    def _cells(self, place: Box) -> tuple[slice, slice]:
        """Return the cells that a box in pixels touches, at least one."""
        rows, columns = self.means.shape
        left, top, right, bottom = place
        first_row, first_column = min(max(top // self.cell, 0), rows - 1), min(max(left // self.cell, 0), columns - 1)
        return (
            slice(first_row, max(bottom // self.cell, first_row) + 1),
            slice(first_column, max(right // self.cell, first_column) + 1),
        )


def glimpse(frame: Frame) -> Glimpse:
    """Return a frame's glimpse; what is left over at its right and lower edge, less than a cell, is not looked at."""
    height, width = frame.shape
    side = max(min(height, width) // _CELLS_ACROSS // _STEP, 1)
    cell = side * _STEP
    rows, columns = max(height // cell, 1), max(width // cell, 1)
    samples = frame[: rows * cell : _STEP, : columns * cell : _STEP].astype(np.float32)
    across = np.abs(np.diff(samples, axis=1, append=samples[:, -1:]))
    down = np.abs(np.diff(samples, axis=0, append=samples[-1:]))

    # Two sums one after the other cost a third of one mean over two axes.
    def cell_means(values: NDArray[np.float32]) -> NDArray[np.float32]:
        sums: NDArray[np.float32] = values.reshape(rows, side, -1).sum(axis=1).reshape(rows, columns, side).sum(axis=2)
        return sums / np.float32(side * side)

    return Glimpse(
        width=width,
        height=height,
        cell=cell,
        means=cell_means(samples),
        textures=cell_means(across + down) / np.float32(2),
    )
