"""A closer look: where in a frame it goes, what it makes of the place, and where the code lies in the end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import zxingcpp
from PIL import Image, ImageFilter

from device.scan.crop import Crop, Lift
from device.scan.decoders import build_reader
from device.scan.filters import half_size
from device.scan.pipeline import build_pipeline
from device.scan.scene import Scene
from device.scan.strip import Strip
from device.scan.symbologies import DEFAULT_SYMBOLOGIES, ReaderName, Symbology
from device.scan.texture import Bars, texture

from .drawing import HEIGHT, WIDTH, bars, before_camera, counter, noisy, qr, rotated

if TYPE_CHECKING:
    from .drawing import Frame

BARS_TEXT = "6901234567892"


def ean() -> Frame:
    """Return a low EAN-13 code with white around it."""
    return np.pad(bars(BARS_TEXT, zxingcpp.BarcodeFormat.EAN13, 3)[45:105], 40, constant_values=255)


def blurred(frame: Frame, times: int) -> Frame:
    """Return a frame out of focus: the mean of 3 x 3, so many times."""
    picture = Image.fromarray(frame)
    for _ in range(times):
        picture = picture.filter(ImageFilter.BoxBlur(1))
    return np.asarray(picture)


@pytest.mark.parametrize("corner", [(0, 0), (900, 60), (300, 560)])
def test_the_square_holds_the_code_wherever_it_is(corner: tuple[int, int]) -> None:
    crop = Scene(noisy(before_camera(qr("a voucher"), at=(corner,)), 6)).square
    assert crop is not None
    side = qr("a voucher").shape[0] - 2 * 4 * 6  # without the quiet zone
    left, top = corner[0] + 24, corner[1] + 24
    height, width = crop.pixels.shape
    assert crop.left <= left
    assert crop.top <= top
    assert crop.left + width >= left + side
    assert crop.top + height >= top + side
    assert max(crop.pixels.shape) < 2 * side


@pytest.mark.parametrize("x", [0, 600, WIDTH - 100])
@pytest.mark.parametrize("y", [0, 400, HEIGHT - 100])
def test_a_small_change_is_looked_at_more_closely_at_the_frame_s_edge_too(x: int, y: int) -> None:
    small = qr("a voucher", scale=3)[:100, :100]
    crop = Scene(noisy(before_camera(small, at=((x, y),)), 6), (x, y, x + 100, y + 100)).square
    assert crop is not None
    height, width = crop.pixels.shape
    assert crop.left <= x + 12 < x + 75 <= crop.left + width
    assert crop.top <= y + 12 < y + 75 <= crop.top + height


def test_an_even_counter_has_nothing_to_look_at() -> None:
    scene = Scene(counter())
    assert (scene.square, scene.strips) == (None, [])


def test_a_small_picture_is_looked_at_as_a_whole_only() -> None:
    scene = Scene(qr("small", scale=4))
    assert (scene.square, scene.strips) == (None, [])


@pytest.mark.parametrize("degrees", [0, 37, 90, -62])
def test_bars_are_found_with_the_direction_across_them(degrees: float) -> None:
    frame = noisy(before_camera(rotated(ean(), degrees)), 6)
    (found, *_) = texture(half_size(frame)).bars(2)
    turned = (found.across + math.radians(degrees)) % math.pi
    assert min(turned, math.pi - turned) < math.radians(12), "a row may run a little askew across the bars"
    assert math.hypot(found.x - WIDTH / 2, found.y - HEIGHT / 2) < 100, "rows are long enough to start beside it"


@pytest.mark.parametrize("name", list(ReaderName))
@pytest.mark.parametrize("degrees", [30, -50])
def test_bars_at_an_angle_are_read_by_either_reader_and_placed_in_the_frame(name: ReaderName, degrees: float) -> None:
    frame = noisy(before_camera(rotated(ean(), degrees)), 4)
    assert build_reader(name, DEFAULT_SYMBOLOGIES).read(frame) == [], "as it is, the reader misses it"
    (code,) = build_pipeline([name]).read_all(frame)
    assert (code.text, code.format) == (BARS_TEXT, Symbology.EAN_13)
    assert math.hypot(code.centre[0] - WIDTH / 2, code.centre[1] - HEIGHT / 2) < 40


@pytest.mark.parametrize("degrees", [30, -30, 33])
def test_what_only_pyzbar_reads_is_read_with_it_alone_and_with_both(degrees: float) -> None:
    frame = noisy(before_camera(rotated(bars(BARS_TEXT, zxingcpp.BarcodeFormat.EAN13, 3), degrees)), 4)
    assert build_reader(ReaderName.ZXING, DEFAULT_SYMBOLOGIES).read(frame) == []
    assert [code.text for code in build_reader(ReaderName.PYZBAR, DEFAULT_SYMBOLOGIES).read(frame)] == [BARS_TEXT]
    for readers in ([ReaderName.PYZBAR], list(ReaderName)):
        assert [code.text for code in build_pipeline(readers).read_all(frame)] == [BARS_TEXT]


def test_no_line_of_the_frame_is_in_two_rows_of_a_strip() -> None:
    """Decoders believe bars that two rows agree about; the same noise twice must not be two rows."""
    frame = np.random.default_rng(5).integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)
    rows = Strip.across(Bars(648.0, 486.0, 0.0, 120.0), frame).rows
    alike = np.asarray(np.corrcoef(rows)) - np.eye(len(rows))
    assert np.abs(alike).max() < 0.2


def test_a_strip_reaches_over_the_edge_of_the_frame() -> None:
    frame = counter()
    strip = Strip.across(Bars(5.0, 967.0, 0.8, 700.0), frame)
    assert np.isfinite(strip.rows).all()
    assert set(np.unique(strip.plain())) == {frame[0, 0]}


UNREAD = {
    "small and a little blurred": lambda: noisy(blurred(before_camera(qr("w" * 60, scale=2)), 1), 1.5),
    "out of focus": lambda: noisy(blurred(before_camera(qr("w" * 60, scale=3)), 4), 1.5),
    "out of focus and dim": lambda: noisy(blurred(before_camera(qr("w" * 60, scale=3)), 4) // 5, 1.5),
}


@pytest.mark.parametrize("name", UNREAD)
def test_a_lift_reads_what_neither_reader_reads_as_it_is(name: str) -> None:
    frame = UNREAD[name]()
    assert [build_reader(reader, DEFAULT_SYMBOLOGIES).read(frame) for reader in ReaderName] == [[], []]
    (code,) = build_pipeline().read_all(frame)
    assert code.text == "w" * 60
    assert math.hypot(code.centre[0] - WIDTH / 2, code.centre[1] - HEIGHT / 2) < 20


def test_a_lift_evens_the_light_out() -> None:
    slope = np.linspace(0.1, 1.0, 400)
    checks = np.where(np.arange(400)[:, None] // 8 % 2 == np.arange(400) // 8 % 2, 220, 60)
    lifted = Crop((checks * slope).astype(np.uint8), 0, 0, 2).lifted(Lift(1, 21, 1))
    left, right = (float(np.mean(lifted[:, columns])) for columns in (slice(300, 400), slice(600, 700)))
    assert abs(left - right) < 8
    assert lifted.shape == (799, 799)


def test_a_large_crop_is_halved_and_its_codes_are_where_they_were() -> None:
    frame = before_camera(qr("large" * 30, scale=14))
    crop = Scene(frame).square
    assert crop is not None
    assert crop.scale == 0.5
    (code,) = build_reader(ReaderName.ZXING, [Symbology.QR_CODE]).read(crop.lifted(Lift(3, 7, 5)))
    x, y = crop.in_frame(code).centre
    assert math.hypot(x - WIDTH / 2, y - HEIGHT / 2) < 6
