"""The cheapest of all values that a check allows, and the next best: what is left is added up for each remainder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Cheapest:
    """The values that cost least, and what the next best ones cost."""

    way: int
    """The row of what there is to begin with that they begin with."""
    values: list[int]
    cost: float
    next_cost: float


def cheapest(begin: NDArray[np.float64], table: NDArray[np.float64], weights: Sequence[int]) -> Cheapest:
    """Return the cheapest values whose sum, each times the weight of its place, leaves no remainder.

    ``begin`` says for each way to begin what each remainder costs before the first place, infinite where it cannot be;
    ``table`` for each way, or for all ways alike, what each value costs at each place. The modulus is the length of a
    row of ``begin``. The sums are made from both ends, so that the next best is found that differs anywhere.
    """
    ways, modulus = begin.shape
    _, places, values = table.shape
    before = [begin]
    for place, weight in enumerate(weights):
        came_from = _remainders(modulus, values, -weight)
        before.append((before[-1][:, came_from] + table[:, place, None, :]).min(axis=2))
    after = np.full((ways, modulus), np.inf)
    after[:, 0] = 0
    through = np.empty((ways, places, values))
    for place in reversed(range(places)):
        onward = after[:, _remainders(modulus, values, weights[place])] + table[:, place, None, :]
        through[:, place] = (before[place][:, :, None] + onward).min(axis=1)
        after = onward.min(axis=2)
    totals = before[-1][:, 0]
    way = int(totals.argmin())
    chosen = through[way].argmin(axis=1)
    through[way, np.arange(places), chosen] = np.inf
    next_cost = min(float(through[way].min()), float(np.delete(totals, way).min(initial=np.inf)))
    return Cheapest(way, chosen.tolist(), float(totals[way]), next_cost)


@lru_cache(maxsize=64)  # each is 85 KB for Code 128
def _remainders(modulus: int, values: int, weight: int) -> NDArray[np.intp]:
    """Return the remainder that follows one (the row) with a value (the column) at a place of that weight."""
    return (np.arange(modulus)[:, None] + weight * np.arange(values)) % modulus
