"""How payload bytes become text, and what a code knows of its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.scan.codes import Code, decode_text, quad_around
from device.scan.symbologies import Symbology


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("2026 ABC-xyz", "ascii"),
        ("核销成功 café", "utf-8"),
        ("核销成功,请交付商品", "gb2312"),
        ("朱镕基 团购券", "gb18030"),
        ("Café crème, déjà vu", "latin-1"),
        ("Une carte créée pour la réélection au théâtre", "latin-1"),
        ("N° 12 à gauche, 10 µm, 20 £", "latin-1"),
        ("« Bonjour »", "latin-1"),
        ("L’œuvre coûte 5 €", "cp1252"),
        ("Größe für Frühstück", "latin-1"),
        ("A promoção não é acumulável com outras promoções", "latin-1"),
        ("El cañón pequeño costó más", "latin-1"),
        ("Hyvää päivää, kiitos työstä", "latin-1"),
        ("Spaß und Füße, süß", "latin-1"),
        ("vip鲜花券", "gb2312"),
        ("A桢1", "gb2312"),
        ("VIP琪88", "gb2312"),
        ("T恤 A座 M号", "gb2312"),
        ("A熹茶满减券, VIP熹茶", "gb2312"),
        ("点茗テスト", "shift_jis"),
        ("*ﾃﾞｻﾞｲﾝQR*", "shift_jis"),
        ("团约无卡", "gb2312"),
        ("(01)06901234567892\x1d21ABC", "ascii"),
        ("two\r\nlines\t", "ascii"),
    ],
)
def test_text_comes_right_without_a_declared_character_set(text: str, charset: str) -> None:
    assert decode_text(text.encode(charset)) == text


def test_a_declared_character_set_is_believed() -> None:
    assert decode_text("Привет".encode("cp1251"), "cp1251") == "Привет"
    assert decode_text("繁體中文".encode("big5"), "big5") == "繁體中文"


@pytest.mark.parametrize("raw", [b"abc\x00def", bytes(range(256)), b"\xff\xfe\xfd", b"\x1b[2J", b"\x80"])
def test_bytes_that_are_no_text_have_none(raw: bytes) -> None:
    assert decode_text(raw) is None


def test_a_byte_order_mark_is_no_text() -> None:
    assert decode_text("\ufeff券".encode()) == "券"


@given(st.text(st.characters(exclude_categories=["C", "Z"])))
def test_all_utf_8_text_survives(text: str) -> None:
    assert decode_text(text.encode()) == text


@given(st.binary())
def test_whatever_is_called_text_holds_no_control_characters(raw: bytes) -> None:
    text = decode_text(raw) or ""
    assert not set(text) & {chr(number) for number in range(32) if chr(number) not in "\t\r\n\x04\x1d\x1e"}


def test_text_makes_the_identity_where_there_is_any() -> None:
    corners = quad_around([(10, 20), (30, 60), (20, 5)])
    payloads = (("é", b"\xe9"), ("é", "é".encode()), (None, b"\x00"))
    codes = [Code(text, raw, Symbology.QR_CODE, corners) for text, raw in payloads]
    assert [code.identity for code in codes] == ["é", "é", b"\x00"]


def test_a_code_knows_its_place() -> None:
    code = Code("x", b"x", Symbology.QR_CODE, ((0, 10), (20, 0), (30, 20), (10, 30)))
    twice_as_large = code.moved(lambda point: (point[0] * 2, point[1] * 2))
    assert [code.box, twice_as_large.box] == [(0, 0, 30, 30), (0, 0, 60, 60)]
    assert code.centre == (15, 15)
