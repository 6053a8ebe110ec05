"""A QR code one of whose corners is covered, laid out from the other two: where it lies, and of which size it is.

Two corners next to each other leave open on which side of them the code is and which of its three they are; two
opposite ones leave open where the third is. How they lie says which of the two they are; every way that is left is
tried, and the modules that all codes of a size share decide.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from device.scan.mending import perspective
from device.scan.qr_layout import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from device.scan.corners import Corner

    Floats: TypeAlias = NDArray[np.float64]

#: By how many times the modules of two corners of one code may differ.
_ALIKE = 1.4
#: How far off a whole version the distance of two corners may be: in versions, of four modules each.
_OFF = 0.75
#: Modules from the edge of a code to the middle of a corner; a version's distance of two middles is 4 v + 10.
_MIDDLE = 3.5
_STEP, _FIRST = 4, 10
#: Half the side of a corner, in modules, and its own corners, clockwise.
_HALF = 3.5
_SQUARE = ((-_HALF, -_HALF), (_HALF, -_HALF), (_HALF, _HALF), (-_HALF, _HALF))
#: A code's own corners, clockwise, and which of them two that were found may be.
_TOP_LEFT, _TOP_RIGHT, _BOTTOM_LEFT = 0, 1, 3
_BESIDE = ((_TOP_LEFT, _TOP_RIGHT), (_BOTTOM_LEFT, _TOP_LEFT))
_OPPOSITE = ((_TOP_RIGHT, _BOTTOM_LEFT),)


def laid_out(found: Sequence[Corner]) -> Iterator[tuple[int, Floats]]:
    """Yield the version and the four corners (4 x 2, clockwise from the code's own top left) of what may be a code."""
    for pair in combinations(found, 2):
        if max(corner.module for corner in pair) > _ALIKE * min(corner.module for corner in pair):
            continue
        for one, other in (pair, pair[::-1]):
            for which in _OPPOSITE if _is_opposite(one, other) else _BESIDE:
                yield from _as_pair(one, other, which)


def _is_opposite(one: Corner, other: Corner) -> bool:
    """Return whether one corner is seen across another, rather than along its sides; a tilt hardly changes that."""
    sides = np.abs(np.linalg.solve(np.stack([one.right, one.down], axis=1), other.middle - one.middle))
    return bool(sides.min() > sides.max() / 2)


def _as_pair(one: Corner, other: Corner, which: tuple[int, int]) -> Iterator[tuple[int, Floats]]:
    """Yield what a code may be two of whose corners are these."""
    distance = float(np.hypot(*(other.middle - one.middle))) * 2 / (one.module + other.module)
    if which in _OPPOSITE:
        distance /= math.sqrt(2)
    exact = (distance - _FIRST) / _STEP
    for version in VERSIONS:
        if abs(version - exact) > _OFF:
            continue
        side = 17 + _STEP * version
        middles = [_middle(corner, side) for corner in which]
        along = middles[1] - middles[0]
        laid, seen = [], []
        for corner, middle in zip((one, other), middles, strict=True):
            right, down = _axes(corner, other.middle - one.middle, along)
            turned = type(corner)(corner.middle, right, down)
            laid += [middle + np.array(place) for place in _SQUARE]
            seen += [turned.at(*place) for place in _SQUARE]
        matrix = perspective(np.array(laid) / side, np.array(seen))
        x, y, scale = matrix @ np.array([[0, 1, 1, 0], [0, 0, 1, 1], [1, 1, 1, 1]])
        yield version, np.stack([x / scale, y / scale], axis=1)


def _middle(corner: int, side: int) -> Floats:
    """Return the middle of a corner of a code, in modules from its top left."""
    far = side - _MIDDLE
    return np.array([far if corner == _TOP_RIGHT else _MIDDLE, far if corner == _BOTTOM_LEFT else _MIDDLE])


def _axes(corner: Corner, seen: Floats, laid: Floats) -> tuple[Floats, Floats]:
    """Return a corner's sides as the code's own right and down, where what is seen in a direction is laid in another.

    A corner looks the same all four ways round.
    """
    ways = []
    right, down = corner.right, corner.down
    for _ in range(4):
        ways.append((right, down))
        right, down = down, -right
    length = np.hypot(*seen) * np.hypot(*laid)
    return max(ways, key=lambda way: float((laid[0] * way[0] + laid[1] * way[1]) @ seen) / length)
