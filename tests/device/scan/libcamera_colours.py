"""Colour spaces, for the stand-in for ``libcamera``: what Picamera2 asks of them, and what they do to luminance."""

from __future__ import annotations

import enum
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .drawing import Frame


class ColorSpace:
    Primaries = enum.Enum("Primaries", "Raw Smpte170m Rec709 Rec2020")
    TransferFunction = enum.Enum("TransferFunction", "Linear Srgb Rec709")
    YcbcrEncoding = enum.Enum("YcbcrEncoding", "Null Rec601 Rec709 Rec2020")
    Range = enum.Enum("Range", "Full Limited")

    def __init__(self, *like: Any) -> None:
        self.primaries, self.transferFunction, self.ycbcrEncoding, self.range = (
            vars(like[0]).values() if len(like) == 1 else like
        )

    def __str__(self) -> str:
        return f"{self.primaries.name}/{self.range.name}"

    def __hash__(self) -> int:
        return hash((self.primaries, self.transferFunction))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ColorSpace) and vars(self) == vars(other)


def _colour_space(names: str) -> ColorSpace:
    kinds = (ColorSpace.Primaries, ColorSpace.TransferFunction, ColorSpace.YcbcrEncoding, ColorSpace.Range)
    return ColorSpace(*(kind[name] for kind, name in zip(kinds, names.split(), strict=True)))


for _space, _names in {
    "Raw": "Raw Linear Null Full",
    "Sycc": "Rec709 Srgb Rec601 Full",
    "Smpte170m": "Smpte170m Rec709 Rec601 Limited",
    "Rec709": "Rec709 Rec709 Rec709 Limited",
}.items():
    setattr(ColorSpace, _space, staticmethod(partial(_colour_space, _names)))


def in_range(luminance: Frame, space: ColorSpace) -> Frame:
    """Return luminance as a colour space has it: in a limited range black is 16, and white 235."""
    if space.range == ColorSpace.Range["Full"]:
        return luminance
    return (16 + luminance * (219 / 255)).round().astype(np.uint8)
