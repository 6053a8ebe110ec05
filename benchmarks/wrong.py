"""What is read where nothing is to be read, in 20,000 frames or as many as FRAMES says.

Noise, print, stripes, scenes, bars of kinds that are not configured, and codes of which a part is covered.

Each frame gets every pass. Where something was read, the frame is looked at again with the noise of another moment, as
a kiosk does that wants two frames to agree before it believes bars; what is read twice would have reached the screen.
"""

from __future__ import annotations

import math
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks import Row
from benchmarks.bars import covered_bars, other_bars
from benchmarks.photographs import EMPTY, pictures
from device.scan.pictures import FRAME_SIZE, fit
from device.scan.pipeline import build_pipeline
from device.scan.symbologies import UNCORRECTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.scan.codes import Code
    from device.scan.readers import Frame

FRAMES = int(os.environ.get("FRAMES", "20000"))
SEED = int(os.environ.get("SEED", "20260"))
_PORTION = 250
_WIDTH, _HEIGHT = FRAME_SIZE
_LETTERS = list("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ,.-:/")


@dataclass(frozen=True, slots=True)
class Read:
    """What was read in a frame where nothing was to be read."""

    frame: int
    said: str
    believed: bool


def run() -> list[Row]:
    """Look at all frames, on all processors; report what was read, and what that says about those not looked at."""
    portions = [(start, min(_PORTION, FRAMES - start)) for start in range(0, FRAMES, _PORTION)]
    with ProcessPoolExecutor() as pool:
        reads = [read for portion in pool.map(_looked_at, portions) for read in portion]
    believed = sum(read.believed for read in reads)
    return [
        *(Row(f"frame {read.frame} of seed {SEED}", read.said, 1 + read.believed, "times") for read in reads),
        Row("frames without a code", "looked at, all passes", FRAMES, ""),
        Row("frames without a code", "read in one frame", len(reads), ""),
        Row("frames without a code", "believed by a kiosk", believed, "", at_most=0),
        Row(
            "frames without a code",
            "wrong reads, 95 % upper bound",
            upper_bound(believed, FRAMES) * 1e6,
            "in a million",
        ),
    ]


def upper_bound(seen: int, of: int) -> float:
    """Return the rate that is not exceeded at 95 % confidence: for none seen the rule of three, else Poisson's."""
    low, high = 0.0, 10.0 + 4 * seen
    while high - low > 1e-6:
        middle = (low + high) / 2
        at_most = sum(math.exp(-middle) * middle**k / math.factorial(k) for k in range(seen + 1))
        low, high = (middle, high) if at_most > 0.05 else (low, middle)
    return high / of


def _looked_at(portion: tuple[int, int]) -> list[Read]:
    """Return what was read in these frames."""
    start, count = portion
    pipeline, scenes, reads = build_pipeline(), _scenes(), []
    for number in range(start, start + count):
        rng = np.random.default_rng((SEED, number))
        still = _KINDS[number % len(_KINDS)](rng, scenes)
        codes = pipeline.read_all(_noisy(still, rng))
        if codes:
            again = pipeline.read_all(_noisy(still, rng))
            said = ", ".join(f"{code.format} {code.text}" for code in codes)
            reads.append(Read(number, said, believed=any(_is_believed(code, again) for code in codes)))
    return reads


def _is_believed(code: Code, again: list[Code]) -> bool:
    return code.format not in UNCORRECTED or code.identity in [other.identity for other in again]


def _noisy(still: Frame, rng: np.random.Generator) -> Frame:
    """Return a frame with a sensor's noise, of one of eight strengths; quick to make, and different each time."""
    noise = rng.integers(0, 256, still.shape, np.uint8) >> rng.integers(3, 7)
    return np.asarray(np.clip(still.astype(np.int16) + noise - int(noise.max()) // 2, 0, 255), np.uint8)


def _noise(rng: np.random.Generator, _scenes: list[Frame]) -> Frame:
    """Return noise of some grain."""
    grain = int(rng.integers(1, 9))
    coarse = rng.integers(0, 256, (_HEIGHT // grain + 1, _WIDTH // grain + 1), np.uint8)
    if rng.random() < 0.5:
        coarse = np.where(coarse > 127, np.uint8(230), np.uint8(20))
    return np.kron(coarse, np.ones((grain, grain), np.uint8))[:_HEIGHT, :_WIDTH]


def _text(rng: np.random.Generator, _scenes: list[Frame]) -> Frame:
    """Return a page of print."""
    size = int(rng.integers(10, 40))
    page = Image.new("L", (_WIDTH // 2, _HEIGHT // 2), int(rng.integers(150, 256)))
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size)
    for top in range(0, page.height, size + size // 3):
        pen.text((4, top), "".join(rng.choice(_LETTERS, 120)), fill=int(rng.integers(0, 80)), font=font)
    turned = page.rotate(float(rng.normal(0, 20)), Image.Resampling.BILINEAR, fillcolor=200)
    return np.asarray(turned.resize(FRAME_SIZE, Image.Resampling.BILINEAR))


def _stripes(rng: np.random.Generator, _scenes: list[Frame]) -> Frame:
    """Return bars of random widths, as cloth and shelves and radiators have them."""
    module = int(rng.integers(2, 7))
    row = np.repeat(rng.integers(0, 2, _WIDTH // module + 1, np.uint8), module)[:_WIDTH]
    height = int(rng.integers(60, 700))
    frame = np.full((_HEIGHT, _WIDTH), rng.integers(30, 220), np.uint8)
    frame[100 : 100 + height] = np.where(row, rng.integers(150, 256), rng.integers(0, 90))
    turned = Image.fromarray(frame).rotate(float(rng.uniform(-90, 90)), Image.Resampling.BILINEAR, fillcolor=128)
    return np.asarray(turned)


def _scene(rng: np.random.Generator, scenes: list[Frame]) -> Frame:
    """Return a part of a photograph without a code, some way up and some size."""
    picture = Image.fromarray(scenes[rng.integers(len(scenes))])
    scale = float(rng.uniform(0.35, 1))
    left, top = (float(rng.uniform(0, (1 - scale) * side)) for side in FRAME_SIZE)
    part = picture.resize(
        FRAME_SIZE, Image.Resampling.BILINEAR, (left, top, left + scale * _WIDTH, top + scale * _HEIGHT)
    )
    turned = np.asarray(part.rotate(float(rng.uniform(-180, 180)), Image.Resampling.BILINEAR, fillcolor=128))
    return turned[:, ::-1] if rng.random() < 0.5 else turned


def _other(rng: np.random.Generator, _scenes: list[Frame]) -> Frame:
    return other_bars(rng)


def _covered(rng: np.random.Generator, _scenes: list[Frame]) -> Frame:
    return covered_bars(rng)


_KINDS: tuple[Callable[[np.random.Generator, list[Frame]], Frame], ...] = (
    _noise,
    _text,
    _stripes,
    _scene,
    _other,
    _covered,
)


def _scenes() -> list[Frame]:
    """Return photographs without a code; where there are none, a frame with things on it has to do."""
    found = [fit(path.read_bytes()) for path in pictures(EMPTY)]
    return found or [
        np.kron(np.random.default_rng(1).integers(0, 256, (27, 36), np.uint8), np.ones((36, 36), np.uint8))
    ]
