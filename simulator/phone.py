"""A picture of a phone that shows codes, as a kiosk's camera sees it: for rehearsals, tests and benchmarks."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import segno
from PIL import Image, ImageDraw, ImageFilter, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 960
HEIGHT = 1280
_COUNTER = (92, 84, 76)
_BODY = (24, 24, 28)
_SCREEN = (255, 255, 255)
_INK = (20, 20, 20)
_FAINT = (120, 120, 126)
_QUIET_ZONE = 4
_PHONE = (170, 60, 790, 1220)
_BEZEL = 22
_CODE_PX = 460
_OVERSAMPLING = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """How the phone is held before the camera."""

    tilt_deg: float = 0.0
    """Turned in the picture's plane, anticlockwise."""
    blur_px: float = 0.0
    """Out of focus: the radius of a Gaussian blur."""
    brightness: float = 1.0
    """Of the whole picture; 0.3 is a dim shop."""


def phone_picture(*texts: str, title: str = "", shot: Shot | None = None) -> Image.Image:
    """Return a picture (mode RGB, WIDTH x HEIGHT) of a phone that shows these texts as QR codes, one below the other.

    Without a text the screen shows none: the phone is there, the code is not.
    """
    how = shot or Shot()
    picture = Image.new("RGB", (WIDTH, HEIGHT), _COUNTER)
    draw = ImageDraw.Draw(picture)
    left, top, right, bottom = _PHONE
    draw.rounded_rectangle(_PHONE, radius=64, fill=_BODY)
    screen = (left + _BEZEL, top + _BEZEL, right - _BEZEL, bottom - _BEZEL)
    draw.rounded_rectangle(screen, radius=46, fill=_SCREEN)
    draw.rounded_rectangle((WIDTH // 2 - 60, top + 38, WIDTH // 2 + 60, top + 66), radius=14, fill=_BODY)
    middle = WIDTH // 2
    draw.text((middle, top + 130), title, fill=_INK, font=ImageFont.load_default(40), anchor="mm")
    _draw_codes(picture, texts, middle, top + 190)
    tail = texts[0] if len(texts) == 1 else ""
    draw.text((middle, bottom - 150), tail[:40], fill=_FAINT, font=ImageFont.load_default(28), anchor="mm")
    return _as_seen(picture, how)


def phone_png(*texts: str, title: str = "", shot: Shot | None = None) -> bytes:
    """Return ``phone_picture`` as PNG."""
    file = io.BytesIO()
    phone_picture(*texts, title=title, shot=shot).save(file, format="PNG", compress_level=1)
    return file.getvalue()


def _draw_codes(picture: Image.Image, texts: Sequence[str], middle: int, top: int) -> None:
    side = _CODE_PX if len(texts) <= 1 else _CODE_PX * 9 // 10
    for number, text in enumerate(texts):
        code = qr_picture(text, side)
        picture.paste(code, (middle - code.width // 2, top + number * (side + 10)))


def qr_picture(text: str, side: int) -> Image.Image:
    """Return a QR code with its quiet zone as a square picture, ``side`` pixels wide, mode RGB."""
    # make_qr, because make() turns short texts into Micro QR, which kiosks do not read; UTF-8, as phones have it.
    matrix = segno.make_qr(text, error="m", encoding="utf-8").matrix
    modules = len(matrix) + 2 * _QUIET_ZONE
    small = Image.new("1", (modules, modules), 1)
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            if dark:
                small.putpixel((x + _QUIET_ZONE, y + _QUIET_ZONE), 0)
    # Whole pixels a module first, so that no module is wider than its neighbour once it is made to fit.
    scale = -(-side * _OVERSAMPLING // modules)
    large = small.resize((modules * scale, modules * scale), Image.Resampling.NEAREST)
    return large.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)


def _as_seen(picture: Image.Image, shot: Shot) -> Image.Image:
    if shot.tilt_deg:
        picture = picture.rotate(shot.tilt_deg, Image.Resampling.BICUBIC, fillcolor=_COUNTER)
    if shot.blur_px:
        picture = picture.filter(ImageFilter.GaussianBlur(shot.blur_px))
    if shot.brightness != 1.0:
        picture = picture.point(lambda value: round(value * shot.brightness))
    return picture
