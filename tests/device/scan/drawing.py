"""Pictures that the tests of the eyes look at, drawn here: codes of known payloads on plain frames."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import segno
import zxingcpp
from PIL import Image, ImageFilter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]
    Line = NDArray[np.float32]

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


def line_across(picture: Frame, blur: float, *, noise: float = 0, bow: float = 0) -> Line:
    """Return a line across bars of 8 pixels a module, 4 samples a module, blurred by so many, its light evened out."""
    row = picture[100].astype(np.float64)
    reach = np.arange(-40, 41)
    kernel = np.exp(-0.5 * (reach / (8 * blur)) ** 2)
    smooth = np.convolve(np.pad(row, 40, mode="edge"), kernel / kernel.sum(), mode="valid")
    part = np.linspace(0, 1, row.size // 2)
    taken = np.interp((part + bow * 4 * part * (1 - part)) * (row.size - 1), np.arange(row.size), smooth)
    return np.asarray(taken - 128 + np.random.default_rng(3).normal(0, noise, taken.size), np.float32)


def ends(line: Line) -> tuple[float, float]:
    """Return where the bars of a drawn line begin and end: white is at its ends."""
    dark = np.flatnonzero(line < 64)
    return float(dark[0]), float(dark[-1])


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


def leaning(picture: Frame, tilt: float, turn: float) -> Frame:
    """Return a frame with a picture before its middle, turned and then leaning away to the right, by so many degrees.

    The camera is as far away as the frame is wide, and half as much again.
    """
    height, width = picture.shape
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    (across, down), (lean, round_) = (corners - (width / 2, height / 2)).T, np.radians((tilt, turn))
    right, below = across * np.cos(round_) - down * np.sin(round_), across * np.sin(round_) + down * np.cos(round_)
    far = 1.5 * WIDTH
    nearer = far / (far + right * np.sin(lean))
    xs, ys = right * np.cos(lean) * nearer + WIDTH / 2, below * nearer + HEIGHT / 2
    # Eight numbers say which point of the picture is seen at each point of the frame.
    one, none = np.ones(4), np.zeros(4)
    of_x = np.column_stack([xs, ys, one, none, none, none, -xs * corners[:, 0], -ys * corners[:, 0]])
    of_y = np.column_stack([none, none, none, xs, ys, one, -xs * corners[:, 1], -ys * corners[:, 1]])
    numbers = np.linalg.solve(np.vstack([of_x, of_y]), corners.T.ravel())
    soft, size = Image.fromarray(blurred(picture, 1)), (WIDTH, HEIGHT)
    seen = soft.transform(
        size, Image.Transform.PERSPECTIVE, tuple(numbers), Image.Resampling.BICUBIC, fillcolor=COUNTER
    )
    return np.asarray(seen)


def blurred(picture: Frame, pixels: float) -> Frame:
    """Return a picture out of focus, by a deviation of so many pixels."""
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(pixels)))


def noisy(frame: Frame, deviation: float, seed: int = 0) -> Frame:
    """Return a frame with a sensor's noise."""
    noise = np.random.default_rng(seed).normal(0, deviation, frame.shape)
    return np.clip(frame + noise, 0, 255).astype(np.uint8)
