"""Which passes look at a frame: the cheap one at every frame, the costly ones spread over the frames that follow.

A pass that finds nothing costs as much as one that finds a code, so a frame has a budget, and what does not fit in it
waits for the next frame. The first pass that reads what may be meant ends the frame.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from device.scan.errors import ReaderError
from device.scan.events import DEFAULT_BUDGET_MS
from device.scan.passes import passes_of
from device.scan.scene import Scene
from device.scan.symbologies import DEFAULT_READERS, DEFAULT_SYMBOLOGIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from device.scan.codes import Box, Code
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

    def look(self, frame: Frame, changed: Box | None = None) -> list[Code]:
        """Return what the passes that are due read in the next frame of a stream.

        ``changed`` is where the picture is another one than that of an empty counter: closer looks are taken there.
        """
        turn = self._schedule.turn(self._unread)
        codes, ended_by = self._search(Scene(frame, changed), turn, self._budget_ms)
        if ended_by is None:
            self._unread += 1
        elif ended_by == 0:
            self._unread = 0
        # What a costly pass has read, the same one reads again: bars count when two frames agree.
        return codes

    def read_all(self, frame: Frame) -> list[Code]:
        """Return what a still picture yields in the end: all the passes, until one reads what may be meant."""
        return self._search(Scene(frame), range(len(self._passes)), math.inf)[0]

    def _search(self, scene: Scene, passes: Iterable[int], budget_ms: float) -> tuple[list[Code], int | None]:
        """Return what these passes read, and which of them has ended the search; None where none has.

        A code that hangs in shops ends none: it is covered up, and a voucher is looked for beside it.
        """
        found: list[Code] = []
        began = time.thread_time()
        for place, index in enumerate(passes):
            if place > 1 and (time.thread_time() - began) * 1e3 > budget_ms:
                break  # passes cost more than they lately did; the next turns allow for it
            codes = self._run(index, scene)
            found += codes
            if not all(code.is_bystander for code in codes):
                return found, index
            if codes:
                scene = scene.without(codes)
        return found, None

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
