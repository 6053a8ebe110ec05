"""The port of a decoder, and what no decoder is believed about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from device.scan.symbologies import Symbology

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from device.scan.codes import Code, Quad

    Frame: TypeAlias = NDArray[np.uint8]

#: Shorter reads of codes without a check digit are noise more often than codes: zbar reads one-character Code 39 in
#: photographs that hold no code at all.
_SHORTEST = {Symbology.CODE_39: 4, Symbology.CODABAR: 5, Symbology.ITF: 6}


@dataclass(frozen=True, slots=True)
class Kind:
    """What a QR code says about itself beside its corners: its size, its level of correction, and its mask."""

    version: int
    level: str
    mask: int


@dataclass(frozen=True, slots=True)
class Trace:
    """A square code that a decoder saw but could not read."""

    corners: Quad
    kind: Kind | None
    """None where no more is known than that it is there."""


class Reader(Protocol):
    """A decoder, set up for the symbologies it was asked for and knows."""

    @property
    def reads(self) -> frozenset[Symbology]:
        """The symbologies that it looks for."""

    @property
    def compares_lines(self) -> bool:
        """Whether it believes bars only where several lines across them agree."""

    @property
    def leaves_traces(self) -> bool:
        """Whether it tells of square codes that it saw and could not read."""

    def read(self, frame: Frame) -> list[Code]:
        """Return the codes found in a luminance frame (height x width, uint8, rows may be padded)."""

    def glance(self, frame: Frame) -> tuple[list[Code], list[Trace]]:
        """Return the codes found, and the traces of square codes that could not be read."""


def believable(codes: Sequence[Code]) -> list[Code]:
    """Return the codes without the empty ones and the short reads that are noise, each payload once per place."""
    kept: dict[tuple[bytes, tuple[float, float]], Code] = {}
    for code in codes:
        if len(code.raw) >= _SHORTEST.get(code.format, 1):
            kept.setdefault((code.raw, code.centre), code)
    return list(kept.values())
