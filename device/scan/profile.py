"""The rows of a strip made one: moved so that their bars stand below each other, and added up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from device.scan.sampling import means

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows: TypeAlias = NDArray[np.float32]

#: Samples in the neighbourhood whose mean is the light.
_LIGHT = 61
#: Slants that are tried, in samples from a row to the next, beside the one that the rows seem to have.
_NEARBY = (-0.5, 0.0, 0.5)
#: Correlation with the sum of all from which a row shows the same bars.
_ALIKE = 0.5
_FEWEST = 4
#: Samples in the neighbourhood that is full of bars or is not, and from which part of the usual strength on it is.
_NEAR = 31
_STRONG = 0.4
_USUALLY = 90  # percent of the samples that are weaker
#: Samples without strength that may lie within the bars of a code, or between a code and what is beside it.
_GAPS = (8, 16, 28)
#: Samples of the shortest code: 95 modules of one pixel.
_SHORTEST = 190
#: How often such a run turns from lighter to darker or back, at least: an EAN-13 code 60 times, or half of that where
#: blur has joined its bars; folds and rails some ten times.
_FEWEST_TURNS = 20
#: Of an EAN-13 code, and between which distances from its ends it is white: 7 modules ought to be.
_MODULES = 95
_NEXT, _FAR = 1.2, 4.5
#: How light that is, in parts from dark to light: 0.56 and more beside codes that stand alone, 0.2 where bars go on.
_WHITE = 0.35
#: How often it may turn from light to dark or back further out: beside real codes twice, at a bar or two edges of what
#: lies there. Where a part of a longer code was read whose next gap is wide it is four times, within nine modules.
_MOST_TURNS_BESIDE = 2
#: Samples by which the neighbourhood reaches over the end of the bars.
_OVER = 8


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """What rows across bars show: the mean of all, and of every other one, as two witnesses of the same bars."""

    whole: Rows
    halves: tuple[Rows, Rows]

    def ends(self) -> list[tuple[float, float]]:
        """Return about where the longest run of bars begins and ends, in samples: what it may be, where it has gaps."""
        strength = means(np.abs(self.whole)[None], _NEAR)[0]
        strong = strength > _STRONG * np.percentile(strength, _USUALLY)
        changes = np.flatnonzero(np.diff(strong, prepend=False, append=False))
        starts, ends = changes[::2], changes[1::2]
        found = set()
        for gap in _GAPS:
            apart = starts[1:] - ends[:-1] >= gap
            begins, stops = starts[np.append(True, apart)], ends[np.append(apart, True)]
            longest = int((stops - begins).argmax())
            found.add((int(begins[longest]) + _OVER, int(stops[longest]) - _OVER))
        return sorted(run for run in found if run[1] - run[0] >= _SHORTEST and self._turns(*run) >= _FEWEST_TURNS)

    def _turns(self, start: int, end: int) -> int:
        return int(np.count_nonzero(np.diff(self.whole[start:end] > 0)))


def stands_alone(whole: Rows, start: int, end: int) -> bool:
    """Return whether it is white beside the bars of an EAN-13 code between these samples, and no bars go on there.

    Where they do, it may be a part of a longer code of another kind; print stands closer than it should, too.
    """
    module = (end - start) / _MODULES
    dark, light = np.percentile(whole[start:end], (10, 90))
    before, behind = whole[: max(round(start - _NEXT * module), 0)][::-1], whole[round(end + _NEXT * module) :]
    is_white, near = dark + _WHITE * (light - dark), round((_FAR - _NEXT) * module)
    return all(
        side[:near].min(initial=light) >= is_white and np.count_nonzero(np.diff(side >= is_white)) <= _MOST_TURNS_BESIDE
        for side in (before, behind)
    )


def added_up(rows: Rows, slant: float) -> Rows:
    """Return what rows show together whose bars slant by so many samples from a row to the next.

    At half of what ``straightened`` costs, which looks for the slant more closely, and for rows that show the same.
    """
    added: Rows = _moved(rows - means(rows, _LIGHT), slant).mean(axis=0)
    return added


def straightened(rows: Rows, slant: float) -> Profile | None:
    """Return the profile of rows whose bars slant by about so many samples from a row to the next.

    None where too few of them show the same.
    """
    shades = rows - means(rows, _LIGHT)
    moved = max(
        (_moved(shades, slant + beside) for beside in _NEARBY),
        key=lambda moved: float(np.square(moved.mean(axis=0)).sum()),
    )
    sums = moved.mean(axis=0)
    power = np.square(moved).sum(axis=1) * np.square(sums).sum()
    same = moved[(moved @ sums) / np.sqrt(power + 1) > _ALIKE]
    if len(same) < _FEWEST:
        return None
    return Profile(same.mean(axis=0), (same[::2].mean(axis=0), same[1::2].mean(axis=0)))


def _moved(rows: Rows, slant: float) -> Rows:
    """Return rows, each moved against the one before by so many samples; edges are continued."""
    count, length = rows.shape
    by = ((np.arange(count) - (count - 1) / 2) * slant).astype(np.float32)
    whole = np.floor(by).astype(np.intp)
    index = np.clip(np.arange(length) + whole[:, None], 0, length - 2) + np.arange(0, count * length, length)[:, None]
    moved: Rows = rows.take(index)
    moved += (rows.take(index + 1) - moved) * (by - whole.astype(np.float32))[:, None]
    return moved
