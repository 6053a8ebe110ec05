"""Pictures that the tests of the eyes look at, drawn here: codes of known payloads on plain frames."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import segno
import zxingcpp
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]

WIDTH, HEIGHT = 1296, 972
COUNTER = 40


def counter() -> Frame:
    """Return a frame of an empty counter."""
    return np.full((HEIGHT, WIDTH), COUNTER, np.uint8)


def qr(payload: str | bytes, scale: int = 6, **how: Any) -> Frame:
    """Return a QR code with its quiet zone, ``scale`` pixels a module."""
    out = io.BytesIO()
    segno.make_qr(payload, **how).save(out, kind="png", scale=scale)
    return np.asarray(Image.open(out).convert("L"))


def bars(payload: str, kind: zxingcpp.BarcodeFormat, scale: int = 4) -> Frame:
    """Return a code of any kind with white around it."""
    drawn = zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(payload, kind), scale=scale)
    return np.pad(np.asarray(drawn, np.uint8), 40, constant_values=255)


def before_camera(*pictures: Frame, at: tuple[tuple[int, int], ...] | None = None) -> Frame:
    """Return a frame with pictures before the counter: the only one in the middle, else with these corners (x, y)."""
    frame = counter()
    for index, picture in enumerate(pictures):
        height, width = picture.shape
        x, y = at[index] if at else ((WIDTH - width) // 2, (HEIGHT - height) // 2)
        frame[y : y + height, x : x + width] = picture
    return frame


def rotated(picture: Frame, degrees: float) -> Frame:
    """Return a picture turned about its middle, on white."""
    turned = Image.fromarray(picture).rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    return np.asarray(turned)


def noisy(frame: Frame, deviation: float, seed: int = 0) -> Frame:
    """Return a frame with a sensor's noise."""
    noise = np.random.default_rng(seed).normal(0, deviation, frame.shape)
    return np.clip(frame + noise, 0, 255).astype(np.uint8)
