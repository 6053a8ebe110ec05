"""EAN-13 read from what blur leaves of it: the number that, drawn and blurred, best explains a profile across the bars.

Decoders look for edges, and give up where a bar of one module has none left; its neighbours still show what it was. So
each digit of each place is drawn, blurred and compared, and of all numbers that the check digit allows the one is taken
that leaves the least unexplained. How much it explains, and how much less the next best one does, says whether to
believe it: noise and other stripes are explained by half, and by many numbers alike.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from device.scan.checked import cheapest
from device.scan.drawn_bars import QUIET, Fit, Layout, Place, Spelling, drawn_looks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.scan.drawn_bars import Costs, Floats, Pieces

_MODULES = 95
_DRAWN = 12  # digits; which of the left ones are drawn the even way says the thirteenth, which comes first
_ODD = ("0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011")
_RIGHT = tuple(bits.translate(str.maketrans("01", "10")) for bits in _ODD)
_EVEN = tuple(bits[::-1] for bits in _RIGHT)
_WAYS = ("000000", "001011", "001101", "001110", "010011", "011001", "011100", "010101", "010110", "011010")
_WEIGHTS = (3, 1) * (_DRAWN // 2)
#: The first digit is the way that the left ones are drawn, and has the weight of one.
_BEGIN = np.where(np.eye(10, dtype=bool), 0.0, np.inf)
_GUARD, _MIDDLE = "101", "01010"

#: How far off the ends that a reading starts from may be, in modules, and in what steps better ones are tried.
_OFF = np.arange(-4, 5, dtype=np.float32)
#: The part of a profile that may be left unexplained at first: codes leave 0.4, other things 0.6.
_HARDLY = 0.5


def fit(profile: Floats, ends: Sequence[tuple[float, float]]) -> Fit | None:
    """Return how a code whose bars begin and end about at one of these pairs fits best, either way round.

    None where it hardly fits: that takes a third of the time.
    """
    layout = _layout()
    roughly = [place for pair in ends for place in layout.near(Place(*pair), _OFF)]
    place, unexplained = layout.best(profile, [*roughly, *(Place(place.end, place.start) for place in roughly)])
    return None if unexplained > _HARDLY else Fit(layout, *layout.finely(profile, place), _spelling)


def _spelling(costs: Costs) -> Spelling:
    """Return the number that leaves the least unexplained."""
    guards = [float(cost[0]) for cost in costs[_DRAWN:]]
    table = np.empty((10, _DRAWN, 10))  # first digit, place, digit
    for first, ways in enumerate(_WAYS):
        for place, way in enumerate(ways):
            table[first, place] = costs[place][10:] if way == "1" else costs[place][:10]
        table[first, 6:] = costs[6:_DRAWN]
    found = cheapest(_BEGIN, table, _WEIGHTS)
    left = table[found.way, np.arange(_DRAWN), found.values].tolist()
    number = "".join(map(str, (found.way, *found.values)))
    return Spelling(number, left + guards, found.next_cost + sum(guards))


@cache
def _layout() -> Layout:
    return Layout(_MODULES, _pieces)


def _pieces(blur: float) -> Pieces:
    """Return where each piece of a code lies, and how it can look."""
    left = drawn_looks("?1", (*_ODD, *_EVEN), "0?", blur)
    right = drawn_looks("?0", _RIGHT, "1?", blur)
    white = "0" * (QUIET - 1)
    pieces = [(3 + 7 * digit, left) for digit in range(6)]
    pieces += [(50 + 7 * digit, right) for digit in range(6)]
    return [
        *pieces,
        (1 - QUIET, drawn_looks("00", [white + _GUARD], "0?", blur)),
        (45, drawn_looks("?1", [_MIDDLE], "1?", blur)),
        (92, drawn_looks("?0", [_GUARD + white], "00", blur)),
    ]
