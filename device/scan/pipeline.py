"""Which passes look at a frame: the cheap one at every frame, the costly ones spread over the frames that follow.

A pass that finds nothing costs as much as one that finds a code, so a frame has a budget, and what does not fit in it
waits for the next frame. The first pass that reads anything ends the frame.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from device.scan.errors import ReaderError
from device.scan.events import DEFAULT_BUDGET_MS
from device.scan.passes import passes_of
from device.scan.scene import Scene
from device.scan.symbologies import DEFAULT_READERS, DEFAULT_SYMBOLOGIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.scan.codes import Code
    from device.scan.passes import Pass
    from device.scan.readers import Frame
    from device.scan.symbologies import ReaderName, Symbology

_COST_GUESS_MS = 3.0  # of a pass that has not been made yet; a frame ends at its budget all the same
_COST_WEIGHT = 0.2  # of the newest measurement, where a pass costs less than it did


class Schedule:
    """Spreads passes over consecutive frames without a code, from what each has cost so far."""

    def __init__(self, passes: int, budget_ms: float) -> None:
        """Keep the number of passes, of which the first belongs to every frame, and what a frame may cost."""
        self._costs_ms: list[float | None] = [None] * passes
        self._budget_ms = budget_ms

    def turns(self) -> list[tuple[int, ...]]:
        """Return the passes of each frame of a cycle: the first one, and at least one other where there is one."""
        first_ms, *others_ms = (_COST_GUESS_MS if cost is None else cost for cost in self._costs_ms)
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
        """Take note of what a pass has just cost: at once where that is more, or the budget would not hold."""
        known_ms = self._costs_ms[index]
        if known_ms is None or cost_ms > known_ms:
            self._costs_ms[index] = cost_ms
        else:
            self._costs_ms[index] = known_ms + _COST_WEIGHT * (cost_ms - known_ms)


class Pipeline:
    """The kiosk's way of reading codes from luminance frames; not for use by two threads at once."""

    def __init__(self, passes: Sequence[Pass], budget_ms: float = DEFAULT_BUDGET_MS) -> None:
        """Keep the passes, the cheapest first."""
        self._passes = tuple(passes)
        self._schedule = Schedule(len(self._passes), budget_ms)
        self._budget_ms = budget_ms
        self._unread = 0

    @property
    def cycle(self) -> int:
        """How many consecutive frames it takes until every pass has had its turn."""
        return len(self._schedule.turns())

    def first(self, frame: Frame) -> list[Code]:
        """Return what the cheap pass reads in a frame."""
        return self._run(0, Scene(frame))

    def look(self, frame: Frame) -> list[Code]:
        """Return what the passes that are due read in the next frame of a stream."""
        scene, began = Scene(frame), time.thread_time()
        for place, index in enumerate(self._schedule.turn(self._unread)):
            if place > 1 and (time.thread_time() - began) * 1e3 > self._budget_ms:
                break  # passes cost more than they lately did; the next turns allow for it
            codes = self._run(index, scene)
            if codes:
                if index == 0:
                    self._unread = 0
                # What a costly pass has read, the same one reads again: bars count when two frames agree.
                return codes
        self._unread += 1
        return []

    def read_all(self, frame: Frame) -> list[Code]:
        """Return what a still picture yields in the end: all the passes, until one reads something."""
        scene = Scene(frame)
        for index in range(len(self._passes)):
            codes = self._run(index, scene)
            if codes:
                return codes
        return []

    def _run(self, index: int, scene: Scene) -> list[Code]:
        began = time.thread_time()
        codes = self._passes[index].read(scene)
        self._schedule.note(index, (time.thread_time() - began) * 1e3)
        return codes


def build_pipeline(
    readers: Sequence[ReaderName] = DEFAULT_READERS,
    symbologies: Sequence[Symbology] = DEFAULT_SYMBOLOGIES,
    budget_ms: float = DEFAULT_BUDGET_MS,
) -> Pipeline:
    """Return the pipeline for the configured readers, the first of which looks at every frame.

    Raises ReaderError where one is not installed, or where none of them reads what is configured.
    """
    passes = passes_of(readers, symbologies)
    if not passes:
        msg = f"none of the readers {', '.join(readers)} reads any of {', '.join(symbologies)}"
        raise ReaderError(msg)
    return Pipeline(passes, budget_ms)
