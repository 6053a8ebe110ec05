"""Closer looks at the place where a square code is likeliest: lifted into sight, or put right."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from device.scan.corners import corners
from device.scan.crop import Lift
from device.scan.mending import mended, mended_one_of
from device.scan.two_corners import laid_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from device.scan.codes import Code, Point
    from device.scan.crop import Crop
    from device.scan.readers import Frame, Reader, Trace
    from device.scan.scene import Scene

#: What lifts a square code into sight: fine detail of small modules, noise kept down, and wide modules beside a lamp's
#: reflection.
_FIRST, *_FURTHER = Lift(3, 7, 5, on_halved=True), Lift(5, 11, 2), Lift(1, 31, 3)
#: What is tried besides where the first of these has shown traces of a code: the detail of modules of several sizes,
#: and a threshold nearer to white, for modules that are pictures.
_DEEPER = (
    Lift(3, 11, 8, on_halved=True, scale=1),
    Lift(1, 21, 8, on_halved=True, scale=0.5),
    Lift(1, 61, 0, on_halved=True, scale=0.5, black_below=140),
    Lift(3, 11, 8, scale=2),
    Lift(5, 11, 5, on_halved=True, scale=1),
    Lift(3, 21, 2, on_halved=True, scale=1),
    Lift(1, 7, 5, on_halved=True, scale=1),
    Lift(3, 11, 8, on_halved=True, scale=0.5),
)
#: What shows a corner's rings, dark and light, whatever the light on them.
_BLACK = Lift(1, 31, 3, black_below=122)
#: And what shows where they lie: without edges, between which all places would be as good.
_SOFT = Lift(3, 61, 0)
#: Longer side of the largest lifted picture, in pixels: a code that fills more needs no lift.
_LARGEST = 1100
#: So many of the traces of a look are followed: one code leaves up to three.
_MOST_TRACES = 3


def closer_looks(reader: Reader) -> list[Closer | TwoCorners]:
    """Return the looks with a reader, the likeliest to pay first."""
    first, *further = (Closer(reader, lift) for lift in (_FIRST, *_FURTHER))
    return [
        first,
        *further,
        *([TwoCorners(reader, [first, *further])] if reader.leaves_traces else []),
        *(Closer(reader, lift, after=first) for lift in _DEEPER if reader.leaves_traces),
    ]


class Closer:
    """A closer look, one way lifted."""

    def __init__(self, reader: Reader, lift: Lift, after: Closer | None = None) -> None:
        """Keep how to look, and which look must have shown traces of a code for this one to be worth its time."""
        self._reader = reader
        self._lift = lift
        self._after = after
        self._traces: list[Trace] = []

    @property
    def shows_traces(self) -> bool:
        """Whether the last look showed a code that could not be read."""
        return bool(self._traces)

    def read(self, scene: Scene) -> list[Code]:
        """Return the codes found in a frame."""
        self._traces = []
        if self._after is not None and not self._after.shows_traces:
            return []
        crop = scene.square_at(self._lift.scale) if self._lift.scale else scene.square
        if crop is None or crop.size > _LARGEST or (crop.scale < 1 and not self._lift.on_halved):
            return []
        codes, self._traces = self._reader.glance(crop.lifted(self._lift))
        put_right = (self._mended(trace, crop, scene.frame) for trace in self._traces[:_MOST_TRACES])
        return [crop.in_frame(code) for code in codes or next(filter(None, put_right), [])]

    def _mended(self, trace: Trace, crop: Crop, frame: Frame) -> list[Code]:
        if trace.kind is None:
            return []
        clean = mended(frame, trace.kind, crop.corners_in_frame(trace.corners))
        return [] if clean is None else [replace(code, position=trace.corners) for code in self._reader.read(clean)]


class TwoCorners:
    """A look for a code one of whose corners is covered, so that no decoder finds it."""

    def __init__(self, reader: Reader, after: Sequence[Closer]) -> None:
        """Keep what reads a clean picture, and which looks one of which must have shown traces of a code."""
        self._reader = reader
        self._after = after

    def read(self, scene: Scene) -> list[Code]:
        """Return the codes found in a frame."""
        if scene.square is None or not any(look.shows_traces for look in self._after):
            return []
        crop = scene.square_at(min(scene.square.scale, 1))
        if crop is None:
            return []
        found = corners(crop.lifted(_BLACK) == 0, crop.lifted(_SOFT))
        ways = ((version, crop.corners_in_frame(place)) for version, place in laid_out(found))
        if (put_right := mended_one_of(scene.frame, ways)) is None:
            return []
        clean, (one, two, three, four) = put_right
        position = _point(one), _point(two), _point(three), _point(four)
        return [replace(code, position=position) for code in self._reader.read(clean)]


def _point(place: NDArray[np.float64]) -> Point:
    return round(float(place[0])), round(float(place[1]))
