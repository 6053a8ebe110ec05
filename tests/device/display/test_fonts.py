"""Text becomes pixels without loss: every glyph whole, what no font has as a box, nothing dropped."""

from __future__ import annotations

import dataclasses
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from device.display.errors import FontMissingError
from device.display.fonts import SOURCES, Face, load_face
from protocol.vocabulary import PHRASES

FACES = {px: load_face(px) for px in SOURCES}
PHRASE_TEXT = "".join(line for phrase in PHRASES.values() for line in (*phrase.zh, *phrase.en))
LETTERS = "".join(chr(code) for code in [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x180)])
MARKS = "，。、；：？！“”‘’（）《》【】—…·￥℃№①×√"

sizes = pytest.mark.parametrize("px", sorted(SOURCES))


def lit(picture: Image.Image) -> int:
    return sum(byte.bit_count() for byte in picture.tobytes())


def ink_of(font: ImageFont.FreeTypeFont, char: str) -> int:
    """Count the pixels that Pillow lights for a character, with room on all sides."""
    canvas = Image.new("1", (96, 96))
    pen = ImageDraw.Draw(canvas)
    pen.fontmode = "1"
    pen.text((32, 32), char, font=font, fill=1)
    return lit(canvas)


@sizes
def test_glyphs_are_whole(px: int) -> None:
    font = ImageFont.truetype(SOURCES[px].files[0][0], px, layout_engine=ImageFont.Layout.BASIC)
    for char in sorted({*PHRASE_TEXT, *LETTERS, *MARKS}):
        assert lit(FACES[px].render(char)) == ink_of(font, char), char


@sizes
def test_hanzi_take_the_size_and_fill_no_more_than_a_line(px: int) -> None:
    strip = FACES[px].render("请勿重复核销")
    assert strip.size == (6 * px, SOURCES[px].line_px)
    assert strip.mode == "1"


def test_sixteen_latin_letters_make_a_line_of_16_px() -> None:
    assert FACES[16].render("do not hand over").width == 128


@sizes
def test_letters_do_not_run_into_each_other(px: int) -> None:
    face = FACES[px]
    assert lit(face.render("¥12.50")) == sum(lit(face.render(char)) for char in "¥12.50")


@sizes
@pytest.mark.parametrize("char", ["\U0010ffff", "\U0002ebf0", "\ue000", "\ud800", "\U0001f9ff"])
def test_a_character_without_a_glyph_is_shown_all_the_same(px: int, char: str) -> None:
    strip = FACES[px].render(f"券{char}券")
    assert strip.width > 2 * px
    assert lit(strip) > 2 * lit(FACES[px].render("券"))


def test_a_missing_hanzi_is_a_box_as_wide_as_a_hanzi() -> None:
    box = FACES[12].render("\U0002ebf0")
    assert box.size == (12, 13)
    assert box.getbbox() == (1, 2, 11, 11)


def test_emoji_are_drawn_where_the_font_has_them() -> None:
    assert FACES[16].render("🎉").width == 16
    assert FACES[16].render("🎉").tobytes() != FACES[16].render("🎂").tobytes()


def test_the_cancel_cross_is_a_cross_at_both_sizes() -> None:
    assert FACES[12].render("✕").tobytes() == FACES[12].render("×").tobytes()
    assert lit(FACES[16].render("✕")) > 0


@sizes
@pytest.mark.parametrize(
    ("text", "drawn_as"),
    [
        ("a\nb\tc\u3000d", "a b c d"),
        ("cafe\u0301", "café"),
        ("\ufeff券\u200b\ufe0f", "券"),
        ("", ""),
    ],
)
def test_white_space_joiners_and_composed_letters(px: int, text: str, drawn_as: str) -> None:
    assert FACES[px].render(text).size == FACES[px].render(drawn_as).size
    assert FACES[px].render(text).tobytes() == FACES[px].render(drawn_as).tobytes()


@sizes
def test_a_mark_without_its_letter_is_shown_beside(px: int) -> None:
    strip = FACES[px].render("\u0301")
    assert lit(strip) > 0
    assert strip.width > 0


@given(st.text(max_size=24), st.sampled_from(sorted(SOURCES)))
def test_any_text_makes_a_strip_as_wide_as_its_characters(text: str, px: int) -> None:
    face = FACES[px]
    composed = unicodedata.normalize("NFC", text)
    assert face.render(text).width == sum(face.render(char).width for char in composed)
    for char in composed:
        if unicodedata.category(char)[0] in "LNS" and char.isascii():
            assert lit(face.render(char)) > 0, char


@sizes
def test_a_missing_font_names_its_package(px: int) -> None:
    source = dataclasses.replace(SOURCES[px], files=(("/nowhere/a.pcf", "/nowhere/b.pcf.gz"),))
    with pytest.raises(FontMissingError, match=f"apt install {SOURCES[px].package}"):
        Face(source)


def test_a_compressed_font_is_found_at_its_other_place() -> None:
    source = dataclasses.replace(SOURCES[12], files=(("/nowhere/a.pcf", SOURCES[12].files[0][0]),))
    assert Face(source).render("核").tobytes() == FACES[12].render("核").tobytes()
