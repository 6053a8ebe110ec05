"""The port of a decoder, and what no decoder is believed about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

from device.scan.symbologies import Symbology

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from device.scan.codes import Code

    Frame: TypeAlias = NDArray[np.uint8]

#: Shorter reads of codes without a check digit are noise more often than codes: zbar reads one-character Code 39 in
#: photographs that hold no code at all.
_SHORTEST = {Symbology.CODE_39: 4, Symbology.CODABAR: 5, Symbology.ITF: 6}


class Reader(Protocol):
    """A decoder, set up for the symbologies it was asked for and knows."""

    @property
    def reads(self) -> frozenset[Symbology]:
        """The symbologies that it looks for."""

    @property
    def compares_lines(self) -> bool:
        """Whether it believes bars only where several lines across them agree."""

    def read(self, frame: Frame) -> list[Code]:
        """Return the codes found in a luminance frame (height x width, uint8, rows may be padded)."""

    def glance(self, frame: Frame) -> tuple[list[Code], bool]:
        """Return the codes found, and whether there are traces of a square code that could not be read."""


def believable(codes: Sequence[Code]) -> list[Code]:
    """Return the codes without the empty ones and the short reads that are noise, each payload once per place."""
    kept: dict[tuple[bytes, tuple[float, float]], Code] = {}
    for code in codes:
        if len(code.raw) >= _SHORTEST.get(code.format, 1):
            kept.setdefault((code.raw, code.centre), code)
    return list(kept.values())
