"""Code 128 out of blur: the text that explains the bars is read, and nothing where a doubt is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import zxingcpp

from device.scan.code_128 import fit
from device.scan.decoders import build_reader
from device.scan.explained import explanation
from device.scan.pipeline import build_pipeline
from device.scan.symbologies import DEFAULT_SYMBOLOGIES, ReaderName, Symbology

from .drawing import bars, before_camera, blurred, ends, line_across, noisy, rotated

if TYPE_CHECKING:
    from device.scan.drawn_bars import Reading

    from .drawing import Line

CODE_128 = zxingcpp.BarcodeFormat.Code128
#: All that can be printed, in every code set, and turns from one set to another within a text.
TEXTS = [
    *("".join(map(chr, range(first, min(first + 16, 127)))) for first in range(32, 127, 16)),
    *("".join(f"{pair:02}" for pair in range(first, first + 10)) for first in range(0, 100, 10)),
    "2026112688", "HX-20261126", "AB12345678", "12345678ab", "1234567890A", "9F3K7QWZ2MXP",
]  # fmt: skip
VOUCHER = "HX20261126QK"


def read(line: Line, taken: Line | None = None) -> Reading | None:
    """Return what is read of a line, or of another one whose code lies as in this one."""
    found = fit(line, [ends(line)])
    return None if found is None else found.read(line if taken is None else taken)


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_is_read_either_way_round(text: str) -> None:
    line = line_across(bars(text, CODE_128, 8), 0.6, noise=3)
    for way in (1, -1):
        found = read(np.ascontiguousarray(line[::way]))
        assert found is not None
        assert found.text == text
        assert found.explained > 0.9
        assert found.margin > 0.3


def test_bars_that_are_wider_on_one_side_are_read() -> None:
    found = read(line_across(bars(VOUCHER, CODE_128, 8), 0.5, noise=2, bow=0.004))
    assert found is not None
    assert found.text == VOUCHER


def test_what_is_no_text_is_left_to_decoders() -> None:
    line = line_across(bars("HX\t2026", CODE_128, 8), 0.5)
    found = read(line)
    assert found is not None
    assert found.text == ""
    (control,) = build_reader(ReaderName.ZXING, [Symbology.CODE_128]).read(bars("HX\t2026", CODE_128, 8))
    assert control.text == "HX\t2026"


def test_noise_fits_no_code() -> None:
    rng = np.random.default_rng(2)
    assert [fit(rng.normal(0, 30, 700).astype(np.float32), [(50, 650)]) for _ in range(20)] == [None] * 20


def test_a_word_that_cannot_be_told_is_no_doubt_where_the_check_tells_it_and_two_are_one() -> None:
    line = line_across(bars(VOUCHER, CODE_128, 8), 0.4)
    first_bar, _ = ends(line)

    def smeared(*words: int) -> Line:
        damaged = line.copy()
        for word in words:
            first = int(first_bar + 4 * 11 * word)
            damaged[first : first + 44] = line[first : first + 44].mean()
        return damaged

    clear, one, two = (read(line, smeared(*words)) for words in ((), (5,), (5, 6)))
    assert clear is not None
    assert one is not None
    assert two is not None
    assert clear.text == one.text == VOUCHER
    assert clear.margin > 4 * two.margin
    assert one.margin > 4 * two.margin


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("6920107258965", zxingcpp.BarcodeFormat.EAN13),
        ("12345678901234", zxingcpp.BarcodeFormat.ITF),
        ("AB12345", zxingcpp.BarcodeFormat.Code39),
        ("AB123456CD", zxingcpp.BarcodeFormat.Code93),
        ("A12345678B", zxingcpp.BarcodeFormat.Codabar),
    ],
)
@pytest.mark.parametrize("blur", [0.5, 2.5, 4])
def test_bars_of_another_kind_are_explained_by_no_text(text: str, kind: zxingcpp.BarcodeFormat, blur: float) -> None:
    rows = noisy(blurred(bars(text, kind, 4), blur), 2)[80:104:2].astype(np.float32)
    said = explanation(Symbology.CODE_128, np.repeat(rows, 2, axis=1), 0.0)
    assert said is None or not said.certain


@pytest.mark.parametrize("readers", [[ReaderName.PYZBAR], list(ReaderName)])
@pytest.mark.parametrize("degrees", [4, 125])
def test_the_pipeline_reads_bars_too_blurred_for_any_decoder(readers: list[ReaderName], degrees: float) -> None:
    frame = noisy(blurred(before_camera(rotated(bars(VOUCHER, CODE_128, 3), degrees)), 2.2), 3)
    assert [build_reader(name, DEFAULT_SYMBOLOGIES).read(frame) for name in ReaderName] == [[], []]
    (code,) = build_pipeline(readers).read_all(frame)
    assert (code.text, code.format) == (VOUCHER, Symbology.CODE_128)
    assert abs(code.centre[0] - 648) < 40
    assert abs(code.centre[1] - 486) < 40
    without_it = [Symbology.QR_CODE, Symbology.EAN_13]
    assert build_pipeline(readers, without_it).read_all(frame) == []
