"""Bars laid straight: rows sampled across them in whichever direction they run, each the mean of several lines.

Decoders scan along the rows and columns of a picture, so they miss bars at an angle, and they look at one noisy line
after another. Here each row is a mean of its own lines and no two rows share one, so that two rows that agree are two
witnesses: a row given twice would defeat the check that decoders rest on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from device.scan.codes import Code
from device.scan.explained import explanation
from device.scan.profile import straightened
from device.scan.sampling import means, sampled
from device.scan.symbologies import Symbology
from device.scan.witness import movement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.scan.codes import Point
    from device.scan.explained import Explanation
    from device.scan.profile import Profile
    from device.scan.readers import Frame
    from device.scan.texture import Bars

_ROWS = 12
#: How much of a place's size the rows cover, along the bars: what is beside the bars would spoil them.
_ALONG = 0.7
#: How long a strip is, in sizes of its place: a code is longer than it is high.
_ACROSS = 4.5
_MOST_LINES = 4
#: Distance of two samples in pixels; more where the strip would get longer than so many samples.
_STEP = 0.5
_MOST_SAMPLES = 1300
#: Samples in the neighbourhood from whose mean each is moved away, and by how many times its difference from it.
_NEAR = 9
_GAIN = 2.0
#: Samples in the neighbourhood whose mean is the light, and what is added to it, in grey levels.
_LIGHT = 121
_NEARLY_BLACK = 8
_MIDDLE_GREY = 128
#: How far bars that were not laid quite straight move from a row to the next, in parts of the rows' distance.
_ASKEW = 0.3
_ROWS_BETWEEN = 2


@dataclass(frozen=True, eq=False)
class Strip:
    """Rows across bars: 12 x n float32 grey levels, and where in the frame they lie."""

    rows: NDArray[np.float32]
    bars: Bars
    step: float
    pitch: float
    _sayings: dict[Symbology, Explanation | None] = field(default_factory=dict, init=False, repr=False)

    @staticmethod
    def across(bars: Bars, frame: Frame) -> Strip:
        """Return the strip across a place of bars; beyond the frame its edge is continued."""
        length = min(_ACROSS * bars.size, math.hypot(*frame.shape))
        step = max(_STEP, length / _MOST_SAMPLES)
        pitch = _ALONG * bars.size / _ROWS
        lines = max(min(int(pitch), _MOST_LINES), 1)
        middles = (np.arange(_ROWS, dtype=np.float32) - (_ROWS - 1) / 2) * pitch
        along = (middles[:, None] + np.arange(lines, dtype=np.float32) - (lines - 1) / 2).reshape(-1, 1)
        across = np.arange(-length / 2, length / 2, step, dtype=np.float32)[None, :]
        cosine, sine = np.float32(math.cos(bars.across)), np.float32(math.sin(bars.across))
        samples = sampled(frame, bars.x + across * cosine - along * sine, bars.y + across * sine + along * cosine)
        return Strip(samples.reshape(_ROWS, lines, -1).mean(axis=1), bars, step, pitch)

    @cached_property
    def slant(self) -> float | None:
        """By how many samples bars move from a row to the next, which were not laid quite straight.

        None where rows in succession do not show the same, as bars that they lie across make them.
        """
        # Every other sample shows it, in a quarter of the time.
        moved = movement(self.rows[:, ::2], math.ceil(self.pitch * _ASKEW / self.step))
        return None if moved is None else 2 * moved

    def explained(self, kind: Symbology) -> list[Code]:
        """Return the code of a kind that, drawn and blurred, explains the rows beyond doubt, if one does."""
        said = self._said(kind)
        if said is None or not said.certain:
            return []
        left, right, last = round(said.start), round(said.end), _ROWS - 1
        corners = ((left, 0), (right, 0), (right, last), (left, last))
        return [self.in_frame(Code(said.text, said.text.encode(), kind, corners))]

    def bears_out(self, code: Code) -> bool:
        """Return whether to believe a code that was read in the strip: of an EAN-13 code the rows may say the digits.

        Where they do not, as those of a bottle, some rows have to lie between the first and the last that gave it.
        """
        if code.format is not Symbology.EAN_13:
            return True
        said = self._said(code.format)
        if said is not None and said.certain:
            return said.text == code.text
        _, first, _, last = code.box
        return last - first > _ROWS_BETWEEN

    def _said(self, kind: Symbology) -> Explanation | None:
        if kind not in self._sayings:
            self._sayings[kind] = None if self._profile is None else explanation(kind, self._profile)
        return self._sayings[kind]

    @cached_property
    def _profile(self) -> Profile | None:
        return None if self.slant is None else straightened(self.rows, self.slant)

    def plain(self) -> Frame:
        """Return the rows as a picture."""
        return self.rows.astype(np.uint8)

    def sharpened(self) -> Frame:
        """Return the rows with their light evened out, and each sample moved away from the mean of those near it."""
        shades = self.rows + (self.rows - means(self.rows, _NEAR)) * np.float32(_GAIN)
        shades *= _MIDDLE_GREY / (means(self.rows, _LIGHT) + np.float32(_NEARLY_BLACK))
        return np.clip(shades, 0, 255).astype(np.uint8)

    def in_frame(self, code: Code) -> Code:
        """Return a code that was read in the strip as it lies in the frame."""
        cosine, sine = math.cos(self.bars.across), math.sin(self.bars.across)

        def place(point: Point) -> Point:
            across = (point[0] - self.rows.shape[1] / 2) * self.step
            along = (point[1] - (_ROWS - 1) / 2) * self.pitch
            x = self.bars.x + across * cosine - along * sine
            y = self.bars.y + across * sine + along * cosine
            return round(x), round(y)

        return code.moved(place)
