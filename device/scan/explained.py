"""What rows across bars say by themselves, if they are those of an EAN-13 code: to read it, or to doubt a read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from device.scan.ean import fit
from device.scan.profile import straightened

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: What a number has to explain of the profile, and how much worse the next best has to be. Of 2,000 profiles of other
#: stripes, print, things and codes of other kinds none was explained to more than 0.65, or by a margin over 0.07.
_EXPLAINED = 0.75
_MARGIN = 0.1


@dataclass(frozen=True, slots=True)
class Explanation:
    """The number that explains some rows best."""

    digits: str
    start: float
    end: float
    """Between which samples it lies, whichever way round."""
    certain: bool
    """Whether it explains them well, no other number nearly as well, and every other row by itself says the same."""


def explanation(rows: NDArray[np.float32], slant: float, ends: tuple[float, float] | None = None) -> Explanation | None:
    """Return what explains rows whose bars slant by about so many samples from a row to the next.

    ``ends`` says about where a code begins and ends; without it the longest run of bars is looked at.
    None where the rows show nothing together, no run of bars, or bars that no number explains by half.
    """
    profile = straightened(rows, slant)
    if profile is None or not (places := [ends] if ends else profile.ends()):
        return None
    found = fit(profile.whole, places)
    if found is None:
        return None
    reading = found.read(profile.whole)
    certain = (
        reading.explained >= _EXPLAINED
        and reading.margin >= _MARGIN
        and all(found.read(half).digits == reading.digits for half in profile.halves)
    )
    start, end = sorted((found.place.start, found.place.end))
    return Explanation(reading.digits, start, end, certain)
