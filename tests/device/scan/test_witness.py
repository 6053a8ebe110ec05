"""Bars count where they stand: what only looks like them on a line or two, as in noise, is no code."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import zxingcpp

from device.scan.codes import Code
from device.scan.decoders import build_reader
from device.scan.pipeline import build_pipeline
from device.scan.symbologies import DEFAULT_SYMBOLOGIES, ReaderName, Symbology
from device.scan.witness import movement, standing

from .drawing import HEIGHT, WIDTH, bars, before_camera, noisy, rotated

TEXT = "6901234567892"
MODULE = 4


def ean(height: int) -> np.ndarray:
    """Return an EAN-13 code of four pixels a module and so many pixels high, white beside it only."""
    drawn = bars(TEXT, zxingcpp.BarcodeFormat.EAN13, MODULE)[100:101]
    return np.repeat(drawn, height, axis=0)


def in_grain(picture: np.ndarray, grain: int) -> np.ndarray:
    """Return a frame of coarse noise with a picture in its middle."""
    coarse = np.random.default_rng(grain).integers(0, 256, (HEIGHT // grain + 1, WIDTH // grain + 1), np.uint8)
    frame = np.kron(coarse, np.ones((grain, grain), np.uint8))[:HEIGHT, :WIDTH]
    height, width = picture.shape
    top, left = (HEIGHT - height) // 2, (WIDTH - width) // 2
    frame[top : top + height, left : left + width] = picture
    return frame


@pytest.mark.parametrize("grain", [2, 4, 6])
@pytest.mark.parametrize("turns", [0, 1])
def test_a_line_of_noise_that_reads_as_a_code_is_none(grain: int, turns: int) -> None:
    frame = np.rot90(in_grain(ean(MODULE), grain), turns)
    read = [build_reader(name, DEFAULT_SYMBOLOGIES).read(frame) for name in ReaderName]
    assert [code.text for codes in read for code in codes], "a reader alone believes it"
    assert [standing(codes, frame, lines_agree=False) for codes in read] == [[], []]
    assert [build_pipeline(readers).read_all(frame) for readers in ([ReaderName.PYZBAR], list(ReaderName))] == [[], []]


@pytest.mark.parametrize("name", list(ReaderName))
def test_bars_of_five_modules_are_enough(name: ReaderName) -> None:
    frame = noisy(before_camera(ean(5 * MODULE)), 4)
    assert [code.text for code in build_pipeline([name]).read_all(frame)] == [TEXT]


@pytest.mark.parametrize("degrees", [0, 14, 90, 76])
def test_bars_are_witnesses_however_they_are_turned(degrees: float) -> None:
    frame = noisy(before_camera(rotated(bars(TEXT, zxingcpp.BarcodeFormat.EAN13, 3), degrees)), 12)
    for name in ReaderName:
        codes = build_reader(name, DEFAULT_SYMBOLOGIES).read(frame)
        assert [code.text for code in standing(codes, frame, lines_agree=False)] == [TEXT]


def test_a_part_of_a_longer_code_is_no_ean_13() -> None:
    """zxing-cpp reads one in a Code 93 at times: its bars are a number, and go on beyond it."""
    frame = noisy(before_camera(bars("57927864126845", zxingcpp.BarcodeFormat.Code93, 5)), 4)
    dark = np.flatnonzero(frame[HEIGHT // 2] < 64)
    dark = dark[(dark > 100) & (frame[HEIGHT // 2][dark - 12] > 128)]
    left = int(dark[len(dark) // 3])
    place = ((left, 440), (left + 95 * 5, 440), (left + 95 * 5, 540), (left, 540))
    part = Code("8382362678373", b"8382362678373", Symbology.EAN_13, place)
    assert standing([part], frame, lines_agree=True) == []


def test_bars_that_go_on_behind_a_wide_gap_make_it_a_part_of_a_longer_code() -> None:
    picture = bars("57927864126845", zxingcpp.BarcodeFormat.Code93, MODULE).copy()
    first = int(np.flatnonzero(picture[100] < 64)[0])
    behind = first + 95 * MODULE
    picture[:, behind : behind + 5 * MODULE] = 255
    for bar in range(behind + 5 * MODULE, behind + 15 * MODULE, 2 * MODULE):
        picture[:, bar : bar + MODULE], picture[:, bar + MODULE : bar + 2 * MODULE] = 0, 255
    frame = before_camera(picture)
    top, left = (HEIGHT - picture.shape[0]) // 2, (WIDTH - picture.shape[1]) // 2
    corners = (left + first, top + 60), (left + behind, top + 60), (left + behind, top + 140), (left + first, top + 140)
    part = Code("7364607338823", b"7364607338823", Symbology.EAN_13, corners)
    assert standing([part], frame, lines_agree=True) == []
    frame[:, left + behind :] = 255
    assert standing([part], frame, lines_agree=True) == [part], "where none go on there, lines that agree are enough"


def test_of_two_numbers_in_one_place_the_one_counts_that_its_bars_show() -> None:
    frame = noisy(before_camera(ean(100)), 4)
    (code,) = build_reader(ReaderName.ZXING, DEFAULT_SYMBOLOGIES).read(frame)
    other = Code("6991186227951", b"6991186227951", Symbology.EAN_13, code.position)
    assert standing([other], frame, lines_agree=True) == [other], "alone it would count, for its lines agreed"
    assert standing([other, code], frame, lines_agree=True) == [code]
    blurred = np.asarray(cv2.GaussianBlur(frame, (0, 0), 1.2 * MODULE), np.uint8)
    assert standing([code], blurred, lines_agree=True) == [code], "out of focus it stands there, too"
    assert standing([other, code], blurred, lines_agree=True) == [], "but nothing shows which of them is right"


def test_an_ean_13_with_print_too_close_is_one_where_the_number_explains_its_bars() -> None:
    picture = bars(TEXT, zxingcpp.BarcodeFormat.EAN13, MODULE).copy()
    last = int(np.flatnonzero(picture[100] < 64)[-1])
    picture[:, last + 3 * MODULE : last + 5 * MODULE] = 0
    frame = noisy(before_camera(picture), 4)
    assert [code.text for code in build_pipeline([ReaderName.ZXING]).read_all(frame)] == [TEXT]
    codes = build_reader(ReaderName.ZXING, DEFAULT_SYMBOLOGIES).read(frame)
    assert [code.text for code in standing(codes, frame, lines_agree=True)] == [TEXT]


def test_squares_need_no_witness() -> None:
    frame = before_camera(bars("square", zxingcpp.BarcodeFormat.QRCode))
    codes = build_reader(ReaderName.ZXING, DEFAULT_SYMBOLOGIES).read(frame)
    assert standing(codes, np.zeros_like(frame), lines_agree=False) == codes != []


def test_rows_show_bars_when_all_are_moved_by_as_much() -> None:
    profile = np.random.default_rng(1).normal(0, 40, 400).astype(np.float32)
    slanting = np.stack([profile[3 * row : 3 * row + 300] for row in range(6)])
    assert movement(slanting, 6) == -3.0
    assert movement(slanting[::-1], 6) == 3.0
    assert movement(slanting, 5) is None, "no further than bars can slant"
    assert movement(slanting[:4], 6) is None, "four rows are too few"
    unsteady = np.stack([profile[shift : shift + 300] for shift in (0, 20, 6, 35, 50, 1)])
    assert movement(unsteady, 6) is None
