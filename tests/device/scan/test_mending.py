"""Codes that no decoder corrects: put right where what is doubtful is known, and left alone where too much is."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
import segno
import zxingcpp
from PIL import Image, ImageFilter

from device.scan.decoders import build_reader
from device.scan.mending import mended, mended_one_of
from device.scan.pipeline import build_pipeline
from device.scan.qr_layout import VERSIONS, blocks, layout
from device.scan.readers import Kind
from device.scan.reed_solomon import corrected
from device.scan.symbologies import DEFAULT_SYMBOLOGIES, ReaderName

from .drawing import before_camera, noisy

if TYPE_CHECKING:
    from collections.abc import Callable

    from .drawing import Frame

SCALE, BORDER = 8, 4
TEXT = "https://example.com/v/7KQ2MX"
SPARE = 3


def put_right(word: bytes, checks: int, doubtful: list[int]) -> bytes | None:
    (whole,) = corrected(np.frombuffer(word, np.uint8)[None], checks, np.array([doubtful], np.intp), SPARE)
    return None if whole is None else whole.tobytes()


def modules(drawn: segno.QRCode) -> np.ndarray:
    return np.array([list(row) for row in drawn.matrix], np.int8)


def picture(drawn: segno.QRCode) -> Frame:
    rows = [[40 if dark else 215 for dark in row] for row in drawn.matrix_iter(SCALE, BORDER)]
    return np.array(rows, np.uint8)


def corners(drawn: segno.QRCode) -> np.ndarray:
    first, last = BORDER * SCALE, (BORDER + len(drawn.matrix)) * SCALE
    return np.array([(first, first), (last, first), (last, last), (first, last)], np.float64)


def under_a_lamp(shades: Frame, size: float, at: tuple[float, float] = (0.5, 0.5)) -> Frame:
    """Return a picture with a reflection in it, of a size and at a place in parts of it."""
    down, right = np.mgrid[: shades.shape[0], : shades.shape[1]] / shades.shape[0]
    lamp = 600 * np.exp(-((right - at[0]) ** 2 + (down - at[1]) ** 2) / (2 * size * size))
    return np.asarray(np.clip(shades + lamp, 0, 255), np.uint8)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("level", "LMQH")
def test_every_size_and_level_is_laid_out_as_the_standard_says(version: int, level: str) -> None:
    drawn = segno.make_qr(f"{level}1234", version=version, error=level, boost_error=False)
    plan, seen = layout(version), modules(drawn)
    bits = seen[plan.rows, plan.columns] ^ plan.masked(drawn.mask)
    assert np.array_equal(plan.drawn(bits, level, drawn.mask), seen)
    words = np.packbits(bits[: len(bits) // 8 * 8].astype(np.uint8))
    checks, made_of = blocks(version, level)
    assert sorted(np.concatenate(made_of)) == list(range(len(words)))
    for block in made_of:
        word = words[block].tobytes()
        assert put_right(word, checks, []) == word, "its check bytes say that it is whole"


@pytest.mark.parametrize("mask", range(8))
def test_every_mask_is_the_standards(mask: int) -> None:
    drawn = segno.make_qr(TEXT, version=7, mask=mask, error="m", boost_error=False)
    plan, seen = layout(7), modules(drawn)
    bits = seen[plan.rows, plan.columns] ^ plan.masked(mask)
    checks, made_of = blocks(7, "M")
    words = np.packbits(bits[: len(bits) // 8 * 8].astype(np.uint8))
    assert all(put_right(words[block].tobytes(), checks, []) for block in made_of)


@pytest.mark.parametrize(("wrong", "unknown"), [(0, 23), (11, 0), (4, 15), (10, 3), (1, 21)])
def test_two_check_bytes_for_a_wrong_byte_one_for_an_unknown_one_and_three_to_spare(wrong: int, unknown: int) -> None:
    dice = random.Random(wrong)
    drawn = segno.make_qr(TEXT, version=5, error="l", boost_error=False)
    plan, checks = layout(5), 26
    bits = modules(drawn)[plan.rows, plan.columns] ^ plan.masked(drawn.mask)
    word = np.packbits(bits[:1072].astype(np.uint8)).tobytes()
    assert blocks(5, "L")[0] == checks

    def damaged(places: list[int]) -> bytes:
        changed = bytearray(word)
        for place in places:
            changed[place] ^= dice.randrange(1, 256)
        return bytes(changed)

    places = dice.sample(range(len(word)), wrong + unknown + 1)
    assert put_right(damaged(places[:-1]), checks, places[wrong:-1]) == word
    assert put_right(damaged(places), checks, places[wrong + 1 : -1]) is None


def test_what_is_no_codeword_at_all_stays_unread() -> None:
    dice = random.Random(7)
    for _ in range(200):
        word = dice.randbytes(44)
        assert put_right(word, 18, dice.sample(range(44), 44)) is None


def least_time(tried: Callable[[], object]) -> float:
    """Return what something costs in processor time, the least of a few times."""

    def once() -> float:
        began = time.thread_time()
        tried()
        return time.thread_time() - began

    return min(once() for _ in range(5))


def test_a_code_whose_end_is_covered_costs_little_however_many_bytes_may_fill_it_up() -> None:
    """Forty numbers of them are possible here, and none is right."""
    drawn = segno.make_qr(TEXT, version=5, error="l", boost_error=False)
    plan, dice = layout(5), np.random.default_rng(3)
    bits = dice.integers(0, 2, len(plan.rows)).astype(np.int8)[: 134 * 8]
    shades = picture(drawn)
    for place, dark in enumerate(plan.drawn(bits, "L", 0).reshape(-1)):
        top, left = ((BORDER + part) * SCALE for part in divmod(place, 37))
        shades[top : top + SCALE, left : left + SCALE] = 40 if dark else 215
    whole = least_time(lambda: mended(shades, Kind(5, "L", 0), corners(drawn)))
    for bit in range(8 * 65, 8 * 108):
        top, left = ((BORDER + int(at[bit])) * SCALE for at in (plan.rows, plan.columns))
        shades[top : top + SCALE, left : left + SCALE] = 128
    assert least_time(lambda: mended(shades, Kind(5, "L", 0), corners(drawn))) < 10 * whole


@pytest.mark.parametrize("dark_mode", [False, True])
def test_a_code_under_a_lamp_comes_clean(dark_mode: bool) -> None:  # noqa: FBT001 - a parameter
    drawn = segno.make_qr(TEXT, version=4, error="m", boost_error=False)
    shades = picture(drawn)
    seen = noisy(under_a_lamp(255 - shades if dark_mode else shades, 0.09), 4)
    clean = mended(seen, Kind(4, "M", drawn.mask), corners(drawn))
    assert clean is not None
    (code,) = build_reader(ReaderName.ZXING, DEFAULT_SYMBOLOGIES).read(clean)
    assert code.text == TEXT


def test_what_is_another_kind_or_elsewhere_or_lost_is_not_put_right() -> None:
    drawn = segno.make_qr(TEXT, version=4, error="m", boost_error=False)
    shades, kind, where = picture(drawn), Kind(4, "M", drawn.mask), corners(drawn)
    assert mended(shades, kind, where) is not None
    assert mended(shades, Kind(5, "M", drawn.mask), where) is None
    assert mended(shades, Kind(4, "Q", drawn.mask), where) is None
    assert mended(shades, Kind(4, "M", (drawn.mask + 1) % 8), where) is None
    assert mended(shades, Kind(40, "M", drawn.mask), where) is None, "more modules than a camera tells apart"
    assert mended(shades, kind, where + 60) is None
    assert mended(under_a_lamp(shades, 0.3), kind, where) is None
    assert mended(np.random.default_rng(1).integers(0, 256, shades.shape, np.uint8), kind, where) is None


@pytest.mark.parametrize(
    "where",
    [
        [(40, 40), (40, 40), (40, 40), (40, 40)],
        [(10, 10), (60, 60), (110, 110), (160, 160)],
        [(10, 10), (200, 10), (105, 10), (10, 200)],
        [(10, 10), (200, 200), (200, 10), (10, 200)],
        [(10, 10), (200, 10), (np.nan, 200), (10, np.inf)],
    ],
)
def test_corners_between_which_no_square_is_are_no_code(where: list[tuple[float, float]]) -> None:
    shades = picture(segno.make_qr(TEXT, version=4, error="m", boost_error=False))
    assert mended(shades, Kind(4, "M", 0), np.array(where, np.float64)) is None
    assert mended_one_of(shades, [(4, np.array(where, np.float64))]) is None


def test_the_pipeline_reads_under_a_lamp_what_no_decoder_reads() -> None:
    drawn = segno.make_qr(TEXT, version=4, error="m", boost_error=False)
    held = Image.fromarray(under_a_lamp(picture(drawn), 0.1)).rotate(20, Image.Resampling.BICUBIC, fillcolor=215)
    frame = noisy(before_camera(np.asarray(held.filter(ImageFilter.GaussianBlur(1)))), 3)
    assert [build_reader(name, DEFAULT_SYMBOLOGIES).read(frame) for name in ReaderName] == [[], []]
    formats = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
    assert zxingcpp.read_barcodes(frame, formats=formats) == [], "not with any of its own tries"
    (code,) = build_pipeline().read_all(frame)
    assert code.text == TEXT
    assert abs(code.centre[0] - 648) < 20
    assert abs(code.centre[1] - 486) < 20
