"""What the readers are compared on: sets of frames, what each frame holds, and what is asked of a set.

Photographs are looked at where they are (``benchmarks/photographs.py``), as they are and made worse; frames are drawn
(``benchmarks/frames.py``, ``bars.py``), another each SEED; and there are two places for what was made elsewhere:

- HEXIAO_OTHER names a folder of other photographs, with a ``.txt`` (or ``.bin``) beside each that shows one code: all
  else that is read there is wrong. Those whose name or whose folder's name begins with ``ean``, ``upc``, ``code128`` or
  ``bar`` show bars, all others QR codes.
- HEXIAO_FRAMES names a folder of pictures with a ``meta.json``, a list of objects that have ``file``, ``cond`` and
  ``payload`` each (null where nothing is to be read).
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.bars import bar_frames
from benchmarks.frames import anything, drawn
from benchmarks.photographs import EMPTY, pictures, written_beside
from device.scan.pictures import FRAME_SIZE, fit
from device.scan.symbologies import DEFAULT_SYMBOLOGIES, Symbology

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from benchmarks.photographs import Held
    from device.scan.readers import Frame

    Given = tuple[Frame, Held | None]

SEED = int(os.environ.get("SEED", "20260"))
OTHER = Path(os.environ.get("HEXIAO_OTHER") or "/nonexistent")
ELSEWHERE = Path(os.environ.get("HEXIAO_FRAMES") or "/nonexistent")
OF_EACH_MIX = 60

_QR_CODES = ("qrcode-1", "qrcode-2", "qrcode-3", "qrcode-5")
_BARS = ("ean13-1", "code128-1")
#: Photographs of what a kiosk reads where it is configured, with what is configured for them.
_FURTHER = {
    "datamatrix-1": (Symbology.DATA_MATRIX,),
    "aztec-1": (Symbology.AZTEC,),
    "pdf417-1": (Symbology.PDF417,),
    "multi-1": tuple(Symbology),
}
_OF_BARS = re.compile(r"(^|/)(ean|upc|code.?128|bar)", re.IGNORECASE)
_MOODS = ("easy", "hard")

#: At least so many times what zxing-cpp reads, of the frames of another generator.
_TIMES_ELSEWHERE = {"mix-easy": 1.0, "mix-hard": 1.2}
#: At least so many percent of them.
_PERCENT_ELSEWHERE = {"dark_mode": 99.0, "mix-easy": 97.0}
#: Conditions of which the best single reader is not to read more.
_AS_THE_BEST = ("screen_dim", "overexposed", "pixelgrid")


@dataclass(frozen=True, slots=True)
class FrameSet:
    """Frames of one sort, with what each holds: its text or bytes, or None where nobody has written that down."""

    name: str
    frames: Iterable[Given]
    times: float | None = None
    """At least so many times what zxing-cpp reads of them."""
    percent: float | None = None
    """At least so many percent of them."""
    as_the_best: bool = False
    """At least as many as the best single reader."""
    loses_nothing: bool = False
    """All that zxing-cpp or pyzbar reads alone."""
    bears_no_error: bool = True
    """None read wrongly. Drawn bars may be, once: a kiosk believes them when two frames agree (benchmarks.wrong)."""
    empty: bool = False
    """Nothing is to be read in them."""
    symbologies: Sequence[Symbology] = DEFAULT_SYMBOLOGIES


def frame_sets() -> Iterator[FrameSet]:
    """Yield every set that there is; photographs where they are laid."""
    yield from _photographs()
    for mood in _MOODS:
        yield from _drawn(mood)
    yield from _other_photographs()
    yield from _elsewhere()


def _photographs() -> Iterator[FrameSet]:
    qr_codes, bars = pictures(*_QR_CODES), pictures(*_BARS)
    if qr_codes:
        yield FrameSet("photographs of QR codes", _as_they_are(qr_codes), times=1.02, loses_nothing=True)
    if bars:
        # zxing-cpp reads all but one of them as they are: there is no room for more there.
        yield FrameSet("photographs of bars", _as_they_are(bars), times=1.0, loses_nothing=True)
    if empty := pictures(EMPTY):
        yield FrameSet("photographs without a code", _as_they_are(empty), empty=True)
    if qr_codes:
        yield FrameSet("photographs of QR codes, made worse", _made_worse(qr_codes), times=1.1)
    if bars:
        yield FrameSet("photographs of bars, made worse three times each", _made_worse(bars * 3), times=1.08)
    for folder, kinds in _FURTHER.items():
        if found := pictures(folder):
            yield FrameSet(f"photographs, {folder}", _as_they_are(found), loses_nothing=True, symbologies=kinds)


def _as_they_are(found: Sequence[Path]) -> Iterator[Given]:
    return ((fit(path.read_bytes()), written_beside(path)) for path in found)


def _made_worse(found: Sequence[Path]) -> Iterator[Given]:
    return ((worse(frame, number), held) for number, (frame, held) in enumerate(_as_they_are(found)))


def worse(frame: Frame, number: int) -> Frame:
    """Return a photograph as a bad camera would have taken it from further away: zxing-cpp reads two thirds of them."""
    rng = np.random.default_rng((SEED, number))
    scale, turn = float(rng.uniform(0.2, 0.6)), float(rng.normal(0, 15))
    matrix = cv2.getRotationMatrix2D((FRAME_SIZE[0] / 2, FRAME_SIZE[1] / 2), turn, scale)
    smooth = cv2.GaussianBlur(frame, (0, 0), 0.4 / scale)
    small = cv2.warpAffine(smooth, matrix, FRAME_SIZE, borderValue=128.0)
    blurred = cv2.GaussianBlur(small, (0, 0), float(rng.uniform(0.5, 2.2))) * rng.uniform(0.3, 1)
    return np.clip(blurred + rng.normal(0, rng.uniform(2, 10), blurred.shape), 0, 255).astype(np.uint8)


def _drawn(mood: str) -> Iterator[FrameSet]:
    hard = mood == "hard"
    rng = np.random.default_rng((SEED, len(mood), hard))
    everything = (drawn(anything(rng, hard=hard), rng) for _ in range(OF_EACH_MIX))
    yield FrameSet(f"everything, {mood}", everything, times=1.2 if hard else 1.0, percent=None if hard else 97.0)
    for name, kind in (("bars", Symbology.EAN_13), ("bars of Code 128", Symbology.CODE_128)):
        shown = bar_frames(kind, OF_EACH_MIX, SEED, hard=hard)
        yield FrameSet(f"{name}, {mood}", shown, times=1.08 if hard else 1.0, bears_no_error=False)


def _other_photographs() -> Iterator[FrameSet]:
    found = pictures("**", within=OTHER)
    bars = [path for path in found if _OF_BARS.search(str(path.relative_to(OTHER)))]
    for name, chosen, times in (
        ("other photographs of QR codes", [path for path in found if path not in bars], 1.02),
        ("other photographs of bars", bars, 1.08),
    ):
        if chosen:
            yield FrameSet(name, _as_they_are(chosen), times=times)


def _elsewhere() -> Iterator[FrameSet]:
    """Yield the frames of another generator, a set for each of its conditions."""
    listing = ELSEWHERE / "meta.json"
    entries = json.loads(listing.read_text()) if listing.exists() else []
    for name, empty in dict.fromkeys((entry["cond"], entry["payload"] is None) for entry in entries):
        chosen = [entry for entry in entries if (entry["cond"], entry["payload"] is None) == (name, empty)]
        yield FrameSet(
            name,
            ((fit((ELSEWHERE / entry["file"]).read_bytes()), entry["payload"]) for entry in chosen),
            times=_TIMES_ELSEWHERE.get(name),
            percent=_PERCENT_ELSEWHERE.get(name),
            as_the_best=name.startswith(_AS_THE_BEST),
            empty=empty,
        )
