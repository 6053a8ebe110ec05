"""Closer looks at the place where a square code is likeliest: lifted into sight, or put right."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from device.scan.crop import Lift
from device.scan.mending import mended

if TYPE_CHECKING:
    from device.scan.codes import Code
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
#: Longer side of the largest lifted picture, in pixels: a code that fills more needs no lift.
_LARGEST = 1100
#: So many of the traces of a look are followed: one code leaves up to three.
_MOST_TRACES = 3


def closer_looks(reader: Reader) -> list[Closer]:
    """Return the looks with a reader, the likeliest to pay first."""
    first = Closer(reader, _FIRST)
    return [
        first,
        *(Closer(reader, lift) for lift in _FURTHER),
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
