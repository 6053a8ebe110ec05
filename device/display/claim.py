"""The shop's claim QR (领券二维码) on the idle screen: at two pixels a module, with its words beside it.

A code is lit where paper is white, so that any phone reads it. Sixty-four rows hold one of 29 modules with a quiet zone
of a module and a half: 53 bytes. More modules would need one pixel each, which phones do not read off an OLED.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from device.display.layout import GRIDS, HEIGHT, WIDTH

if TYPE_CHECKING:
    from device.display.fonts import Face
    from device.view import Claim

MODULE_PX = 2
MOST_MODULES = 29
#: The code and its quiet zone stand at the right; what is beside them has the other half.
_BESIDE_PX = WIDTH - HEIGHT


def modules_of(text: str) -> int:
    """Return how many modules a side of the smallest QR has that says this."""
    return len(_matrix(text))


def draw(claim: Claim, face: Face) -> Image.Image:
    """Return the whole picture, mode "1"; the code must fit (``modules_of``)."""
    picture = Image.new("1", (WIDTH, HEIGHT))
    picture.paste(1, (_BESIDE_PX, 0, WIDTH, HEIGHT))
    rows = _matrix(claim.text)
    margin = (HEIGHT - MODULE_PX * len(rows)) // 2
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                left, top = _BESIDE_PX + margin + MODULE_PX * x, margin + MODULE_PX * y
                picture.paste(0, (left, top, left + MODULE_PX, top + MODULE_PX))
    pitch = GRIDS[face.source.px].pitch_px
    top = (HEIGHT - pitch * len(claim.beside)) // 2
    for index, words in enumerate(claim.beside):
        strip = face.render(words)
        picture.paste(strip, ((_BESIDE_PX - strip.width) // 2, top + pitch * index))
    return picture


def _matrix(text: str) -> tuple[bytearray, ...]:
    import segno  # noqa: PLC0415 - only a kiosk that shows a code pays for it

    # As much error correction as the size holds anyway; a lit panel has no stains.
    matrix: tuple[bytearray, ...] = segno.make_qr(text, error="l", boost_error=True).matrix
    return matrix
