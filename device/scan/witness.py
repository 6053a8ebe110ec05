"""Whether bars that were read stand there: a real bar is many modules long, and what looks like a code in noise is not.

Decoders believe bars when two neighbouring lines agree, and in coarse noise, or the grain of wood, neighbouring lines
are alike without being bars. So lines further apart have to show the same profile, moved by as much from each to the
next as bars at an angle are. And where a number explains the bars of an EAN-13 code, it has to be the one that was
read: a check digit lets one wrong number in ten through, and a part of a longer code of another kind is one sometimes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from device.scan.codes import same_place
from device.scan.explained import explanation
from device.scan.profile import added_up, stands_alone, straightened
from device.scan.sampling import sampled
from device.scan.symbologies import UNCORRECTED, Symbology

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from device.scan.codes import Code, Quad
    from device.scan.readers import Frame

    Rows: TypeAlias = NDArray[np.float32]

#: How many rows in succession have to be like the next but one, and how much: a correlation. Codes that were read have
#: 0.8 and more, noise of any grain less than 0.2; next rows are between the same pixels, and alike in noise, too.
_ROWS_ALIKE = 3
_APART_ROWS = 2
_ALIKE = 0.5
#: Rows that are looked at, and how far they are apart: in parts of the code's length (three quarters of a module of an
#: EAN-13 code), and in pixels at least.
_ROWS = 11
_APART = 0.75 / 95
_LEAST_APART = 2.0
_MOST_SAMPLES = 480
#: How many times as long as the white that is looked at on either side a code is.
_BESIDE = 10
#: How far bars at an angle move from a row to the next, in parts of the rows' distance.
_SLANT = 1.2
#: From how deep a place an EAN-13 code has to be read, in parts of its length, where nothing explains its bars: on a
#: bottle their widths change along the code. Six modules.
_DEEP = 6 / 95
#: Length in pixels below which a code's place is not known: zbar marks one end of a code that it has read once. Then
#: rows of such a length are looked at, so far apart.
_KNOWN_FROM = 64
_UNKNOWN_LENGTH = 200.0
_UNKNOWN_APART = 8.0


def standing(codes: Sequence[Code], frame: Frame, *, lines_agree: bool) -> list[Code]:
    """Return the codes read in a frame without the bars that do not go on above and below the lines that gave them.

    ``lines_agree`` says that the reader has compared lines, as zxing-cpp does. Where several EAN-13 numbers lie in one
    place only the one counts that explains the bars.
    """
    return [
        code
        for code in codes
        if code.format not in UNCORRECTED
        or _stands(code, frame, lines_agree=lines_agree, contested=_is_contested(code, codes))
    ]


def _is_contested(code: Code, codes: Sequence[Code]) -> bool:
    """Return whether another text was read in the same place."""
    return any(other.text != code.text and same_place(code.box, other.box) for other in codes)


def movement(rows: Rows, reach: int) -> float | None:
    """Return by how many samples bars move from a row to the next, where rows in succession show the same bars.

    None where they do not, or move by more than ``reach`` from a row to the next but one.
    """
    if len(rows) < _APART_ROWS + _ROWS_ALIKE:
        return None
    rows = rows - rows.mean(axis=1, keepdims=True)
    rows /= np.sqrt((rows * rows).sum(axis=1, keepdims=True) + 1)
    likeness, shift = max((_likeness(rows, shift), shift) for shift in range(-reach, reach + 1))
    return shift / _APART_ROWS if likeness >= _ALIKE else None


def _likeness(rows: Rows, shift: int) -> float:
    """Return how alike the most alike rows in succession are, each moved by so many samples against the next but one.

    Rows come with a mean of nothing and a power of one.
    """
    left, right, length = max(-shift, 0), max(shift, 0), rows.shape[1]
    first, second = rows[:-_APART_ROWS, left : length - right], rows[_APART_ROWS:, right : length - left]
    alike: list[float] = np.einsum("ij,ij->i", first, second).tolist()
    return max(min(alike[row : row + _ROWS_ALIKE]) for row in range(len(alike) - _ROWS_ALIKE + 1))


def _stands(code: Code, frame: Frame, *, lines_agree: bool, contested: bool) -> bool:
    """Return whether rows across a code are alike, or along it: a box around what was read tells these not apart."""
    (depth, _), (length, direction) = sorted(_midlines(code.position))
    known = length >= _KNOWN_FROM
    length, apart = (length, max(length * _APART, _LEAST_APART)) if known else (_UNKNOWN_LENGTH, _UNKNOWN_APART)
    samples = min(2 * int(length), _MOST_SAMPLES)
    slant, beside = apart * _SLANT * samples / length, samples // _BESIDE
    across = (np.arange(-beside, samples + beside, dtype=np.float32) - samples / 2) * np.float32(length / samples)
    for turned in (direction, direction + math.pi / 2):
        rows = _rows(frame, code.centre, turned, across, apart)
        moved = movement(rows, math.ceil(_APART_ROWS * slant))
        if moved is not None:
            if code.format is not Symbology.EAN_13 or not known:
                return True
            deep, ends = depth >= _DEEP * length and not contested, (beside, beside + samples)
            if deep and lines_agree and stands_alone(added_up(rows, moved), *ends):
                return True  # as nearly all are
            profile = straightened(rows, moved)
            if profile is None:
                return deep
            said = explanation(code.format, profile, ends)
            if said is None or not said.certain:
                return deep and stands_alone(profile.whole, *ends)
            return said.text == code.text
    return False


def _midlines(corners: Quad) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the length and direction of the lines between the middles of opposite sides."""
    top_left, top_right, bottom_right, bottom_left = map(np.array, corners)
    between = top_right + bottom_right - top_left - bottom_left, bottom_left + bottom_right - top_left - top_right
    first, second = ((math.hypot(x, y) / 2, math.atan2(y, x)) for x, y in between)
    return first, second


def _rows(frame: Frame, middle: tuple[float, float], direction: float, across: Rows, apart: float) -> Rows:
    """Return rows in a direction through a place and beside it, those of them whose middles lie in the frame."""
    along = (np.arange(_ROWS, dtype=np.float32) - _ROWS // 2) * apart
    cosine, sine = math.cos(direction), math.sin(direction)
    x, y = middle[0] - along * sine, middle[1] + along * cosine
    height, width = frame.shape
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return sampled(frame, x[inside, None] + across * cosine, y[inside, None] + across * sine)
