"""EAN-13 codes that no decoder reads, out of strips: believed when they are explained well, alone, and twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.scan.codes import Code
from device.scan.ean import fit
from device.scan.profile import straightened
from device.scan.symbologies import Symbology

if TYPE_CHECKING:
    from device.scan.strip import Strip

#: What a number has to explain of the profile, and how much worse the next best has to be. Of 2,000 profiles of other
#: stripes, print, things and codes of other kinds none was explained to more than 0.65, or by a margin over 0.07.
_EXPLAINED = 0.75
_MARGIN = 0.1


def read_blurred(strip: Strip) -> list[Code]:
    """Return the EAN-13 code in a strip across bars; none where a doubt is left."""
    profile = straightened(strip.rows, strip.slant) if strip.is_of_bars else None
    if profile is None or not (ends := profile.ends()):
        return []
    found = fit(profile.whole, ends)
    reading = found.read(profile.whole)
    if reading.explained < _EXPLAINED or reading.margin < _MARGIN:
        return []
    if any(found.read(half).digits != reading.digits for half in profile.halves):
        return []
    left, right = round(found.place.start), round(found.place.end)
    last = len(strip.rows) - 1
    corners = ((left, 0), (right, 0), (right, last), (left, last))
    return [strip.in_frame(Code(reading.digits, reading.digits.encode(), Symbology.EAN_13, corners))]
