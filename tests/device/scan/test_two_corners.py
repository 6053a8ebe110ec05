"""Codes one of whose corners is covered, and short texts whose filling is: both are put right, and nothing else is."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest
import segno
import zxingcpp
from PIL import Image, ImageFilter

from device.scan.corners import corners
from device.scan.decoders import build_reader
from device.scan.mending import mended, perspective
from device.scan.pipeline import build_pipeline
from device.scan.qr_layout import layout
from device.scan.readers import Kind
from device.scan.sampling import sampled
from device.scan.symbologies import DEFAULT_SYMBOLOGIES, ReaderName
from device.scan.two_corners import laid_out

from .drawing import before_camera, noisy
from .test_mending import BORDER, SCALE, modules, picture, under_a_lamp
from .test_mending import corners as outline

if TYPE_CHECKING:
    from .drawing import Frame

TEXT = "https://example.com/v/7KQ2MX"
SIDE = (33 + 2 * BORDER) * SCALE
#: Where in a picture of a code of version 4 the middles of its corners are.
MIDDLES = [(BORDER + 3.5) * SCALE, (BORDER + 29.5) * SCALE]
COVERED = {"top left": (0.18, 0.18), "top right": (0.82, 0.18), "bottom left": (0.18, 0.82)}


def soft(shades: Frame) -> Frame:
    """Return a picture as a camera sees it: edges are never as sharp as drawn ones."""
    return np.asarray(Image.fromarray(shades).filter(ImageFilter.BoxBlur(2)))


def drawn_code(text: str = TEXT, version: int = 4) -> segno.QRCode:
    return segno.make_qr(text, version=version, error="m", boost_error=False)


@pytest.mark.parametrize("turn", [0, 17, 45, 100])
def test_all_three_corners_are_found_to_the_part_of_a_module_however_turned(turn: int) -> None:
    room = 60
    shades = noisy(np.pad(picture(drawn_code()), room, constant_values=215), 4)
    held = np.asarray(Image.fromarray(shades).rotate(turn, Image.Resampling.BICUBIC, fillcolor=215))
    found = corners(held < 128, soft(held))
    middle, angle = (SIDE - 1) / 2 + room, np.radians(turn)
    for across, down in ((0, 0), (1, 0), (0, 1)):
        x, y = (MIDDLES[part] + room - 0.5 - middle for part in (across, down))
        place = x * np.cos(angle) + y * np.sin(angle) + middle, y * np.cos(angle) - x * np.sin(angle) + middle
        nearest = min(found, key=lambda corner: float(np.hypot(*(corner.middle - place))))
        assert np.hypot(*(nearest.middle - place)) < 0.1 * SCALE
        assert nearest.module == pytest.approx(SCALE, rel=0.05)


def test_noise_and_an_even_counter_have_no_corners() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (300, 300), np.uint8)
    even = np.full((300, 300), 90, np.uint8)
    assert [corners(shades < 128, soft(shades)) for shades in (noise, even)] == [[], []]


def paper_of(motif: np.ndarray) -> np.ndarray:
    """Return a picture as large as what is looked at closer, full of one motif."""
    down, right = (side // part + 1 for side, part in zip((486, 648), motif.shape, strict=True))
    return np.tile(motif, (down, right))[:486, :648]


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("motif", ["corners", "codes"])
def test_a_print_that_is_full_of_corners_takes_little_room(motif: str, scale: int) -> None:
    code = np.pad(modules(drawn_code("1", version=1)), 3) if motif == "codes" else np.pad(layout(1).fixed[:7, :7], 1)
    dark = paper_of(code.astype(bool).repeat(scale, 0).repeat(scale, 1))
    shades = soft(np.where(dark, np.uint8(40), np.uint8(215)))
    tracemalloc.start()
    corners(dark, shades)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 25e6


@pytest.mark.parametrize("without", range(3))
def test_two_corners_lay_a_code_out_whichever_they_are(without: int) -> None:
    shades = picture(drawn_code())
    found = corners(shades < 128, soft(shades))
    assert len(found) == 3
    del found[without]
    off = [float(np.abs(place - outline(drawn_code())).max()) for version, place in laid_out(found) if version == 4]
    assert min(off) < SCALE / 2


def test_how_two_corners_lie_says_which_of_a_codes_they_are_however_it_is_tilted() -> None:
    """Four ways are left of two beside each other, two of opposite ones; and the versions next to what is measured."""
    side = SIDE - 1
    tilted = side * np.array([(0.15, 0.05), (0.88, 0), (1, 0.97), (0, 0.85)])
    upright = np.array([(0, 0), (side, 0), (side, side), (0, side)], np.float64)
    back = perspective(tilted, upright)
    x, y, scale = np.tensordot(back, np.stack([*np.meshgrid(*[np.arange(SIDE)] * 2), np.ones((SIDE, SIDE))]), 1)
    shades = sampled(np.pad(picture(drawn_code()), 200, mode="edge"), x / scale + 200, y / scale + 200)
    seen = shades.round().astype(np.uint8)
    found = corners(seen < 128, soft(seen))
    assert len(found) == 3
    out = perspective(upright, tilted) @ np.column_stack([outline(drawn_code()), np.ones(4)]).T
    for without in range(3):
        ways = list(laid_out(found[:without] + found[without + 1 :]))
        off = [float(np.abs(place - (out[:2] / out[2]).T).max()) for version, place in ways if version == 4]
        assert min(off) < SCALE
        assert len(ways) <= 8


@pytest.mark.parametrize("which", COVERED)
def test_the_pipeline_reads_a_code_one_of_whose_corners_is_under_a_lamp(which: str) -> None:
    shades = under_a_lamp(picture(drawn_code()), 0.055, COVERED[which])
    held = Image.fromarray(shades).rotate(12, Image.Resampling.BICUBIC, fillcolor=215)
    frame = noisy(before_camera(np.asarray(held)), 3)
    assert [build_reader(name, DEFAULT_SYMBOLOGIES).read(frame) for name in ReaderName] == [[], []]
    formats = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
    assert zxingcpp.read_barcodes(frame, formats=formats) == [], "not with any of its own tries"
    (code,) = build_pipeline().read_all(frame)
    assert code.text == TEXT
    assert abs(code.centre[0] - 648) < 20
    assert abs(code.centre[1] - 486) < 20


def covered(drawn: segno.QRCode, words: list[int]) -> np.ndarray:
    """Return a picture of a code of version 1 in which some of its bytes cannot be told from white paper."""
    plan, shades = layout(1), picture(drawn)
    for bit in (8 * word + place for word in words for place in range(8)):
        top, left = ((BORDER + int(at[bit])) * SCALE for at in (plan.rows, plan.columns))
        shades[top : top + SCALE, left : left + SCALE] = 128
    return shades


def read(drawn: segno.QRCode, shades: np.ndarray) -> list[str | None]:
    clean = mended(shades, Kind(1, "M", drawn.mask), outline(drawn))
    return (
        [] if clean is None else [code.text for code in build_reader(ReaderName.ZXING, DEFAULT_SYMBOLOGIES).read(clean)]
    )


def test_what_fills_a_short_text_up_costs_no_correction() -> None:
    """Of sixteen bytes of data these digits need seven, and nine fill up; of the ten check bytes three are kept."""
    short = drawn_code("283691302864", version=1)
    assert read(short, covered(short, list(range(7)))) == ["283691302864"]
    assert read(short, covered(short, list(range(4, 16)))) == ["283691302864"]
    assert read(short, covered(short, [*range(8), 16])) == []


def test_a_text_that_needs_no_filling_has_none_to_go_by() -> None:
    full = drawn_code("7KQ2MX7KQ2MX7K", version=1)
    assert modules(full).shape == (21, 21)
    assert read(full, covered(full, list(range(7)))) == ["7KQ2MX7KQ2MX7K"]
    assert read(full, covered(full, list(range(8)))) == []
    assert read(full, covered(full, list(range(4, 16)))) == []
