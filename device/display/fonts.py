"""The two bitmap fonts of the screen, found where Debian and Raspberry Pi OS install them.

A face turns text into a one-bit strip of a fixed height in which every glyph is whole: one that the font lacks, or
that is taller than the line, becomes a box. Outline fonts are of no use here: at 12 pixels 重 and 请 clog up.

Why these two, compared by eye: the hanzi of GNU Unifont and of WenQuanYi at 16 px are all but the same drawings
(核销成功, 请勿重复核销, 当前门店不适用), but Unifont sets Latin in even cells of 8 pixels that end inside the line.
WenQuanYi's letters at that size are 3 to 14 pixels wide, touch (``09-12``), and hang one row below a line of 16 (g, p,
y). Unifont also brings emoji, which voucher names hold. It has no 12 px size; there WenQuanYi is crisp in every stroke.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from device.display.errors import FontMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Never assigned to a character by Unicode, so that a font draws it as it draws everything that it lacks.
_NONCHARACTER = "\U0010ffff"

#: Signs that screens use and a font may lack, and what every font here has in their place.
_STAND_INS = {"✕": "×", "✓": "√"}

_GLYPHS_KEPT = 1024
_STRIPS_KEPT = 16


@dataclass(frozen=True, slots=True)
class FontSource:
    """One size of text: how high its lines are, and the font files that Debian's package brings."""

    px: int
    line_px: int
    """Height of a line's strip: descenders included."""
    above_px: int
    """Rows between the font's own top and the strip's top, used only by accents, which then move down."""
    package: str
    files: tuple[tuple[str, ...], ...]
    """For each file the places to look at; the first file must be there, the others fill in what it lacks."""


SOURCES = {
    16: FontSource(
        px=16,
        line_px=16,
        above_px=0,
        package="fonts-unifont",
        files=(
            (
                "/usr/share/fonts/opentype/unifont/unifont.otf",
                "/usr/share/fonts/truetype/unifont/unifont.ttf",
            ),
            # Emoji and rare hanzi: voucher names do hold them.
            (
                "/usr/share/fonts/opentype/unifont/unifont_upper.otf",
                "/usr/share/fonts/truetype/unifont/unifont_upper.ttf",
            ),
        ),
    ),
    12: FontSource(
        px=12,
        line_px=13,
        above_px=1,
        package="xfonts-wqy",
        files=(
            (
                "/usr/share/fonts/X11/misc/wenquanyi_9pt.pcf",
                "/usr/share/fonts/X11/misc/wenquanyi_9pt.pcf.gz",
            ),
        ),
    ),
}


def load_face(px: int) -> Face:
    """Return the face for text of 16 or 12 pixels; raise FontMissingError where its package is not installed."""
    return Face(SOURCES[px])


class Face:
    """One size of text, as strips of pixels."""

    def __init__(self, source: FontSource) -> None:
        """Open the fonts; glyphs are drawn when first wanted, and kept."""
        self.source = source
        self._fonts = tuple(
            # Basic layout: one glyph per character, at its exact size, on every Pillow alike.
            ImageFont.truetype(str(path), source.px, layout_engine=ImageFont.Layout.BASIC)
            for path in _installed(source)
        )
        self._glyph = lru_cache(maxsize=_GLYPHS_KEPT)(self._draw_glyph)
        self._strip = lru_cache(maxsize=_STRIPS_KEPT)(self._draw_strip)

    def render(self, text: str) -> Image.Image:
        """Return the text in one line: mode "1", as wide as the text, as high as a line; not to be drawn upon."""
        return self._strip(text)

    def _draw_strip(self, text: str) -> Image.Image:
        glyphs = [self._glyph(char) for char in _drawable(text)]
        strip = Image.new("1", (sum(glyph.width for glyph in glyphs), self.source.line_px))
        x = 0
        for glyph in glyphs:
            strip.paste(glyph, (x, 0))
            x += glyph.width
        return strip

    def _draw_glyph(self, char: str) -> Image.Image:
        for font in self._fonts:
            ink = _ink(font, char)
            if ink is None:
                continue
            glyph = _fit(ink, self.source)
            if glyph is not None:
                return glyph
        stand_in = _STAND_INS.get(char)
        return _box(char, self.source) if stand_in is None else self._glyph(stand_in)


@dataclass(frozen=True, slots=True)
class _Ink:
    """What a font draws for a character: the pixels that are set, where they lie, and how far the pen moves."""

    pixels: Image.Image
    left: int
    top: int
    advance: int


def _installed(source: FontSource) -> Iterator[Path]:
    for places in source.files:
        found = next((Path(place) for place in places if Path(place).exists()), None)
        if found is not None:
            yield found
        elif places is source.files[0]:
            msg = f"the font for {source.px} px text is not installed ({places[0]}): apt install {source.package}"
            raise FontMissingError(msg)


def _drawable(text: str) -> Iterator[str]:
    """Yield what there is to draw: composed letters, spaces for white space, no joiners nor variation selectors."""
    for char in unicodedata.normalize("NFC", text):
        if char.isspace():
            yield " "
        elif unicodedata.category(char) != "Cf" and not "\ufe00" <= char <= "\ufe0f":
            yield char


def _ink(font: ImageFont.FreeTypeFont, char: str) -> _Ink | None:
    """Return what the font draws for a character; None where the font lacks it."""
    ink = _render(font, char)
    if char == " ":
        return ink
    missing = _render(font, _NONCHARACTER)
    return None if ink.pixels.tobytes() == missing.pixels.tobytes() and ink.advance == missing.advance else ink


def _render(font: ImageFont.FreeTypeFont, char: str) -> _Ink:
    margin = int(font.size)
    advance = round(font.getlength(char))
    canvas = Image.new("1", (advance + 2 * margin, 3 * margin))
    pen = ImageDraw.Draw(canvas)
    pen.fontmode = "1"  # no grey: a pixel of an OLED is lit or dark
    pen.text((margin, margin), char, font=font, fill=1)
    left, top, right, bottom = canvas.getbbox() or (margin, margin, margin, margin)
    return _Ink(canvas.crop((left, top, right, bottom)), left - margin, top - margin, advance)


def _fit(ink: _Ink, source: FontSource) -> Image.Image | None:
    """Return the glyph in a cell of its own, wide enough for all its ink; None where it is higher than a line."""
    if ink.pixels.height > source.line_px:
        return None
    left = max(0, ink.left)  # a combining mark lies left of its pen, over the letter before it: set it beside
    top = min(max(0, ink.top - source.above_px), source.line_px - ink.pixels.height)
    cell = Image.new("1", (max(ink.advance, left + ink.pixels.width), source.line_px))
    cell.paste(ink.pixels, (left, top))
    return cell


def _box(char: str, source: FontSource) -> Image.Image:
    """Return the sign for a character that cannot be drawn, as wide as its neighbours."""
    width = source.px if unicodedata.east_asian_width(char) in "WF" else source.px // 2
    cell = Image.new("1", (width, source.line_px))
    ImageDraw.Draw(cell).rectangle((1, 2, width - 2, source.px - 2), outline=1)
    return cell
