"""Picture files made into frames: for ``hexiao decode`` and for the rehearsal camera.

The one module of this room that knows Pillow. The camera process of a kiosk never imports it.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from device.scan.errors import PictureError

if TYPE_CHECKING:
    from device.scan.readers import Frame

#: The kiosk's frame, in pixels: half the width and height of the 5 megapixel camera, which bins it so without cropping.
FRAME_SIZE = (1296, 972)

#: More pixels than any phone's picture, and few enough to be unpacked in the memory of a small machine.
MOST_PIXELS = 64_000_000

_FORMATS = ("PNG", "JPEG", "WEBP")
#: Around a picture that does not fill the frame: neither dark nor light, so that a code of either kind keeps an edge.
_AROUND = 128
_PAPER = "white"
_WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")


def luminance(data: bytes) -> Frame:
    """Return a PNG, JPEG or WebP picture as height x width uint8 luminance, upright as its EXIF data says.

    Raises PictureError with words for a person.
    """
    with _opened(data) as picture:
        return np.asarray(_grey(picture))


def fit(data: bytes, *, native: bool = False, size: tuple[int, int] = FRAME_SIZE) -> Frame:
    """Return a picture as it stands in a frame of (width, height): scaled to fit, in its own proportions, and centred.

    ``native`` leaves its pixels as they are: centred, and cut where it is larger. Raises PictureError.
    """
    with _opened(data) as picture:
        grey = _grey(picture)
    if not native:
        scale = min(size[0] / grey.width, size[1] / grey.height)
        fitted = (max(round(grey.width * scale), 1), max(round(grey.height * scale), 1))
        grey = grey.resize(fitted, Image.Resampling.BICUBIC)
    frame = Image.new("L", size, _AROUND)
    frame.paste(grey, ((size[0] - grey.width) // 2, (size[1] - grey.height) // 2))
    return np.asarray(frame)


def _opened(data: bytes) -> Image.Image:
    """Return a picture whose header is sound and whose size is bearable; its pixels are not read yet."""
    try:
        picture = Image.open(io.BytesIO(data), formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(_too_large()) from error
    except UnidentifiedImageError as error:
        msg = f"not a PNG, JPEG or WebP picture ({len(data)} bytes)"
        raise PictureError(msg) from error
    except (OSError, SyntaxError, ValueError) as error:
        msg = f"the picture is damaged: {error}"
        raise PictureError(msg) from error
    if picture.width * picture.height > MOST_PIXELS:
        picture.close()
        raise PictureError(_too_large())
    return picture


def _grey(picture: Image.Image) -> Image.Image:
    """Return a picture's luminance, upright, on white where it is transparent."""
    try:
        picture.load()
        upright = ImageOps.exif_transpose(picture)
    except (OSError, SyntaxError, ValueError) as error:
        msg = f"the picture is damaged: {error}"
        raise PictureError(msg) from error
    if upright.mode.startswith("I"):  # sixteen bits a pixel, which a plain conversion would clip
        return Image.fromarray((np.asarray(upright).astype(np.uint32) >> 8).astype(np.uint8))
    if upright.mode in _WITH_ALPHA or "transparency" in upright.info:
        paper = Image.new("RGBA", upright.size, _PAPER)
        upright = Image.alpha_composite(paper, upright.convert("RGBA"))
    return upright.convert("L")


def _too_large() -> str:
    return f"the picture has more than {MOST_PIXELS // 1_000_000} million pixels; send a smaller one"
