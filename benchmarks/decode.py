"""What the eyes read and what it costs: the kiosk's pipeline beside zxing-cpp, pyzbar and OpenCV, each alone.

All at the kiosk's frame size, with the same symbologies, frame after frame in turn, in processor time. What is looked
at, and which variables name more of it, ``benchmarks/sets.py`` says.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import Row
from benchmarks.frames import CONDITIONS, frames
from benchmarks.peers import ALONE, OTHERS, OURS, ZXING, Score, configurable, peers
from benchmarks.sets import SEED, frame_sets
from device.scan.symbologies import DEFAULT_SYMBOLOGIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.peers import Read
    from benchmarks.sets import FrameSet, Given

NOTHING = "where nothing is to be read"
OF_EACH_LEVEL = 6
#: At least so many percent of all the frames of a condition.
PERCENT = {"dark mode, pixels a module": 99.0}


def run() -> list[Row]:
    """Read every set in every way."""
    ways = peers()
    rows: list[Row] = []
    read_by_zxing: dict[str, list[float]] = {way: [] for way in ways}
    of_nothing: dict[str, list[float]] = {way: [] for way in ways}
    for given in frame_sets():
        by_default = given.symbologies == DEFAULT_SYMBOLOGIES
        scores = scored(given.frames, ways if by_default else configurable(given.symbologies))
        rows += rows_of_nothing(given.name, scores) if given.empty else rows_of(given, scores)
        for way, score in scores.items() if by_default else ():
            read = scores[ZXING].read
            read_by_zxing[way] += [ms for ms, by_zxing in zip(score.cpu_ms, read, strict=True) if by_zxing]
            of_nothing[way] += score.cpu_ms if given.empty else []
    for condition, levels in CONDITIONS.items():
        drawn_levels = ((level, frames(shown, OF_EACH_LEVEL, SEED)) for level, shown in levels.items())
        rows += rows_of_levels(condition, {level: scored(shown, ways) for level, shown in drawn_levels})
    bar_ms = 1.2 * float(np.median(read_by_zxing[ZXING]))
    return [*rows, *cpu_rows("where zxing-cpp reads", read_by_zxing, bar_ms), *cpu_rows(NOTHING, of_nothing, 25.0)]


def cpu_rows(where: str, cpu_ms: dict[str, list[float]], bar_ms: float) -> list[Row]:
    """Return what a frame costs by way of reading; ours is held to a bar."""
    medians = {way: float(np.median(times)) for way, times in cpu_ms.items() if times}
    return [
        Row(f"{where}: {way}", "CPU, median", ms, "ms", at_most=bar_ms if way == OURS else None)
        for way, ms in medians.items()
    ]


def scored(given: Iterable[Given], ways: dict[str, Read]) -> dict[str, Score]:
    """Let every way read the same frames, in turn; another one is first each time, for the first fetches the frame."""
    scores = {way: Score() for way in ways}
    turns = deque(ways)
    for frame, held in given:
        turns.rotate()
        for way in turns:
            scores[way].look(ways[way], frame, held)
    return scores


def rows_of(given: FrameSet, scores: dict[str, Score]) -> list[Row]:
    """Return a set's figures; ours is held to what is asked of that set."""
    name, ours = given.name, scores[OURS]
    best = max(score.rate for way, score in scores.items() if way in OTHERS) if given.as_the_best else 0.0
    percent = max(best, given.percent or 0.0) or None
    rows = [
        Row(f"{name}: {way}", "read", score.rate, "%", at_least=percent if way == OURS else None)
        for way, score in scores.items()
    ]
    times = sum(ours.read) / max(sum(scores[ZXING].read), 1)
    rows.append(Row(name, "read, times zxing-cpp's", times, "x", at_least=given.times))
    alone = [any(either) for either in zip(*(scores[way].read for way in ALONE), strict=True)]
    lost = sum(other and not own for own, other in zip(ours.read, alone, strict=True))
    rows.append(Row(name, "lost that either reads alone", lost, "", at_most=0 if given.loses_nothing else None))
    if ours.judged:
        rows.append(Row(name, "frames whose payload is known", ours.judged, ""))
        rows.append(Row(name, "read wrongly", ours.wrong, "", at_most=0 if given.bears_no_error else None))
    return [*rows, *_costs(name, scores)]


def rows_of_nothing(name: str, scores: dict[str, Score]) -> list[Row]:
    """Return the figures of a set without a code."""
    read = {way: sum(score.read) for way, score in scores.items()}
    rows = [
        Row(f"{name}: {way}", "read, none being there", count, "", at_most=0 if way == OURS else None)
        for way, count in read.items()
    ]
    return [*rows, *_costs(name, scores)]


def rows_of_levels(condition: str, levels: dict[str, dict[str, Score]]) -> list[Row]:
    """Return the figures of a condition by level, and together: ours is held to the best of the others."""
    rows = []
    for level, scores in levels.items():
        rows += [Row(f"{condition} {level}: {way}", "read", score.rate, "%") for way, score in scores.items()]
        rows += _costs(f"{condition} {level}", scores)
    ways = list(next(iter(levels.values())))
    mean = {way: float(np.mean([scores[way].rate for scores in levels.values()])) for way in ways}
    bar = max(*(mean[way] for way in OTHERS), PERCENT.get(condition, 0.0))
    rows += [
        Row(f"{condition}: {way}", "read", rate, "%", at_least=bar if way == OURS else None)
        for way, rate in mean.items()
    ]
    wrong = sum(scores[OURS].wrong for scores in levels.values())
    return [*rows, Row(condition, "read wrongly", wrong, "", at_most=0)]


def _costs(subject: str, scores: dict[str, Score]) -> list[Row]:
    return [Row(f"{subject}: {way}", "CPU, median", score.median_ms, "ms") for way, score in scores.items()]
