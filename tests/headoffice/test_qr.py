"""The QR on the page: what a reader reads is the code, whatever the code is made of."""

from __future__ import annotations

import re

import numpy as np
import pytest
import zxingcpp

from headoffice.pages.qr import QUIET, qr_svg
from headoffice.vouchers.codes import grouped, understood


def _drawn(svg: str, scale: int = 6) -> np.ndarray:
    """Return the picture that an SVG of ours is, grey, dark on white."""
    found = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    assert found
    side = int(found[1])
    picture = np.full((side, side), 255, np.uint8)
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", svg):
        picture[int(y), int(x) : int(x) + int(length)] = 0
    return np.kron(picture, np.ones((scale, scale), np.uint8))


@pytest.mark.parametrize(
    "code",
    [
        "600000000001",
        "7H3KQ2MZX9PDT4WB",
        "A",
        "https://shop.example/v?c=1&d=2",
        "优惠-2026",
        "café",
        "🎟" * 200,
        "a" * 512,
    ],
)
def test_what_is_read_is_the_code(code: str) -> None:
    (read,) = zxingcpp.read_barcodes(_drawn(qr_svg(code, "code")))
    assert (read.text, read.format) == (code, zxingcpp.BarcodeFormat.QRCode)


def test_it_stands_in_white() -> None:
    picture = _drawn(qr_svg("600000000001", "code"), scale=1)
    for edge in (picture[:QUIET], picture[-QUIET:], picture[:, :QUIET], picture[:, -QUIET:]):
        assert edge.min() == 255
    assert picture[QUIET, QUIET] == 0


def test_an_own_code_is_read_in_groups_and_understood_as_people_type_it() -> None:
    code = "0123456789ABCDEF"
    assert grouped(code) == "0123 4567 89AB CDEF"
    for typed in ("0123 4567 89AB CDEF", "o123-4567-89ab-cdef", "OI23 4567 89AB CDEF", "0L23456789ABCDEF"):
        assert understood(typed) == code
    for other in ("0123 4567 89AB CDE", "0123 4567 89AB CDEU", "600000000001", "优惠券优惠券优惠券优惠券优惠券优"):
        assert understood(other) is None


def test_a_code_that_is_no_word_is_not_cut_into_groups() -> None:
    assert grouped("600000000001") == "6000 0000 0001"
    assert grouped("https://shop.example/v?c=1") == "https://shop.example/v?c=1"
    assert grouped("优惠券二零二六") == "优惠券二零二六"
