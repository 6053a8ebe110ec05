"""The three corners of a QR code, each found by itself: squares in squares, which lines cross as 1 : 1 : 3 : 1 : 1.

Decoders give a code up when one of its corners is covered. Two that are seen say where the third is, and how large the
code is (``two_corners.py``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from device.scan.sampling import sampled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.scan.readers import Frame

    Floats: TypeAlias = NDArray[np.float64]

#: Widths that a line through the middle crosses, in modules, and how far off each may be, in parts of a module.
_CROSSED = np.array([1, 1, 3, 1, 1])
_OFF = np.array([0.6, 0.6, 1.0, 0.6, 0.6])
_LEAST_MODULE = 1.5  # pixels
#: Lines of either direction that have to cross a corner at the same place, at least, and corners that are looked at.
_FEWEST_LINES = 2
_MOST = 5
#: Rows and columns that may meet, at most: three corners that fill a picture stay below a fifth of it, and on a sheet
#: that is full of them no code is meant.
_MOST_BESIDE = 200_000
#: How far the middles of what is one corner may lie apart, in modules.
_SAME = 3.0
#: How a corner lies: what is tried first, in degrees, and how finely it is found at last, in modules.
_TURNS = range(-45, 45, 15)
_FIRST_STEP, _LAST_STEP = 0.2, 0.02
#: Correlation with a drawn corner from which on it is one.
_ALIKE = 0.75
_ROUGHLY_ALIKE = 0.4  # before it is fitted
_SAMPLES = 3  # of a module
_REACH = 4.5  # modules from the middle to the end of the white around

_place = (np.arange(2 * _REACH * _SAMPLES) + 0.5) / _SAMPLES - _REACH
_RIGHT, _DOWN = (part.ravel() for part in np.meshgrid(_place, _place))
_RINGS = np.isin(np.maximum(abs(_RIGHT), abs(_DOWN)).round().astype(int), (0, 1, 3))
_DRAWN = _RINGS.mean() - _RINGS  # light above the mean, dark below it
_DRAWN /= np.sqrt((_DRAWN * _DRAWN).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Corner:
    """A corner: its middle, and how far the next module to the right and the next one down are, in pixels (x, y)."""

    middle: Floats
    right: Floats
    down: Floats

    @property
    def module(self) -> float:
        """Side of a module in pixels."""
        return math.sqrt(abs(float(self.right[0] * self.down[1] - self.right[1] * self.down[0])))

    def at(self, right: float, down: float) -> Floats:
        """Return the place so many modules from its middle."""
        place: Floats = self.middle + right * self.right + down * self.down
        return place


def corners(black: NDArray[np.bool_], shades: Frame) -> list[Corner]:
    """Return the corners in a picture without sharp edges, given also as what of it is black; most lines' first."""
    across, down = _crossings(black), _crossings(black.T)[:, [1, 0, 2]]
    if not (across.size and down.size):
        return []
    likeliest = sorted(_apart(_met(across, down)), key=len, reverse=True)[:_MOST]
    fitted = (_fitted(np.median(met, axis=0), shades) for met in likeliest if len(met) >= _FEWEST_LINES)
    return [corner for corner in fitted if corner is not None]


def _crossings(black: NDArray[np.bool_]) -> Floats:
    """Return where rows cross what may be a corner: n x 3, the middle's column and row, and the module."""
    rows = np.pad(black, ((0, 0), (1, 1)))  # so each row begins and ends white
    changes = np.flatnonzero(np.diff(rows.ravel()))
    widths = np.diff(changes)
    if len(widths) < len(_CROSSED):
        return np.empty((0, 3))
    crossed = np.lib.stride_tricks.sliding_window_view(widths, len(_CROSSED))[::2]  # that begin black
    module = crossed.sum(axis=1) / _CROSSED.sum()
    good = (np.abs(crossed - _CROSSED * module[:, None]) < _OFF * module[:, None]).all(axis=1) & (
        module >= _LEAST_MODULE
    )
    middles = (changes[2:-2:2][: len(good)] + 1 + crossed[:, 2] / 2)[good]
    row, column = np.divmod(middles, rows.shape[1])
    return np.stack([column - 1.5, row, module[good]], axis=1)


def _met(across: Floats, down: Floats) -> Floats:
    """Return where a row and a column cross less than a module apart, each as they do; none where too many may.

    Only what lies in columns beside each other is compared: on a print every row could meet every column.
    """
    reach = across[:, 0] + across[:, 2] * np.array([[-1], [1]])
    first, last = np.searchsorted(down[:, 0], reach)  # columns come in their order
    beside = last - first
    if beside.sum() > _MOST_BESIDE:
        return np.empty((0, 3))
    row = np.repeat(np.arange(len(across)), beside)
    column = np.arange(len(row)) + np.repeat(last - beside.cumsum(), beside)
    apart = np.hypot(across[row, 0] - down[column, 0], across[row, 1] - down[column, 1])
    met = apart < np.minimum(across[row, 2], down[column, 2])
    places: Floats = (across[row[met]] + down[column[met]]) / 2
    return places


def _apart(places: Floats) -> list[Floats]:
    """Return places (n x 3) parted into those of one corner each."""
    places = places[np.argsort(places[:, 1], kind="stable")]
    reach = _SAME * places[:, 2]
    last = np.searchsorted(places[:, 1], places[:, 1] + reach)
    left = np.ones(len(places), bool)
    parted = []
    for first in range(len(places)):
        if left[first]:
            below = slice(first, last[first])
            near = left[below] & (np.hypot(*(places[below, :2] - places[first, :2]).T) < reach[first])
            parted.append(places[below][near])
            left[below] &= ~near
    return parted


def _fitted(place: Floats, shades: Frame) -> Corner | None:
    """Return the corner at about a place as it fits a picture best, in perspective as good as flat; None where none."""
    turned = [_turned(place, math.radians(degrees)) for degrees in _TURNS]
    best, likeness = _likest(np.array(turned), shades)
    step = _FIRST_STEP if likeness >= _ROUGHLY_ALIKE else 0
    while step >= _LAST_STEP:
        module = float(np.hypot(*best[1]))
        moves = np.eye(6).reshape(6, 3, 2) * module * step
        moved, alike = _likest(np.concatenate([best + moves, best - moves]), shades)
        if alike > likeness:
            best, likeness = moved, alike
        else:
            step /= 2
    return Corner(*best) if likeness >= _ALIKE else None


def _turned(place: Floats, angle: float) -> Floats:
    """Return a corner that is crossed so, as middle, right and down: a line crosses more of it where it is turned."""
    module = place[2] * math.cos(angle)
    right = np.array([math.cos(angle), math.sin(angle)]) * module
    return np.stack([place[:2], right, np.array([-right[1], right[0]])])


def _likest(tried: Floats, shades: Frame) -> tuple[Floats, float]:
    """Return which of some corners (n x 3 x 2) is most like the picture, and how much: a correlation."""
    x, y = (
        tried[:, 0, axis, None] + tried[:, 1, axis, None] * _RIGHT + tried[:, 2, axis, None] * _DOWN for axis in (0, 1)
    )
    seen = sampled(shades, x.astype(np.float32), y.astype(np.float32))
    seen -= seen.mean(axis=1, keepdims=True)
    alike = seen @ _DRAWN / np.sqrt((seen * seen).sum(axis=1) + 1)
    index = int(alike.argmax())
    return tried[index], float(alike[index])
