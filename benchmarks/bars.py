"""Frames with bars in them, drawn: an EAN-13 or a Code 128 on a card, held at any angle."""

from __future__ import annotations

import math
import string
from typing import TYPE_CHECKING

import cv2
import numpy as np
import zxingcpp

from benchmarks.frames import Shown, counter, sensed
from device.scan.pictures import FRAME_SIZE
from device.scan.symbologies import Symbology

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from device.scan.readers import Frame

_MODULE = 8  # samples to a module on the drawn card
_DIGITS, _CAPITALS = list(string.digits), list(string.digits + string.ascii_uppercase)
_FINE = 2  # samples to a pixel, each way, until the optics


def drawn_bars(kind: Symbology, rng: np.random.Generator, *, hard: bool) -> tuple[Frame, str]:
    """Return a frame with bars of a kind somewhere in it, and their text; easy is near, sharp and nearly level."""
    text = _TEXTS[kind](rng)
    return _shown(_bars(text, _DRAWN[kind]), rng, hard=hard), text


def bar_frames(kind: Symbology, count: int, seed: int, *, hard: bool) -> Iterator[tuple[Frame, str]]:
    """Yield so many frames with bars of a kind."""
    for number in range(count):
        yield drawn_bars(kind, np.random.default_rng((seed, number)), hard=hard)


def other_bars(rng: np.random.Generator) -> Frame:
    """Return a frame with bars of a kind that is not among those that are read where nothing is configured."""
    kind = _OTHERS[rng.integers(len(_OTHERS))]
    text = "".join(rng.choice(_DIGITS, 2 * int(rng.integers(4, 8))))
    around = "A" if kind == zxingcpp.BarcodeFormat.Codabar else ""
    return _shown(_bars(f"{around}{text}{around}", kind), rng, hard=bool(rng.integers(2)))


def covered_bars(rng: np.random.Generator) -> Frame:
    """Return a frame with an EAN-13 or a Code 128 of which a thumb, or white paper, covers a part on one side."""
    kind = (Symbology.EAN_13, Symbology.CODE_128)[rng.integers(2)]
    bars = _bars(_TEXTS[kind](rng), _DRAWN[kind])
    covered = int(bars.shape[1] * rng.uniform(0.2, 0.7))
    bars[:, :covered] = rng.choice([1.0, 0.5])
    return _shown(np.ascontiguousarray(bars[:, :: rng.choice([1, -1])]), rng, hard=bool(rng.integers(2)))


def _bars(text: str, kind: zxingcpp.BarcodeFormat) -> NDArray[np.float32]:
    drawn = zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(text, kind), scale=_MODULE)
    return np.asarray(np.asarray(drawn) / 255, np.float32)


def _shown(bars: NDArray[np.float32], rng: np.random.Generator, *, hard: bool) -> Frame:
    """Return a frame with these bars on a card."""
    height = int(bars.shape[1] * rng.uniform(0.3, 0.6))
    card = np.pad(cv2.resize(bars, (bars.shape[1], height)), ((30, 30), (9 * _MODULE,) * 2), constant_values=1)
    module = float(rng.uniform(1.4, 3) if hard else rng.uniform(2.2, 4.5))
    turn = math.degrees(rng.uniform(-math.pi / 2, math.pi / 2)) if hard and rng.random() < 0.5 else rng.normal(0, 8)
    middle = np.array(FRAME_SIZE) / 2 + rng.uniform(-1, 1, 2) * (220, 150)
    scale = module / _MODULE * _FINE
    matrix = cv2.getRotationMatrix2D((card.shape[1] / 2, card.shape[0] / 2), turn, scale)
    matrix = matrix + np.pad((middle * _FINE - np.array(card.shape[::-1]) / 2)[:, None], ((0, 0), (2, 0)))
    size = FRAME_SIZE[0] * _FINE, FRAME_SIZE[1] * _FINE
    paper, ink = rng.uniform(0.4, 1), rng.uniform(0.02, 0.25)
    light, covered = (
        cv2.warpAffine(surface, matrix, size) for surface in (paper * (ink + (1 - ink) * card), np.ones_like(card))
    )
    scene = cv2.resize(counter(rng) * (1 - covered) + light, FRAME_SIZE, interpolation=cv2.INTER_AREA)
    blur = float(rng.uniform(0.4, 0.85 * module if hard else 0.5 * module))
    noise, motion = float(rng.uniform(1, 9 if hard else 4)), 3 if hard and rng.random() < 0.3 else 0
    return sensed(np.asarray(scene, np.float32), Shown(blur=blur, noise=noise, motion=motion), rng)


def _ean_13(rng: np.random.Generator) -> str:
    return _with_check_digit("69" + "".join(map(str, rng.integers(0, 10, 10))))


def _code_128(rng: np.random.Generator) -> str:
    """Return a voucher's code as platforms print them: digits, or capitals and digits."""
    letters = _DIGITS if rng.random() < 0.5 else _CAPITALS
    return "".join(rng.choice(letters, int(rng.integers(8, 17))))


_TEXTS = {Symbology.EAN_13: _ean_13, Symbology.CODE_128: _code_128}
_OTHERS = (
    zxingcpp.BarcodeFormat.ITF,
    zxingcpp.BarcodeFormat.Code39,
    zxingcpp.BarcodeFormat.Code93,
    zxingcpp.BarcodeFormat.Codabar,
)
_DRAWN = {Symbology.EAN_13: zxingcpp.BarcodeFormat.EAN13, Symbology.CODE_128: zxingcpp.BarcodeFormat.Code128}


def _with_check_digit(digits: str) -> str:
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return digits + str(-total % 10)
