"""Bars drawn, blurred and compared with a profile across bars: what decoders give up, for want of edges, still fits.

A kind of bars is laid out as pieces, each of which can look in so many ways: a digit as any of ten, a guard as itself.
Each look is drawn as blur leaves it. Where a code lies, and how blurred it is, is where its pieces, each by itself,
leave the least of the profile unexplained; which looks go together is for the kind of bars to say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float32]
    Costs: TypeAlias = list[Floats]
    #: Where a piece begins, in modules from the first bar, and how it can look.
    Pieces: TypeAlias = list[tuple[int, "Looks"]]

_SAMPLES = 3  # of a module
_FINE = 6  # of a sample, where blur is drawn
#: Modules of the white beside the bars that are looked at.
QUIET = 4
#: Standard deviations of the blur that looks are drawn with, in modules; the place is found with the usual one.
BLURS = (0.3, 0.5, 0.7, 0.9)
USUAL = 1
_FINELY_OFF = np.linspace(-0.6, 0.6, 7, dtype=np.float32)
#: How far the middle of the bars may be off the middle between their ends, in parts of their length: bars on a bottle.
_BOWS = (-0.006, -0.003, 0.0, 0.003, 0.006)
#: Added to a power that is divided by.
_NEXT_TO_NOTHING = np.float32(1e-4)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a profile a code lies: in samples, the end before the start where it lies the other way round."""

    start: float
    end: float
    bow: float = 0.0


@dataclass(frozen=True, slots=True)
class Looks:
    """How a piece of a code can look: each as light without its mean, its power and the root of that."""

    light: Floats
    power: Floats
    norm: Floats


@dataclass(frozen=True, slots=True)
class Spelling:
    """The text whose looks together leave the least unexplained."""

    text: str
    """Empty where they spell no text, or what they spell cannot be the whole of it."""
    left: list[float]
    """What its look leaves of each piece, in the order of the pieces."""
    next_left: float
    """What the next best looks that go together leave of all pieces."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What bars say, and how much speaks for it."""

    text: str
    """Empty where they say none."""
    explained: float
    """The part of the profile's variance that it explains, drawn and blurred."""
    margin: float
    """How much more the next best looks leave unexplained, in parts of what these do."""
    doubt: float
    """How much more of a piece its likeliest look would explain, at most, than the one that the text gives it.

    A check corrects a piece that is damaged, and by so much less checks the others.
    """
    weakest: float
    """The part of a piece that the text explains, at least."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How a code lies in a profile, and how blurred it is."""

    layout: Layout
    place: Place
    blur: int
    spell: Callable[[Costs], Spelling]
    """Gives the text that costs least, by what each look of each piece costs."""

    def read(self, profile: Floats) -> Reading:
        """Return the text that best explains a profile whose code lies so."""
        costs, powers = self.layout.costs(profile, self.place, self.blur)
        spelt = self.spell(costs)
        left = sum(spelt.left)
        pieces = list(zip(spelt.left, costs, powers, strict=True))
        doubt = max((chosen - float(cost.min())) / power for chosen, cost, power in pieces)
        weakest = 1 - max(chosen / power for chosen, _, power in pieces)
        return Reading(spelt.text, 1 - left / sum(powers), spelt.next_left / left - 1, doubt, weakest)


class Layout:
    """Where the pieces of a code are, and how each can look, drawn with each of the blurs."""

    def __init__(self, modules: int, pieces: Callable[[float], Pieces]) -> None:
        self.modules = modules
        self._pieces = [[(QUIET + module - 1, drawn) for module, drawn in pieces(blur)] for blur in BLURS]

    def best(self, profile: Floats, places: Sequence[Place], blur: int = USUAL) -> tuple[Place, float]:
        """Return the place whose pieces, each by itself, leave the least part of a profile unexplained, and that."""
        costs, powers = self._unexplained(self._resampled(profile, places), blur)
        parts = sum(cost.min(axis=1) for cost in costs) / sum(powers)
        index = int(parts.argmin())
        return places[index], float(parts[index])

    def finely(self, profile: Floats, place: Place) -> tuple[Place, int]:
        """Return where exactly the code is that lies about there, and which of the blurs it has."""
        blur = min(range(len(BLURS)), key=lambda blur: self.best(profile, [place], blur)[1])
        place, _ = self.best(profile, self.near(place, _FINELY_OFF), blur)
        return self.best(profile, [replace(place, bow=bow) for bow in _BOWS], blur)[0], blur

    def near(self, place: Place, off: Floats) -> list[Place]:
        """Return places either of whose ends is off by some of these modules."""
        by = off * (place.end - place.start) / self.modules
        return [Place(place.start + a, place.end + b) for a in by for b in by]

    def costs(self, profile: Floats, place: Place, blur: int) -> tuple[Costs, list[float]]:
        """Return what each look of each piece leaves unexplained of a profile, and what there is to explain of each."""
        costs, powers = self._unexplained(self._resampled(profile, [place]), blur)
        return [each[0] for each in costs], [float(power[0]) for power in powers]

    def _resampled(self, profile: Floats, places: Sequence[Place]) -> Floats:
        """Return the profile at the modules of a code, and of the white beside it, for each place that it may have."""
        start, end, bow = np.array([(place.start, place.end, place.bow) for place in places], np.float32).T[..., None]
        part = (_middles(self.modules + 2 * QUIET) - QUIET) / self.modules
        return _between(profile, start + (end - start) * (part + bow * 4 * part * (1 - part)))

    def _unexplained(self, levels: Floats, blur: int) -> tuple[Costs, Costs]:
        """Return for each row of levels what every look of every piece would leave, and what there is to explain of it.

        All pieces of a code are as strong as each other; the light may differ from piece to piece.
        """
        pieces = self._pieces[blur]
        products, powers = [], []
        strength, norm = np.zeros(len(levels), np.float32), np.zeros(len(levels), np.float32)
        for module, looks in pieces:
            first = module * _SAMPLES
            product, power = _compared(levels[:, first : first + looks.light.shape[1]], looks)
            likeliest = (product / looks.norm).argmax(axis=1)
            strength += np.take_along_axis(product, likeliest[:, None], 1)[:, 0]
            norm += looks.power[likeliest]
            products.append(product)
            powers.append(power)
        gain = np.maximum(strength / norm, 0)[:, None]
        costs = [
            (power[:, None] + gain * gain * looks.power) - (2 * gain) * product
            for power, product, (_, looks) in zip(powers, products, pieces, strict=True)
        ]
        return costs, powers


def likeness(profile: Floats, looks: Looks, begins: Floats, modules: Floats) -> Floats:
    """Return how much of a profile, where a piece may begin, its likeliest look explains.

    ``begins`` are samples, ``modules`` the widths of a module there: below nothing where a code lies the other way.
    """
    where = begins[:, None] + modules[:, None] * (_middles(looks.light.shape[1] // _SAMPLES) - 1)
    product, power = _compared(_between(profile, where), looks)
    likeliest: Floats = np.maximum(product / looks.norm, 0).max(axis=1) ** 2 / power
    return likeliest


def drawn_looks(before: str, pieces: Sequence[str], after: str, blur: float) -> Looks:
    """Return how a piece can look, and a module on either side: bars are ones, a module that is not known is grey."""
    light = np.stack([_light(f"??{before}{each}{after}??", blur) for each in pieces])
    power = (light * light).sum(axis=1)
    return Looks(light, power, np.sqrt(power))


def _compared(levels: Floats, looks: Looks) -> tuple[Floats, Floats]:
    """Return the product of each row of levels, without its mean, with each look, and the power of each row."""
    piece = levels - levels.mean(axis=1, keepdims=True)
    return piece @ looks.light.T, (piece * piece).sum(axis=1) + _NEXT_TO_NOTHING


def _middles(modules: int) -> Floats:
    """Return the middles of the samples of so many modules."""
    return (np.arange(modules * _SAMPLES, dtype=np.float32) + np.float32(0.5)) / np.float32(_SAMPLES)


def _between(profile: Floats, where: Floats) -> Floats:
    """Return a profile between its samples; beyond its ends they are continued."""
    where = np.clip(where, 0, profile.size - 1.01)
    index = where.astype(np.int32)
    levels: Floats = profile[index] + (profile[index + 1] - profile[index]) * (where - index).astype(np.float32)
    return levels


def _light(modules: str, blur: float) -> Floats:
    light = np.repeat([{"0": 1.0, "1": 0.0, "?": 0.5}[bit] for bit in modules], _FINE * _SAMPLES)
    smooth = np.convolve(light, _kernel(blur), mode="same").reshape(-1, _FINE).mean(axis=1)
    piece = smooth[3 * _SAMPLES : -3 * _SAMPLES]
    return np.asarray(piece - piece.mean(), np.float32)


@lru_cache
def _kernel(blur: float) -> NDArray[np.float64]:
    reach = 3 * _FINE * _SAMPLES
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (_FINE * _SAMPLES * blur)) ** 2)
    whole: NDArray[np.float64] = kernel / kernel.sum()
    return whole
