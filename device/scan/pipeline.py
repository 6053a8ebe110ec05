"""Which passes look at a frame: the cheap one at every frame, the costly ones spread over the frames that follow.

A pass that finds nothing costs as much as one that finds a code, so a frame has a budget, and what does not fit in it
waits for the next frame. The first pass that reads anything ends the frame.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from device.scan import filters
from device.scan.decoders import build_reader
from device.scan.errors import ReaderError
from device.scan.events import DEFAULT_BUDGET_MS
from device.scan.symbologies import DEFAULT_READERS, DEFAULT_SYMBOLOGIES, ReaderName

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from device.scan.codes import Code
    from device.scan.readers import Frame, Reader
    from device.scan.symbologies import Symbology

_COST_GUESS_MS = 10.0
_COST_WEIGHT = 0.2  # of the newest measurement in the running mean


@dataclass(frozen=True, slots=True)
class Pass:
    """One way of looking at a frame."""

    name: str
    read: Callable[[Frame], list[Code]]


class Schedule:
    """Spreads passes over consecutive frames without a code, from what each has cost so far."""

    def __init__(self, passes: int, budget_ms: float) -> None:
        """Keep the number of passes, of which the first belongs to every frame, and what a frame may cost."""
        self._costs_ms = [_COST_GUESS_MS] * passes
        self._budget_ms = budget_ms

    def turns(self) -> list[tuple[int, ...]]:
        """Return the passes of each frame of a cycle: the first one, and at least one other where there is one."""
        first_ms, *others_ms = self._costs_ms
        turns = [[0]]
        spent_ms = first_ms
        for index, pass_ms in enumerate(others_ms, start=1):
            if len(turns[-1]) > 1 and spent_ms + pass_ms > self._budget_ms:
                turns.append([0])
                spent_ms = first_ms
            turns[-1].append(index)
            spent_ms += pass_ms
        return [tuple(turn) for turn in turns]

    def turn(self, unread: int) -> tuple[int, ...]:
        """Return the passes for a frame that follows so many frames without a code."""
        turns = self.turns()
        return turns[unread % len(turns)]

    def note(self, index: int, cost_ms: float) -> None:
        """Take note of what a pass has just cost."""
        self._costs_ms[index] += _COST_WEIGHT * (cost_ms - self._costs_ms[index])


class Pipeline:
    """The kiosk's way of reading codes from luminance frames; not for use by two threads at once."""

    def __init__(self, passes: Sequence[Pass], budget_ms: float = DEFAULT_BUDGET_MS) -> None:
        """Keep the passes, the cheapest first."""
        self._passes = tuple(passes)
        self._schedule = Schedule(len(self._passes), budget_ms)
        self._unread = 0

    @property
    def cycle(self) -> int:
        """How many consecutive frames it takes until every pass has had its turn."""
        return len(self._schedule.turns())

    def first(self, frame: Frame) -> list[Code]:
        """Return what the cheap pass reads in a frame."""
        return self._run(0, frame)

    def look(self, frame: Frame) -> list[Code]:
        """Return what the passes that are due read in the next frame of a stream."""
        for index in self._schedule.turn(self._unread):
            codes = self._run(index, frame)
            if codes:
                self._unread = 0
                return codes
        self._unread += 1
        return []

    def read_all(self, frame: Frame) -> list[Code]:
        """Return what a still picture yields in the end: all the passes, until one reads something."""
        for index in range(len(self._passes)):
            codes = self._run(index, frame)
            if codes:
                return codes
        return []

    def _run(self, index: int, frame: Frame) -> list[Code]:
        began = time.perf_counter()
        codes = self._passes[index].read(frame)
        self._schedule.note(index, (time.perf_counter() - began) * 1e3)
        return codes


def build_pipeline(
    readers: Sequence[ReaderName] = DEFAULT_READERS,
    symbologies: Sequence[Symbology] = DEFAULT_SYMBOLOGIES,
    budget_ms: float = DEFAULT_BUDGET_MS,
) -> Pipeline:
    """Return the pipeline for the configured readers, the first of which looks at every frame.

    Raises ReaderError where one is not installed, or where none of them reads what is configured.
    """
    passes: list[Pass] = []
    for name in readers:
        reader = build_reader(name, symbologies)
        if reader.reads:
            passes += _PASSES[name](reader, alone=len(readers) == 1)
    if not passes:
        msg = f"none of the readers {', '.join(readers)} reads any of {', '.join(symbologies)}"
        raise ReaderError(msg)
    return Pipeline(passes, budget_ms)


def _zxing_passes(reader: Reader, *, alone: bool) -> list[Pass]:
    """Return zxing-cpp's passes: it turns, shrinks and inverts by itself; alone it also gets the threshold."""
    passes = [Pass("zxing", reader.read)]
    return [*passes, Pass("zxing threshold", _after(filters.local_threshold, reader))] if alone else passes


def _zbar_passes(reader: Reader, *, alone: bool) -> list[Pass]:
    """Return zbar's passes: half size loses nothing at a quarter of the cost; alone it needs negative and whole too."""
    passes = [
        Pass("zbar half", _after(filters.half_size, reader, scale=2)),
        Pass("zbar threshold", _after(filters.local_threshold, reader)),
    ]
    if alone:
        passes += [
            Pass("zbar negative", _after(lambda frame: filters.inverted(filters.half_size(frame)), reader, scale=2)),
            Pass("zbar whole", reader.read),
        ]
    return passes


_PASSES: dict[ReaderName, Callable[..., list[Pass]]] = {
    ReaderName.ZXING: _zxing_passes,
    ReaderName.PYZBAR: _zbar_passes,
}


def _after(prepare: Callable[[Frame], Frame], reader: Reader, scale: int = 1) -> Callable[[Frame], list[Code]]:
    """Return a pass that reads a prepared frame, and gives positions in pixels of the frame itself."""

    def read(frame: Frame) -> list[Code]:
        return [code.scaled(scale) for code in reader.read(prepare(frame))]

    return read
