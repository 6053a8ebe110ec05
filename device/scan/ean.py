"""EAN-13 read from what blur leaves of it: the number that, drawn and blurred, best explains a profile across the bars.

Decoders look for edges, and give up where a bar of one module has none left; its neighbours still show what it was. So
each digit of each place is drawn, blurred and compared, and of all numbers that the check digit allows the one is taken
that leaves the least unexplained. How much it explains, and how much less the next best one does, says whether to
believe it: noise and other stripes are explained by half, and by many numbers alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float32]
    Costs: TypeAlias = list[Floats]

MODULES = 95
_DRAWN = 12  # digits; which of the left ones are drawn the even way says the thirteenth, which comes first
_ODD = ("0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011")
_RIGHT = tuple(bits.translate(str.maketrans("01", "10")) for bits in _ODD)
_EVEN = tuple(bits[::-1] for bits in _RIGHT)
_WAYS = ("000000", "001011", "001101", "001110", "010011", "011001", "011100", "010101", "010110", "011010")
_WEIGHTS = (3, 1) * (_DRAWN // 2)
#: For each weight the remainder, by ten, that follows one (the row) with a digit (the column); minus: that came before.
_REMAINDERS = {weight: (np.arange(10)[:, None] + weight * np.arange(10)) % 10 for weight in (1, 3, -1, -3)}
_GUARD, _MIDDLE = "101", "01010"

_SAMPLES = 3  # of a module
_FINE = 6  # of a sample, where blur is drawn
_QUIET = 4  # modules of the white beside the bars that are looked at
#: Standard deviations of the blur that looks are drawn with, in modules; the place is found with the second.
_BLURS = (0.3, 0.5, 0.7, 0.9)
_USUAL = 1
#: How far off the ends that a reading starts from may be, in modules, and in what steps better ones are tried.
_OFF = np.arange(-4, 5, dtype=np.float32)
_FINELY_OFF = np.linspace(-0.6, 0.6, 7, dtype=np.float32)
#: The part of a profile that may be left unexplained at first: codes leave 0.4, other things 0.6.
_HARDLY = 0.5
#: How far the middle of the bars may be off the middle between their ends, in parts of their length: bars on a bottle.
_BOWS = (-0.006, -0.003, 0.0, 0.003, 0.006)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a profile a code lies: in samples, the end before the start where it lies the other way round."""

    start: float
    end: float
    bow: float = 0.0


@dataclass(frozen=True, slots=True)
class Reading:
    """A number, and how much speaks for it."""

    digits: str
    explained: float
    """The part of the profile's variance that it explains, drawn and blurred."""
    margin: float
    """How much more the next best number leaves unexplained, in parts of what this one does."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How a code lies in a profile, and how blurred it is."""

    place: Place
    blur: int

    def read(self, profile: Floats) -> Reading:
        """Return the number that best explains a profile whose code lies so."""
        costs, _, power = _unexplained(_resampled(profile, [self.place]), self.blur)
        digits, cost, next_cost = _cheapest([each[0] for each in costs])
        return Reading(digits, 1 - cost / float(power[0]), next_cost / cost - 1)


def fit(profile: Floats, ends: Sequence[tuple[float, float]]) -> Fit | None:
    """Return how a code whose bars begin and end about at one of these pairs fits best, either way round.

    None where it hardly fits: that takes a third of the time.
    """
    roughly = [
        Place(start + a, end + b)
        for start, end in ends
        for module in [(end - start) / MODULES]
        for a in _OFF * module
        for b in _OFF * module
    ]
    place, unexplained = _best(profile, [*roughly, *(Place(place.end, place.start) for place in roughly)], _USUAL)
    if unexplained > _HARDLY:
        return None
    blur = min(range(len(_BLURS)), key=lambda blur: _best(profile, [place], blur)[1])
    off = _FINELY_OFF * (place.end - place.start) / MODULES
    finely = [Place(place.start + a, place.end + b, bow) for a in off for b in off for bow in _BOWS]
    return Fit(_best(profile, finely, blur)[0], blur)


def _best(profile: Floats, places: Sequence[Place], blur: int) -> tuple[Place, float]:
    """Return the place whose digits, each by itself, leave the least part of the profile unexplained; and that part."""
    _, least, power = _unexplained(_resampled(profile, places), blur)
    parts = least / power
    index = int(parts.argmin())
    return places[index], float(parts[index])


def _resampled(profile: Floats, places: Sequence[Place]) -> Floats:
    """Return the profile at the modules of a code, and of the white beside it, for each place that it may have."""
    start, end, bow = np.array([(place.start, place.end, place.bow) for place in places], np.float32).T[..., None]
    part = ((np.arange((MODULES + 2 * _QUIET) * _SAMPLES, dtype=np.float32) + 0.5) / _SAMPLES - _QUIET) / MODULES
    where = np.clip(start + (end - start) * (part + bow * 4 * part * (1 - part)), 0, profile.size - 1.01)
    index = where.astype(np.int32)
    levels: Floats = profile[index] + (profile[index + 1] - profile[index]) * (where - index).astype(np.float32)
    return levels


def _unexplained(levels: Floats, blur: int) -> tuple[Costs, Floats, Floats]:
    """Return for each row of levels what every look of every piece would leave, the sum of the least, and of all.

    All pieces of a code are as strong as each other; the light may differ from piece to piece.
    """
    products, powers = [], []
    strength, norm = np.zeros(len(levels), np.float32), np.zeros(len(levels), np.float32)
    for where, looks, norms in _PIECES[blur]:
        piece = levels[:, where] - levels[:, where].mean(axis=1, keepdims=True)
        product = piece @ looks.T
        likest = (np.maximum(product, 0) ** 2 / norms).argmax(axis=1)
        strength += np.take_along_axis(product, likest[:, None], 1)[:, 0]
        norm += norms[likest]
        products.append(product)
        powers.append((piece * piece).sum(axis=1))
    gain = np.maximum(strength / norm, 0)[:, None]
    costs = [
        power[:, None] - gain * (2 * product - gain * norms)
        for power, product, (_, _, norms) in zip(powers, products, _PIECES[blur], strict=True)
    ]
    least, power = np.zeros(len(levels), np.float32), np.full(len(levels), 1e-3, np.float32)
    for cost, whole in zip(costs, powers, strict=True):
        least += cost.min(axis=1)
        power += whole
    return costs, least, power


def _cheapest(costs: Costs) -> tuple[str, float, float]:
    """Return the number that leaves the least, what it leaves, and what the next best number leaves.

    What is left is added up along the digits for each remainder of the check sum, from both ends.
    """
    guards = sum(float(cost[0]) for cost in costs[_DRAWN:])
    table = np.empty((10, _DRAWN, 10))  # first digit, place, digit
    for first, ways in enumerate(_WAYS):
        for place, way in enumerate(ways):
            table[first, place] = costs[place][10:] if way == "1" else costs[place][:10]
        table[first, 6:] = costs[6:_DRAWN]
    before = [np.where(np.eye(10, dtype=bool), 0.0, np.inf)]  # first digit, remainder
    for place, weight in enumerate(_WEIGHTS):
        before.append((before[-1][:, _REMAINDERS[-weight]] + table[:, place, None, :]).min(axis=2))
    after = np.full((10, 10), np.inf)
    after[:, 0] = 0
    through = np.empty((10, _DRAWN, 10))
    for place in reversed(range(_DRAWN)):
        onward = after[:, _REMAINDERS[_WEIGHTS[place]]] + table[:, place, None, :]
        through[:, place] = (before[place][:, :, None] + onward).min(axis=1)
        after = onward.min(axis=2)
    totals = before[-1][:, 0]
    first = int(totals.argmin())
    drawn = through[first].argmin(axis=1)
    through[first, np.arange(_DRAWN), drawn] = np.inf
    next_best = min(float(through[first].min()), float(np.delete(totals, first).min()))
    return f"{first}{''.join(map(str, drawn))}", float(totals[first]) + guards, next_best + guards


def _pieces(blur: float) -> list[tuple[slice, Floats, Floats]]:
    """Return where each piece of a code lies in its samples, how it can look there, and the power of each look."""
    left = [_look("?1", bits, "0?", blur) for bits in (*_ODD, *_EVEN)]
    right = [_look("?0", bits, "1?", blur) for bits in _RIGHT]
    white = "0" * (_QUIET - 1)
    places = [(3 + 7 * digit, left) for digit in range(6)]
    places += [(50 + 7 * digit, right) for digit in range(6)]
    places += [
        (1 - _QUIET, [_look("00", white + _GUARD, "0?", blur)]),
        (45, [_look("?1", _MIDDLE, "1?", blur)]),
        (92, [_look("?0", _GUARD + white, "00", blur)]),
    ]
    pieces = []
    for module, looks in places:
        first, every = (_QUIET + module - 1) * _SAMPLES, np.stack(looks)
        pieces.append((slice(first, first + every.shape[1]), every, (every * every).sum(axis=1)))
    return pieces


def _look(before: str, bits: str, after: str, blur: float) -> Floats:
    """Return the light of a piece and of a module on either side, without its mean; an unknown module is grey."""
    modules = [{"0": 1.0, "1": 0.0, "?": 0.5}[bit] for bit in f"??{before}{bits}{after}??"]
    light = np.repeat(modules, _FINE * _SAMPLES)
    reach = 3 * _FINE * _SAMPLES
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (_FINE * _SAMPLES * blur)) ** 2)
    smooth = np.convolve(light, kernel / kernel.sum(), mode="same").reshape(-1, _FINE).mean(axis=1)
    piece = smooth[3 * _SAMPLES : -3 * _SAMPLES]
    return np.asarray(piece - piece.mean(), np.float32)


_PIECES = [_pieces(blur) for blur in _BLURS]
