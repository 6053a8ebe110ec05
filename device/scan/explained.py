"""What rows across bars say by themselves, if they are those of a code of some kind: to read it, or to doubt a read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from device.scan import code_128, ean
from device.scan.profile import straightened
from device.scan.symbologies import Symbology

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: What a number has to explain of the profile, and how much worse the next best has to be. Of 2,000 profiles of other
#: stripes, print, things and codes of other kinds none was explained to more than 0.65, or by a margin over 0.07.
_EXPLAINED = 0.75
_MARGIN = 0.1

#: The least that the likeliest look of any piece has to explain of it, where a part of a longer code may be taken for
#: the whole: there its first piece, a word in truth, was explained to 0.48 at most. Of real codes that were read 96 in
#: a hundred have more than 0.6. An EAN-13 code has one length; its narrow guards are often in a neighbour's shade.
_WEAKEST = {Symbology.CODE_128: 0.55}
_FITS = {Symbology.EAN_13: ean.fit, Symbology.CODE_128: code_128.fit}
#: The kinds of bars that are read so.
EXPLAINED = tuple(_FITS)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The text that explains some rows best."""

    text: str
    start: float
    end: float
    """Between which samples it lies, whichever way round."""
    certain: bool
    """Whether it explains them well, no other text nearly as well, and every other row by itself says the same."""


def explanation(
    kind: Symbology, rows: NDArray[np.float32], slant: float, ends: tuple[float, float] | None = None
) -> Explanation | None:
    """Return what explains rows as bars of a kind that slant by about so many samples from a row to the next.

    ``ends`` says about where a code begins and ends; without it the longest run of bars is looked at.
    None where the rows show nothing together, no run of bars, or bars that nothing explains by half.
    """
    profile = straightened(rows, slant)
    if profile is None or not (places := [ends] if ends else profile.ends()):
        return None
    found = _FITS[kind](profile.whole, places)
    if found is None:
        return None
    reading = found.read(profile.whole)
    certain = (
        bool(reading.text)
        and reading.explained >= _EXPLAINED
        and reading.margin >= _MARGIN
        and reading.weakest >= _WEAKEST.get(kind, -math.inf)
        and all(found.read(half).text == reading.text for half in profile.halves)
    )
    start, end = sorted((found.place.start, found.place.end))
    return Explanation(reading.text, start, end, certain)
