"""The two decoders: the same words for the same code, the bytes as they are, and no belief in noise."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
import pytest
import segno
import zxingcpp
from segno import consts, encoder

from device.scan.codes import Code, quad_around
from device.scan.decoders import build_reader
from device.scan.errors import ReaderError
from device.scan.qr_layout import layout
from device.scan.readers import Kind, believable
from device.scan.symbologies import DEFAULT_SYMBOLOGIES, ReaderName, Symbology

from .drawing import bars, before_camera, qr

if TYPE_CHECKING:
    from device.scan.readers import Reader

KINDS = {
    Symbology.CODE_128: ("AB-12345", zxingcpp.BarcodeFormat.Code128),
    Symbology.CODE_39: ("AB12345", zxingcpp.BarcodeFormat.Code39),
    Symbology.CODE_93: ("AB12345", zxingcpp.BarcodeFormat.Code93),
    Symbology.ITF: ("12345670", zxingcpp.BarcodeFormat.ITF),
    Symbology.CODABAR: ("A12345B", zxingcpp.BarcodeFormat.Codabar),
    Symbology.EAN_13: ("6901234567892", zxingcpp.BarcodeFormat.EAN13),
    Symbology.EAN_8: ("96385074", zxingcpp.BarcodeFormat.EAN8),
}


@pytest.fixture(params=list(ReaderName))
def reader(request: pytest.FixtureRequest) -> Reader:
    return build_reader(request.param, DEFAULT_SYMBOLOGIES)


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ("核销 café 你好".encode(), "核销 café 你好"),
        ("核销成功 ABC".encode("gbk"), "核销成功 ABC"),
        ("Café crème".encode("latin-1"), "Café crème"),
        (b"abc\x00def", None),
        (bytes(range(256)), None),
        (b"x" * 2953, "x" * 2953),
    ],
)
def test_payload_bytes_are_exact(reader: Reader, payload: bytes, text: str | None) -> None:
    scale = 3 if len(payload) > 1000 else 6
    (code,) = reader.read(before_camera(qr(payload, scale=scale)))
    assert (code.raw, code.text, code.format) == (payload, text, Symbology.QR_CODE)


@pytest.mark.parametrize(
    ("text", "charset", "zbar_raw"),
    [
        ("Café", "latin-1", "Café".encode()),
        ("Привет", "iso8859-5", "Привет".encode()),
        ("Café €", "iso8859-15", "Café €".encode()),
        ("核销", "utf-8", "核销".encode()),
        ("核销", "gb18030", "核销".encode("gb18030")),
        ("カタカナ", "shift_jis", "カタカナ".encode("shift_jis")),
    ],
)
def test_a_declared_character_set_gives_the_same_text_with_both_and_zbar_makes_utf_8_of_iso_8859(
    text: str, charset: str, zbar_raw: bytes
) -> None:
    read = {
        name: build_reader(name, DEFAULT_SYMBOLOGIES).read(qr(text, encoding=charset, eci=True)) for name in ReaderName
    }
    assert [(code.text, code.raw) for code in read[ReaderName.ZXING]] == [(text, text.encode(charset))]
    assert [(code.text, code.raw) for code in read[ReaderName.PYZBAR]] == [(text, zbar_raw)]


@pytest.mark.parametrize(
    ("text", "charset", "guessed"),
    [("Привет", "cp1251", "橡桠弪"), ("Café €", "cp1252", "Café €"), ("核销", "utf-16-be", None)],
)
def test_zbar_does_not_tell_of_other_character_sets_and_the_bytes_are_guessed_from(
    text: str, charset: str, guessed: str | None
) -> None:
    (code,) = build_reader(ReaderName.PYZBAR, DEFAULT_SYMBOLOGIES).read(qr(text, encoding=charset, eci=True))
    assert (code.text, code.raw) == (guessed, text.encode(charset))


def test_zxing_reads_what_a_symbol_declares_and_backslashes_that_declare_nothing() -> None:
    zxing = build_reader(ReaderName.ZXING, DEFAULT_SYMBOLOGIES)
    assert [code.text for code in zxing.read(qr("Привет", encoding="cp1251", eci=True))] == ["Привет"]
    assert [code.text for code in zxing.read(qr(r"a\000022b"))] == [r"a\000022b"]
    assert [code.text for code in zxing.read(qr("é \\000022", encoding="utf-8", eci=True))] == ["é \\000022"]


@pytest.mark.parametrize("kind", KINDS)
def test_both_readers_use_one_notation(kind: Symbology) -> None:
    text, drawn_as = KINDS[kind]
    found = [build_reader(name, [kind]).read(bars(text, drawn_as)) for name in ReaderName]
    assert [{(code.text, code.format) for code in codes} for codes in found] == [{(text, kind)}] * 2


def test_upc_a_is_ean_13_with_a_leading_zero(reader: Reader) -> None:
    picture = bars("012345678905", zxingcpp.BarcodeFormat.UPCA)
    assert {(code.text, code.format) for code in reader.read(picture)} == {("0012345678905", Symbology.EAN_13)}


@pytest.mark.parametrize(
    ("kind", "drawn_as"),
    [
        (Symbology.DATA_MATRIX, zxingcpp.BarcodeFormat.DataMatrix),
        (Symbology.AZTEC, zxingcpp.BarcodeFormat.Aztec),
        (Symbology.PDF417, zxingcpp.BarcodeFormat.PDF417),
        (Symbology.MICRO_QR_CODE, zxingcpp.BarcodeFormat.MicroQRCode),
    ],
)
def test_square_codes_that_zbar_does_not_know(kind: Symbology, drawn_as: zxingcpp.BarcodeFormat) -> None:
    picture = bars("12345", drawn_as)
    (code,) = build_reader(ReaderName.ZXING, [kind]).read(picture)
    assert (code.text, code.format) == ("12345", kind)
    zbar = build_reader(ReaderName.PYZBAR, [kind])
    assert zbar.reads == frozenset()
    assert zbar.read(picture) == []


def test_what_is_not_configured_is_not_read() -> None:
    for name in ReaderName:
        assert build_reader(name, [Symbology.EAN_13]).read(qr("hello")) == []
        assert build_reader(name, [Symbology.QR_CODE]).read(bars(*KINDS[Symbology.CODE_128])) == []


def test_small_kinds_of_qr_code_are_not_read_as_one_that_is_damaged() -> None:
    """They need one of the three corners and correct hardly anything: a code with a lamp on two of them looks so."""
    zxing = build_reader(ReaderName.ZXING, [Symbology.QR_CODE])
    small = bars("12345", zxingcpp.BarcodeFormat.MicroQRCode)
    assert zxing.read(small) == []
    codes, traces = zxing.glance(small)
    assert (codes, [trace.kind for trace in traces]) == ([], [None])


def test_a_code_that_is_too_damaged_leaves_a_trace_of_its_kind() -> None:
    drawn = segno.make_qr("a voucher that says a little more", version=4, error="m", mask=3, boost_error=False)
    picture = np.array([[0 if dark else 255 for dark in row] for row in drawn.matrix_iter(scale=6, border=4)], np.uint8)
    damaged, middle = picture.copy(), slice(6 * (4 + 9), 6 * (4 + 26))
    damaged[middle, middle] = 255
    zxing = build_reader(ReaderName.ZXING, DEFAULT_SYMBOLOGIES)
    assert zxing.read(damaged) == []
    codes, (trace, *_) = zxing.glance(damaged)
    assert (codes, trace.kind) == ([], Kind(4, "M", 3))
    assert np.abs(np.array(trace.corners) - 6 * np.array([[4, 4], [37, 4], [37, 37], [4, 37]])).max() <= 3
    assert zxing.glance(np.full_like(picture, 255)) == ([], [])
    codes, _ = zxing.glance(picture)
    assert [code.text for code in codes] == ["a voucher that says a little more"]


@pytest.mark.parametrize(
    ("text", "charset"), [("voucher 2026 ABC-xyz " * 9, "ascii"), ("Café crème, déjà vu. " * 9, "latin-1")]
)
def test_each_of_a_set_of_joined_symbols_is_read_to_the_byte(text: str, charset: str) -> None:
    zxing = build_reader(ReaderName.ZXING, DEFAULT_SYMBOLOGIES)
    parts = segno.make_sequence(text, version=4, encoding=charset)
    assert len(parts) > 2
    read = b""
    for part in parts:
        rows = [[0 if dark else 255 for dark in row] for row in part.matrix_iter(scale=6, border=4)]
        (code,) = zxing.read(np.array(rows, np.uint8))
        assert code.text == code.raw.decode(charset)
        read += code.raw
    assert read == text.encode(charset)


def joined(payload: bytes, which: int, of: int, declared: int | None) -> np.ndarray:
    """Return one of a set of joined symbols, of version 4-L: its bytes, after the character set that it declares."""
    fields = [(0b0011, 4), (which, 4), (of - 1, 4), (0x5A, 8)]
    fields += [] if declared is None else [(0b0111, 4), (declared, 8)]
    fields += [(0b0100, 4), (len(payload), 8), *((byte, 8) for byte in payload), (0, 4)]
    bits = "".join(f"{value:0{width}b}" for value, width in fields)
    bits += "0" * (-len(bits) % 8) + f"{0xEC11:016b}" * 40
    buffer = encoder.Buffer(map(int, bits[: 80 * 8]))  # type: ignore[no-untyped-call]
    whole = encoder.make_final_message(4, consts.ERROR_LEVEL_L, buffer)  # type: ignore[no-untyped-call]
    drawn = layout(4).drawn(np.array(whole.getbits()[: 100 * 8], np.int8), "L", 2)
    dark = np.pad(drawn, 4).repeat(6, 0).repeat(6, 1)
    return np.where(dark, np.uint8(0), np.uint8(255))


@pytest.mark.parametrize(
    ("charset", "declared", "text"),
    [
        ("utf-8", None, "核销成功 café 你好, "),
        ("utf-8", 26, "核销成功 café 你好, "),
        ("gbk", None, "核销成功 ABC 朱镕基, "),
        ("gbk", 29, "核销成功 ABC 朱镕基, "),
        ("latin-1", None, "Une carte créée à Noël, "),
        ("latin-1", 3, "Une carte créée à Noël, "),
    ],
)
def test_each_of_a_set_of_joined_symbols_is_read_by_zxing_declared_or_not_and_the_set_by_zbar_where_it_is_whole(
    charset: str, declared: int | None, text: str
) -> None:
    parts = [text * times for times in (1, 2)]
    pictures = [joined(part.encode(charset), which, 2, declared) for which, part in enumerate(parts)]
    zxing, zbar = (build_reader(name, DEFAULT_SYMBOLOGIES) for name in (ReaderName.ZXING, ReaderName.PYZBAR))
    read = [[(code.raw, code.text) for code in zxing.read(picture)] for picture in pictures]
    assert read == [[(part.encode(charset), part)] for part in parts]
    assert [zbar.read(picture) for picture in pictures] == [[], []]
    (whole,) = zbar.read(np.concatenate(pictures, axis=1))
    assert whole.text == "".join(parts)


@pytest.mark.parametrize("payload", [bytes(range(256)), "核销成功".encode() * 20, "核销成功".encode("gbk") * 25])
def test_bytes_that_joined_symbols_part_anywhere_are_exact(payload: bytes) -> None:
    """Even between the bytes of one character: then a part need not be a text, or the one that was meant."""
    parts = [payload[start : start + 59] for start in range(0, len(payload), 59)]
    zxing = build_reader(ReaderName.ZXING, DEFAULT_SYMBOLOGIES)
    read = [zxing.read(joined(part, which, len(parts), None)) for which, part in enumerate(parts)]
    assert [[code.raw for code in codes] for codes in read] == [[part] for part in parts]


def test_one_of_a_set_of_joined_symbols_is_read_by_zxing_and_left_alone_by_zbar() -> None:
    text = "a structured append message " * 8
    drawn = segno.make_sequence(text, version=3)
    pictures = [
        np.array([[0 if dark else 255 for dark in row] for row in part.matrix_iter(scale=6, border=4)], np.uint8)
        for part in drawn
    ]
    zxing, zbar = (build_reader(name, DEFAULT_SYMBOLOGIES) for name in (ReaderName.ZXING, ReaderName.PYZBAR))
    read = [[code.text for code in zxing.read(picture)] for picture in pictures]
    assert read == [[text[start : start + 45]] for start in range(0, len(text), 45)]
    assert [zbar.read(picture) for picture in pictures] == [[]] * len(pictures)


def test_positions_go_round_clockwise_from_the_codes_own_top_left(reader: Reader) -> None:
    upright = before_camera(qr("place"))
    (code,) = reader.read(upright)
    left, top, right, bottom = code.box
    assert abs((left + right) / 2 - 648) < 3
    assert abs((top + bottom) / 2 - 486) < 3
    (turned,) = reader.read(np.rot90(upright))
    for picture_code, corner in ((code, (0, 0)), (turned, (0, 1))):
        x, y = picture_code.position[0]
        assert (x > picture_code.centre[0], y > picture_code.centre[1]) == tuple(map(bool, corner))


def test_padded_rows_are_read(reader: Reader) -> None:
    picture = qr("padded")
    rows = np.full((picture.shape[0], picture.shape[1] + 48), 7, np.uint8)
    rows[:, : picture.shape[1]] = picture
    assert [code.text for code in reader.read(rows[:, : picture.shape[1]])] == ["padded"]


def test_an_old_zbar_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("device.scan.zbar_reader"), "_library_version", lambda: (0, 23, 90))
    with pytest.raises(ReaderError, match=r"libzbar 0.23.90 crashes on some codes; 0.23.92 or newer"):
        build_reader(ReaderName.PYZBAR, DEFAULT_SYMBOLOGIES)


def test_one_reader_works_where_the_other_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, library in ((ReaderName.ZXING, "zxingcpp"), (ReaderName.PYZBAR, "pyzbar")):
        with monkeypatch.context() as without:
            without.setitem(sys.modules, library, None)
            without.delitem(sys.modules, "device.scan.zxing_reader", raising=False)
            without.delitem(sys.modules, "device.scan.zbar_reader", raising=False)
            with pytest.raises(ReaderError, match="is not installed"):
                build_reader(name, DEFAULT_SYMBOLOGIES)
            (other,) = set(ReaderName) - {name}
            assert build_reader(other, DEFAULT_SYMBOLOGIES).read(qr("alone"))


def test_short_reads_of_unchecked_codes_are_noise() -> None:
    corners = quad_around([(0, 0), (9, 9)])
    codes = [
        Code(text, text.encode(), kind, corners)
        for text, kind in (
            ("1", Symbology.CODE_39),
            ("12", Symbology.ITF),
            ("AB12", Symbology.CODE_39),
            ("", Symbology.QR_CODE),
        )
    ]
    assert [code.text for code in believable(codes)] == ["AB12"]
