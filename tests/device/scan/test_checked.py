"""The cheapest values that a check allows, and the next best, are those that trying everything finds."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from device.scan.checked import cheapest


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("modulus", "ways"), [(5, 1), (7, 3)])
def test_it_finds_what_trying_everything_finds(seed: int, modulus: int, ways: int) -> None:
    rng = np.random.default_rng((seed, modulus))
    weights = [1, 3, 2, -1]
    begin = np.where(rng.random((ways, modulus)) < 0.5, rng.random((ways, modulus)), np.inf)
    begin[:, 0] = 0.3
    table = rng.random((ways, len(weights), modulus))
    every = []
    for way, values in product(range(ways), product(range(modulus), repeat=len(weights))):
        remains = -sum(weight * value for weight, value in zip(weights, values, strict=True)) % modulus
        cost = begin[way, remains] + sum(table[way, place, value] for place, value in enumerate(values))
        every.append((cost, way, list(values)))
    best, next_best = sorted(every)[:2]
    found = cheapest(begin, table, weights)
    assert (found.way, found.values) == (best[1], best[2])
    assert found.cost == pytest.approx(best[0])
    assert found.next_cost == pytest.approx(next_best[0])
