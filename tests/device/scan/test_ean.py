"""EAN-13 out of blur: the number that explains the bars is read, and nothing where a doubt is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import zxingcpp

from device.scan.decoders import build_reader
from device.scan.ean import fit
from device.scan.explained import Explanation, explanation
from device.scan.pipeline import build_pipeline
from device.scan.profile import straightened
from device.scan.symbologies import DEFAULT_SYMBOLOGIES, ReaderName, Symbology

from .drawing import bars, before_camera, blurred, ends, line_across, noisy, rotated

if TYPE_CHECKING:
    from device.scan.drawn_bars import Reading

    from .drawing import Line

EAN = zxingcpp.BarcodeFormat.EAN13
#: One number for each first digit: each has its own order of odd and even digits on the left.
NUMBERS = [
    zxingcpp.create_barcode(f"{first}{body}", EAN).text for first, body in enumerate(["90123456789", "47205918346"] * 5)
]


def profile(number: str, blur: float, *, noise: float = 0, bow: float = 0) -> Line:
    """Return a line across a drawn code."""
    return line_across(bars(number, EAN, 8), blur, noise=noise, bow=bow)


def read(line: Line, taken: Line | None = None) -> Reading:
    """Return what is read of a line, or of another one whose code lies as in this one."""
    found = fit(line, [ends(line)])
    assert found is not None
    return found.read(line if taken is None else taken)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("way", [1, -1])
def test_every_number_is_read_either_way_round(number: str, way: int) -> None:
    line = np.ascontiguousarray(profile(number, 0.6, noise=3)[::way])
    found = read(line)
    assert found.text == number
    assert found.explained > 0.8
    assert found.margin > 0.3


def test_bars_that_are_wider_on_one_side_are_read() -> None:
    line = profile(NUMBERS[6], 0.5, noise=2, bow=0.006)
    assert read(line).text == NUMBERS[6]


def test_whatever_a_line_shows_the_answer_has_a_right_check_digit() -> None:
    rng = np.random.default_rng(2)
    clear = profile(NUMBERS[3], 0.5)
    for _ in range(20):
        digits = [int(digit) for digit in read(clear, rng.normal(0, 30, clear.size).astype(np.float32)).text]
        assert len(digits) == 13
        assert (sum(digits[0::2]) + 3 * sum(digits[1::2])) % 10 == 0


def test_noise_fits_no_code() -> None:
    rng = np.random.default_rng(2)
    assert [fit(rng.normal(0, 30, 500).astype(np.float32), [(50, 450)]) for _ in range(20)] == [None] * 20


def test_the_next_best_number_is_a_number_too() -> None:
    """A digit that cannot be told is no doubt where the check digit tells it; two of them are one."""
    line = profile(NUMBERS[6], 0.4)
    start, end = ends(line)
    module = (end - start) / 95

    def smeared(*digits: int) -> Line:
        damaged = line.copy()
        for digit in digits:
            first = int(start + (3 + 7 * digit) * module)
            damaged[first : first + int(7 * module)] = line[first : first + int(7 * module)].mean()
        return damaged

    clear, one, two = (read(line, smeared(*digits)) for digits in ((), (2,), (2, 3)))
    assert clear.text == one.text == NUMBERS[6]
    assert clear.margin > 4 * two.margin
    assert one.margin > 4 * two.margin


def test_rows_that_slant_are_straightened_and_rows_of_something_else_left_out() -> None:
    line = profile(NUMBERS[1], 0.5)
    rng = np.random.default_rng(4)
    rows = np.stack([np.roll(line, 2 * row) + rng.normal(0, 12, line.size) for row in range(12)]).astype(np.float32)
    rows[9:] = rng.normal(0, 40, (3, line.size))
    made_one = straightened(rows, 2.0)
    assert made_one is not None
    found = fit(made_one.whole, made_one.ends())
    assert found is not None
    assert {found.read(half).text for half in made_one.halves} == {NUMBERS[1]}
    assert straightened(rng.normal(0, 40, rows.shape).astype(np.float32), 2.0) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("AB-12345", zxingcpp.BarcodeFormat.Code128),
        ("12345678901234", zxingcpp.BarcodeFormat.ITF),
        ("AB12345", zxingcpp.BarcodeFormat.Code39),
        ("96385074", zxingcpp.BarcodeFormat.EAN8),
    ],
)
@pytest.mark.parametrize("blur", [0.5, 2.5, 4])
def test_bars_of_another_kind_are_explained_by_no_number(text: str, kind: zxingcpp.BarcodeFormat, blur: float) -> None:
    rows = noisy(blurred(bars(text, kind, 4), blur), 2)[80:104:2].astype(np.float32)
    shown = straightened(np.repeat(rows, 2, axis=1), 0.0)
    said = shown and explanation(Symbology.EAN_13, shown)
    assert not (isinstance(said, Explanation) and said.certain)


@pytest.mark.parametrize("readers", [[ReaderName.PYZBAR], list(ReaderName)])
@pytest.mark.parametrize("degrees", [4, 125])
def test_the_pipeline_reads_bars_too_blurred_for_any_decoder(readers: list[ReaderName], degrees: float) -> None:
    frame = noisy(blurred(before_camera(rotated(bars(NUMBERS[6], EAN, 3), degrees)), 2.2), 3)
    assert [build_reader(name, DEFAULT_SYMBOLOGIES).read(frame) for name in ReaderName] == [[], []]
    (code,) = build_pipeline(readers).read_all(frame)
    assert (code.text, code.format) == (NUMBERS[6], Symbology.EAN_13)
    assert abs(code.centre[0] - 648) < 40
    assert abs(code.centre[1] - 486) < 40
    without_ean = [Symbology.QR_CODE, Symbology.CODE_128]
    assert build_pipeline(readers, without_ean).read_all(frame) == []
