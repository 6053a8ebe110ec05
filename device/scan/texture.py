"""Where in a frame a code may be: the square with the most corners in it, and the places full of parallel bars.

Costs a few milliseconds, and lets a costly look at one place replace a costly look at everything. It decides nothing
about codes: a place without one only wastes that look.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from device.scan.codes import Box
    from device.scan.readers import Frame

    Cells: TypeAlias = NDArray[np.float32]

#: Side of a cell in pixels of the frame. Twelve pixels of the half-sized frame hold two modules of most codes.
CELL = 24
_SLOPES = CELL // 4  # of a cell, in each direction

#: Grey levels of slope below which a frame holds nothing but noise.
_FAINTEST = 2.0
#: What a cell's texture, as a part of the strongest in the frame, must exceed to count for a place and not against it.
_SQUARE_FROM = 0.3
_BARS_FROM = 0.35
#: The smallest places that are looked for, in cells.
_LEAST_SQUARE = 3
_LEAST_BARS = 3
#: How many percent of the cells may be stronger than what counts as the strongest: glints are.
_STRONGEST_OF_SQUARES = 99.5
_STRONGEST_OF_BARS = 97


@dataclass(frozen=True, slots=True)
class Bars:
    """A place full of parallel bars: its middle and size in pixels, and the direction across the bars in radians."""

    x: float
    y: float
    across: float
    size: float


@dataclass(frozen=True, slots=True, eq=False)
class Texture:
    """The structure of a frame in cells: mean squares and mean product of its slopes to the right and downwards."""

    right: Cells
    down: Cells
    mixed: Cells

    def square(self) -> Box | None:
        """Return the box around the square that holds most corners, as an inner edge; None where there is no texture.

        Corners are slopes in both directions: the edge of a table has one, a line of bars has one, a code has both.
        """
        corners = np.sqrt(np.minimum(self.right, self.down))
        strongest = float(np.percentile(corners, _STRONGEST_OF_SQUARES))
        if strongest < _FAINTEST:
            return None
        column, row, side = _best_window(np.minimum(corners / strongest, 1) - np.float32(_SQUARE_FROM), _LEAST_SQUARE)
        return column * CELL, row * CELL, (column + side) * CELL, (row + side) * CELL

    def bars(self, places: int) -> list[Bars]:
        """Return up to so many places of parallel bars, the likeliest first.

        Each cell is a vector at twice the angle of its slopes, so that dark-to-light and light-to-dark add up, and bars
        of one direction add up to a long one.
        """
        strength = np.maximum(self.right + self.down, np.float32(1e-3))
        east, north = (self.right - self.down) / strength, 2 * self.mixed / strength
        coherence = np.maximum(_lengths(east, north), np.float32(1e-3))
        parallel = np.sqrt(strength) * coherence
        strongest = float(np.percentile(parallel, _STRONGEST_OF_BARS))
        if strongest < _FAINTEST:
            return []
        weight = np.minimum(parallel / strongest, 1) / coherence
        east, north = east * weight, north * weight
        found = []
        for _ in range(places):
            column, row, side = _longest_sum(east, north)
            if side == 0:
                break
            found.append(_bars_in(east, north, column, row, side))
            east[row : row + side, column : column + side] = 0
            north[row : row + side, column : column + side] = 0
        return found


def texture(shades: Frame) -> Texture:
    """Return the texture of a frame at half its size; less than a cell at its right and lower edge is not looked at."""
    # The slopes at every other pixel of every other row: a cell holds 36 of them.
    right = shades[1:-1:2, 2::2].astype(np.float32) - shades[1:-1:2, :-2:2]
    down = shades[2::2, 1:-1:2].astype(np.float32) - shades[:-2:2, 1:-1:2]
    rows, columns = (side // _SLOPES for side in right.shape)

    def cells(slopes: Cells) -> Cells:
        inside = slopes[: rows * _SLOPES, : columns * _SLOPES].reshape(rows, _SLOPES, -1)
        sums: Cells = inside.sum(axis=1).reshape(rows, columns, _SLOPES).sum(axis=2)
        return sums / np.float32(_SLOPES * _SLOPES)

    return Texture(cells(right * right), cells(down * down), cells(right * down))


def _best_window(weights: Cells, least: int) -> tuple[int, int, int]:
    """Return column, row and side of the square window with the largest sum."""
    table = _summed(weights)
    best, place = -math.inf, (0, 0, 0)
    for side in _sides(least, min(weights.shape)):
        sums = _window_sums(table, side)
        index = int(sums.argmax())
        if sums.flat[index] > best:
            best, place = float(sums.flat[index]), (index % sums.shape[1], index // sums.shape[1], side)
    return place


def _longest_sum(east: Cells, north: Cells) -> tuple[int, int, int]:
    """Return column, row and side of the window whose vectors add up best for its size; a side of 0 where none does."""
    tables = _summed(east), _summed(north)
    best, place = 0.0, (0, 0, 0)
    for side in _sides(_LEAST_BARS, min(east.shape)):
        lengths = _lengths(*(_window_sums(table, side) for table in tables)) - np.float32(_BARS_FROM * side * side)
        index = int(lengths.argmax())
        if lengths.flat[index] > best:
            best, place = float(lengths.flat[index]), (index % lengths.shape[1], index // lengths.shape[1], side)
    return place


def _bars_in(east: Cells, north: Cells, column: int, row: int, side: int) -> Bars:
    """Return the bars of a window: their common direction, and the middle of what follows it there and just beside."""
    window = slice(row, row + side), slice(column, column + side)
    angle = math.atan2(float(north[window].sum()), float(east[window].sum()))
    beside = side // 3
    top, left = max(row - beside, 0), max(column - beside, 0)
    around = slice(top, row + side + beside), slice(left, column + side + beside)
    follows = np.maximum(east[around] * math.cos(angle) + north[around] * math.sin(angle), 0) ** 2
    down, right = (np.arange(length, dtype=np.float32) for length in follows.shape)
    total = float(follows.sum())
    x = left + 0.5 + float((follows.sum(axis=0) * right).sum()) / total
    y = top + 0.5 + float((follows.sum(axis=1) * down).sum()) / total
    return Bars(x * CELL, y * CELL, angle / 2, side * CELL)


def _lengths(east: Cells, north: Cells) -> Cells:
    lengths: Cells = np.sqrt(east * east + north * north)  # a third of the time of hypot
    return lengths


def _sides(least: int, most: int) -> Iterator[int]:
    """Yield the sides of windows to try, each about an eighth more than the one before."""
    side = least
    while side <= most:
        yield side
        side += max(side // 8, 1)


def _summed(cells: Cells) -> Cells:
    """Return the table in which the sum of any window is four look-ups."""
    table = np.zeros((cells.shape[0] + 1, cells.shape[1] + 1), np.float32)
    table[1:, 1:] = cells.cumsum(axis=0).cumsum(axis=1)
    return table


def _window_sums(table: Cells, side: int) -> Cells:
    return table[side:, side:] - table[:-side, side:] - table[side:, :-side] + table[:-side, :-side]
