"""Frames that invite a wrong read: those in which nothing is to be read, and those in which only one text is.

The number of a frame tells its kind: the remainder by how many kinds there are, in the order of ``KINDS``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.bars import covered_bars, other_bars
from benchmarks.damaged import code_of_another_purpose, code_under_a_lamp, covered_code, smeared_code
from benchmarks.photographs import EMPTY, pictures
from device.scan.pictures import FRAME_SIZE, fit

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.scan.readers import Frame

    Shown: TypeAlias = tuple[Frame, str | None]

_WIDTH, _HEIGHT = FRAME_SIZE
_LETTERS = list("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ,.-:/")


def frame_of(kind: str, rng: np.random.Generator, scenes: list[Frame]) -> Shown:
    """Return a frame of a kind, and the only text that may be read in it; None where none may."""
    return KINDS[kind](rng, scenes)


def empty_scenes() -> list[Frame]:
    """Return photographs without a code; where there are none, a frame with things on it has to do."""
    found = [fit(path.read_bytes()) for path in pictures(EMPTY)]
    return found or [
        np.kron(np.random.default_rng(1).integers(0, 256, (27, 36), np.uint8), np.ones((36, 36), np.uint8))
    ]


def _noise(rng: np.random.Generator, _scenes: list[Frame]) -> Shown:
    """Return noise of some grain."""
    grain = int(rng.integers(1, 9))
    coarse = rng.integers(0, 256, (_HEIGHT // grain + 1, _WIDTH // grain + 1), np.uint8)
    if rng.random() < 0.5:
        coarse = np.where(coarse > 127, np.uint8(230), np.uint8(20))
    return np.kron(coarse, np.ones((grain, grain), np.uint8))[:_HEIGHT, :_WIDTH], None


def _print(rng: np.random.Generator, _scenes: list[Frame]) -> Shown:
    """Return a page of print."""
    size = int(rng.integers(10, 40))
    page = Image.new("L", (_WIDTH // 2, _HEIGHT // 2), int(rng.integers(150, 256)))
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size)
    for top in range(0, page.height, size + size // 3):
        pen.text((4, top), "".join(rng.choice(_LETTERS, 120)), fill=int(rng.integers(0, 80)), font=font)
    turned = page.rotate(float(rng.normal(0, 20)), Image.Resampling.BILINEAR, fillcolor=200)
    return np.asarray(turned.resize(FRAME_SIZE, Image.Resampling.BILINEAR)), None


def _stripes(rng: np.random.Generator, _scenes: list[Frame]) -> Shown:
    """Return bars of random widths, as cloth and shelves and radiators have them."""
    module = int(rng.integers(2, 7))
    row = np.repeat(rng.integers(0, 2, _WIDTH // module + 1, np.uint8), module)[:_WIDTH]
    height = int(rng.integers(60, 700))
    frame = np.full((_HEIGHT, _WIDTH), rng.integers(30, 220), np.uint8)
    frame[100 : 100 + height] = np.where(row, rng.integers(150, 256), rng.integers(0, 90))
    turned = Image.fromarray(frame).rotate(float(rng.uniform(-90, 90)), Image.Resampling.BILINEAR, fillcolor=128)
    return np.asarray(turned), None


def _scene(rng: np.random.Generator, scenes: list[Frame]) -> Shown:
    """Return a part of a photograph without a code, some way up and some size."""
    picture = Image.fromarray(scenes[rng.integers(len(scenes))])
    scale = float(rng.uniform(0.35, 1))
    left, top = (float(rng.uniform(0, (1 - scale) * side)) for side in FRAME_SIZE)
    part = picture.resize(
        FRAME_SIZE, Image.Resampling.BILINEAR, (left, top, left + scale * _WIDTH, top + scale * _HEIGHT)
    )
    turned = np.asarray(part.rotate(float(rng.uniform(-180, 180)), Image.Resampling.BILINEAR, fillcolor=128))
    return (turned[:, ::-1] if rng.random() < 0.5 else turned), None


KINDS: dict[str, Callable[[np.random.Generator, list[Frame]], Shown]] = {
    "noise": _noise,
    "print": _print,
    "stripes": _stripes,
    "scenes": _scene,
    "other bars": lambda rng, _scenes: (other_bars(rng), None),
    "covered bars": lambda rng, _scenes: (covered_bars(rng), None),
    "covered squares": lambda rng, _scenes: covered_code(rng),
    "squares under a lamp": lambda rng, _scenes: code_under_a_lamp(rng),
    "smeared squares": lambda rng, _scenes: smeared_code(rng),
    "other purposes": lambda rng, _scenes: code_of_another_purpose(rng),
}
