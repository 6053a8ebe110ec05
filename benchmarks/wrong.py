"""What is read wrongly, in 20,000 frames or as many as FRAMES says.

Frames in which nothing is to be read (noise, print, stripes, scenes, bars of kinds that are not configured, bars of
which a part is covered), and frames with a square code that is damaged or no voucher: in these its own text is right,
and everything else is wrong. KINDS names those of them to look at, with commas between (``KINDS="covered squares"``);
a frame has the same number then (``benchmarks/misleading.py``).

Each frame gets every pass. Where something was read wrongly, the frame is looked at again with the noise of another
moment, as a kiosk does that wants two frames to agree before it believes bars; what is read twice would have reached
the screen. A square would have at once.
"""

from __future__ import annotations

import math
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import count, islice
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import Row
from benchmarks.misleading import KINDS, empty_scenes, frame_of
from device.scan.pipeline import build_pipeline
from device.scan.symbologies import UNCORRECTED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from device.scan.codes import Code
    from device.scan.readers import Frame

FRAMES = int(os.environ.get("FRAMES", "20000"))
SEED = int(os.environ.get("SEED", "20260"))
CHOSEN = [name.strip() for name in os.environ.get("KINDS", ",".join(KINDS)).split(",")]
_PORTION = 250


@dataclass(frozen=True, slots=True)
class Look:
    """What came of one frame."""

    frame: int
    kind: str
    right: bool = False
    """Whether the text that is there was read."""
    wrong: str = ""
    """What was read that is not there."""
    believed: bool = False
    """Whether a kiosk would have believed that."""


def run() -> list[Row]:
    """Look at all frames, on all processors; report what was read, and what that says about those not looked at."""
    if unknown := [name for name in CHOSEN if name not in KINDS]:
        msg = f"no kind of frame {', '.join(map(repr, unknown))}; there is: {', '.join(KINDS)}"
        raise ValueError(msg)
    chosen = list(islice(numbers(CHOSEN), FRAMES))
    portions = [chosen[start : start + _PORTION] for start in range(0, FRAMES, _PORTION)]
    with ProcessPoolExecutor() as pool:
        return rows_of([look for looks in pool.map(_looked_at, portions) for look in looks])


def numbers(kinds: Iterable[str]) -> Iterable[int]:
    """Yield the numbers of the frames of these kinds, without end."""
    wanted = set(kinds)
    return (number for number in count() if kind_of(number) in wanted)


def kind_of(number: int) -> str:
    """Return the kind of a frame by its number."""
    return list(KINDS)[number % len(KINDS)]


def rows_of(looks: list[Look]) -> list[Row]:
    """Return each wrong read, how many there are, and how many there may be at 95 % confidence."""
    wrong = [look for look in looks if look.wrong]
    believed = sum(look.believed for look in wrong)
    rows = [
        Row(f"frame {look.frame} of seed {SEED}, {look.kind}", look.wrong, 1 + look.believed, "x") for look in wrong
    ]
    for kind in dict.fromkeys(look.kind for look in looks):
        alike = [look for look in looks if look.kind == kind]
        right = 100 * sum(look.right for look in alike) / len(alike)
        rows += [
            Row(kind, "looked at, all passes", len(alike), "frames"),
            *([Row(kind, "read as it is drawn", right, "%")] if right > 0 else []),
            Row(kind, "read wrongly", sum(bool(look.wrong) for look in alike), "frames"),
        ]
    return [
        *rows,
        Row("all frames", "read wrongly in one frame", len(wrong), "frames"),
        Row("all frames", "the same, 95 % upper bound", upper_bound(len(wrong), len(looks)) * 1e6, "in a million"),
        Row("all frames", "believed by a kiosk", believed, "frames", at_most=0),
        Row("all frames", "the same, 95 % upper bound", upper_bound(believed, len(looks)) * 1e6, "in a million"),
    ]


def upper_bound(seen: int, of: int) -> float:
    """Return the rate that is not exceeded at 95 % confidence: for none seen the rule of three, else Poisson's."""
    low, high = 0.0, 10.0 + 4 * seen
    while high - low > 1e-6:
        middle = (low + high) / 2
        at_most = sum(math.exp(-middle) * middle**k / math.factorial(k) for k in range(seen + 1))
        low, high = (middle, high) if at_most > 0.05 else (low, middle)
    return high / of


def _looked_at(portion: list[int]) -> list[Look]:
    """Return what came of these frames."""
    pipeline, scenes, looks = build_pipeline(), empty_scenes(), []
    for number in portion:
        rng, kind = np.random.default_rng((SEED, number)), kind_of(number)
        still, text = frame_of(kind, rng, scenes)
        codes = pipeline.read_all(_noisy(still, rng))
        right = text is not None and text in [code.text for code in codes]
        wrong = [code for code in codes if text is None or code.text != text]
        if wrong:
            again = pipeline.read_all(_noisy(still, rng))
            said = ", ".join(f"{code.format} {code.identity!r}" for code in wrong)
            looks.append(Look(number, kind, right, said, any(_is_believed(code, again) for code in wrong)))
        else:
            looks.append(Look(number, kind, right))
    return looks


def _is_believed(code: Code, again: list[Code]) -> bool:
    return code.format not in UNCORRECTED or code.identity in [other.identity for other in again]


def _noisy(still: Frame, rng: np.random.Generator) -> Frame:
    """Return a frame with a sensor's noise, of one of eight strengths; quick to make, and different each time."""
    noise = rng.integers(0, 256, still.shape, np.uint8) >> rng.integers(3, 7)
    return np.asarray(np.clip(still.astype(np.int16) + noise - int(noise.max()) // 2, 0, 255), np.uint8)
