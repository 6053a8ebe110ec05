"""Code 128 out of blur: the text that explains the bars is read, and nothing where a doubt is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import zxingcpp

from device.scan.code_128 import _spelt, fit
from device.scan.decoders import build_reader
from device.scan.explained import explanation
from device.scan.pipeline import build_pipeline
from device.scan.profile import Profile
from device.scan.symbologies import DEFAULT_SYMBOLOGIES, ReaderName, Symbology

from .drawing import bars, before_camera, blurred, ends, line_across, noisy, rotated

if TYPE_CHECKING:
    from device.scan.drawn_bars import Reading

    from .drawing import Frame, Line

CODE_128 = zxingcpp.BarcodeFormat.Code128
#: Every character and pair that the writer's sets B and C have, and turns from one to the other within a text.
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


def said(line: Line) -> str | None:
    """Return what a kiosk would believe of a line."""
    found = explanation(Symbology.CODE_128, Profile(line, (line, line)), ends(line))
    return found.text if found is not None and found.certain else None


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


@pytest.mark.parametrize(
    ("code_set", "words", "text"),
    [
        ("A", [40, 56, 100, 65], "HXa"),  # turns to B
        ("B", [40, 101, 56, 99, 20], "HX20"),  # turns to A, then to C
        ("C", [99, 0], "9900"),  # 99 is a pair of digits here
        ("A", [64], ""),  # a control character
        ("B", [95], ""),
        ("B", [98, 65], ""),  # a shift
        ("C", [102, 12], ""),  # a function: GS1-128
        ("B", [100, 40], ""),
    ],
)
def test_words_say_what_the_standard_says_and_no_control_characters(code_set: str, words: list[int], text: str) -> None:
    assert _spelt(code_set, words) == text


def test_what_is_no_text_is_left_to_decoders() -> None:
    control = bars("HX\t2026", CODE_128, 8)
    found = read(line_across(control, 0.5))
    assert found is not None
    assert found.text == ""
    (code,) = build_reader(ReaderName.ZXING, [Symbology.CODE_128]).read(control)
    assert code.text == "HX\t2026"


def covered(text: str, first: int, last: int, shade: int) -> Frame:
    """Return bars of 8 pixels a module of which some modules are covered, counted from the first bar."""
    picture = bars(text, CODE_128, 8)
    begin = int(np.flatnonzero(picture[100] < 64)[0])
    picture[:, max(begin + 8 * first, 0) : begin + 8 * last] = shade
    return picture


@pytest.mark.parametrize("words", range(1, 9))
@pytest.mark.parametrize("blur", [0.4, 0.9])
@pytest.mark.parametrize("text", [VOUCHER, "22334455667788990011223344", "3A3B3C3D3E3F3G", "12L12M12N12O12P12"])
def test_a_code_whose_beginning_or_end_is_covered_is_not_taken_for_a_shorter_one(
    text: str, words: int, blur: float
) -> None:
    whole = line_across(bars(text, CODE_128, 8), blur)
    assert said(whole) == text
    modules = round((ends(whole)[1] - ends(whole)[0]) / 4)
    assert said(line_across(covered(text, 0, 11 * words, 255), blur, noise=2)) in {None, ""}
    assert said(line_across(covered(text, modules - 2 - 11 * words, modules, 255), blur, noise=2)) in {None, ""}


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_a_stroke_over_a_code_leaves_its_text_or_none(shade: int) -> None:
    right = 0
    for first in range(11, 130, 3):
        found = said(line_across(covered(VOUCHER, first, first + 4, shade), 0.5, noise=2))
        assert found in {None, "", VOUCHER}
        right += found == VOUCHER
    assert right > 0


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
        (VOUCHER, CODE_128),
    ],
)
@pytest.mark.parametrize("blur", [0.4, 0.7])
def test_bars_of_another_kind_are_explained_by_no_text(text: str, kind: zxingcpp.BarcodeFormat, blur: float) -> None:
    found = said(line_across(bars(text, kind, 8), blur, noise=2))
    assert found == (text if kind is CODE_128 else None) or (kind is not CODE_128 and not found)


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
