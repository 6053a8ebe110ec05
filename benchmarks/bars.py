"""Frames with bars in them, drawn: an EAN-13 code on a card, held at any angle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np
import zxingcpp

from benchmarks.frames import Shown, counter, sensed
from device.scan.pictures import FRAME_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device.scan.readers import Frame

_MODULE = 8  # samples to a module on the drawn card
_FINE = 2  # samples to a pixel, each way, until the optics


def drawn_bars(rng: np.random.Generator, *, hard: bool) -> tuple[Frame, str]:
    """Return a frame with an EAN-13 code somewhere in it, and its digits; easy is near, sharp and nearly level."""
    digits = _with_check_digit("69" + "".join(map(str, rng.integers(0, 10, 10))))
    code = zxingcpp.create_barcode(digits, zxingcpp.BarcodeFormat.EAN13)
    bars = np.asarray(zxingcpp.write_barcode_to_image(code, scale=_MODULE), np.float32) / 255
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
    return sensed(np.asarray(scene, np.float32), Shown(blur=blur, noise=noise, motion=motion), rng), digits


def bar_frames(count: int, seed: int, *, hard: bool) -> Iterator[tuple[Frame, str]]:
    """Yield so many frames with bars."""
    for number in range(count):
        yield drawn_bars(np.random.default_rng((seed, number)), hard=hard)


def _with_check_digit(digits: str) -> str:
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return digits + str(-total % 10)
