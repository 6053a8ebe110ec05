"""Picture files become frames, or words that say why not."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from device.scan.errors import PictureError
from device.scan.pictures import FRAME_SIZE, fit, luminance
from device.scan.pipeline import build_pipeline

from .drawing import qr


def encoded(picture: Image.Image, kind: str = "PNG", **how: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_three_kinds_of_picture_are_fitted_into_the_frame(kind: str) -> None:
    frame = fit(encoded(Image.fromarray(qr("fitted")), kind))
    assert frame.shape == (972, 1296)
    assert frame.dtype == np.uint8
    assert [code.text for code in build_pipeline().read_all(frame)] == ["fitted"]


@pytest.mark.parametrize(
    ("size", "filled"), [((2000, 1000), (648, 1296)), ((100, 300), (972, 324)), ((3, 4000), (972, 1))]
)
def test_proportions_are_kept_and_the_picture_is_centred(size: tuple[int, int], filled: tuple[int, int]) -> None:
    frame = fit(encoded(Image.new("L", size, 255)))
    rows, columns = np.nonzero(frame == 255)
    assert (rows.max() - rows.min() + 1, columns.max() - columns.min() + 1) == filled
    assert abs((rows.max() + rows.min() + 1) / 2 - 486) <= 1
    assert abs((columns.max() + columns.min() + 1) / 2 - 648) <= 1


def test_native_pixels_are_left_and_cut_where_there_are_too_many() -> None:
    small = np.arange(60, dtype=np.uint8).reshape(6, 10)
    frame = fit(encoded(Image.fromarray(small)), native=True)
    assert (frame[483:489, 643:653] == small).all()
    large = np.random.default_rng(1).integers(0, 255, (1200, 1600), dtype=np.uint8)
    assert (fit(encoded(Image.fromarray(large)), native=True) == large[114:1086, 152:1448]).all()


def test_a_picture_as_it_is() -> None:
    pixels = np.random.default_rng(2).integers(0, 255, (37, 53), dtype=np.uint8)
    assert (luminance(encoded(Image.fromarray(pixels))) == pixels).all()


def test_a_phone_held_sideways_is_turned_as_its_picture_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways = Image.new("L", (40, 20), 0)
    sideways.putpixel((0, 0), 255)
    upright = luminance(encoded(sideways, exif=exif))
    assert upright.shape == (40, 20)
    assert upright[0, -1] == 255


def test_transparency_is_white_paper() -> None:
    page = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    page.putpixel((1, 0), (0, 0, 0, 255))
    assert luminance(encoded(page)).tolist() == [[255, 0]]
    palette = Image.new("P", (1, 1), 0)
    palette.putpalette([0, 0, 0])
    assert luminance(encoded(palette, transparency=0)).tolist() == [[255]]


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [("1", 1, 255), ("I;16", 0x8000, 0x80), ("RGB", (255, 255, 255), 255), ("LA", (7, 255), 7)],
)
def test_every_depth_of_pixel_is_understood(mode: str, colour: int | tuple[int, ...], expected: int) -> None:
    assert luminance(encoded(Image.new(mode, (3, 3), colour)))[1, 1] == expected


def test_a_jpeg_for_print_is_understood() -> None:
    assert luminance(encoded(Image.new("CMYK", (8, 8), (0, 0, 0, 0)), "JPEG"))[4, 4] > 250


def broken(kind: str) -> bytes:
    whole = encoded(Image.fromarray(qr("broken")), kind)
    return whole[: len(whole) // 2]


def bomb() -> bytes:
    """Return a PNG of a few bytes that claims 40,000 x 40,000 pixels."""
    header = struct.pack(">II5B", 40_000, 40_000, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a PNG, JPEG or WebP picture"),
        (b"hello, no picture", "not a PNG, JPEG or WebP picture"),
        (b"\xff\xd8\xff\xe0 rubbish after the beginning of a JPEG", "picture"),
        (broken("JPEG"), "damaged"),
        (broken("PNG"), "damaged"),
        (broken("WEBP"), "picture"),
        (bomb(), "more than 64 million pixels"),
        (encoded(Image.new("1", (9000, 9000))), "more than 64 million pixels"),
        (encoded(Image.new("L", (4, 4)), "GIF"), "not a PNG, JPEG or WebP picture"),
    ],
)
def test_what_is_no_usable_picture_is_refused_with_words(data: bytes, words: str) -> None:
    for read in (luminance, fit):
        with pytest.raises(PictureError, match=words):
            read(data)


def test_another_size_of_frame() -> None:
    assert FRAME_SIZE == (1296, 972)
    assert fit(encoded(Image.new("L", (10, 10))), size=(640, 480)).shape == (480, 640)
