"""What rows across bars say by themselves, if they are those of a code of some kind: to read it, or to doubt a read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from device.scan import code_128, ean
from device.scan.symbologies import Symbology

if TYPE_CHECKING:
    from device.scan.profile import Profile

#: What a text has to explain of the profile, and how much worse the next best has to be. Of 2,000 profiles of other
#: stripes, print, things and codes of other kinds no number of EAN-13 explained more than 0.65, or with a margin over
#: 0.07; no text of Code 128 more than 0.72 and 0.03.
_EXPLAINED = 0.75
_MARGIN = 0.1

#: How much better another look may explain a piece than the one that the text gives it. A stroke of a pen, or a thumb
#: over the beginning, left 0.16 and more where the check had made a wrong text of it; clean codes have 0.1 at most.
_DOUBT = 0.13
#: What a text has to explain of every piece: a stroke over two words can make two others of them. Of real codes that
#: were read 96 in a hundred have more. The narrow guards of EAN-13 are often in their neighbours' shade.
_WEAKEST = {Symbology.CODE_128: 0.6, Symbology.EAN_13: -math.inf}
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


def explanation(kind: Symbology, profile: Profile, ends: tuple[float, float] | None = None) -> Explanation | None:
    """Return what explains a profile as bars of a kind.

    ``ends`` says about where a code begins and ends; without it the longest run of bars is looked at.
    None where there is no run of bars, or nothing explains them by half.
    """
    places = [ends] if ends else profile.ends()
    if not places:
        return None
    found = _FITS[kind](profile.whole, places)
    if found is None:
        return None
    reading = found.read(profile.whole)
    certain = (
        bool(reading.text)
        and reading.explained >= _EXPLAINED
        and reading.margin >= _MARGIN
        and reading.doubt <= _DOUBT
        and reading.weakest >= _WEAKEST[kind]
        and all(found.read(half).text == reading.text for half in profile.halves)
    )
    start, end = sorted((found.place.start, found.place.end))
    return Explanation(reading.text, start, end, certain)
