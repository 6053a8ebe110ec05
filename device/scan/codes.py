"""A code that was read, and how its bytes become text.

Decoders guess character sets and guess wrong: zbar changes two thirds of Chinese payloads, zxing-cpp takes GBK for
Latin-1 or Shift JIS. So they are asked for the bytes, and the text is decided here, the same for every reader.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.scan.symbologies import Symbology

Point: TypeAlias = tuple[int, int]
Quad: TypeAlias = tuple[Point, Point, Point, Point]
Box: TypeAlias = tuple[int, int, int, int]

#: Control characters that structured payloads hold (ISO/IEC 15434, GS1 separators) beside white space.
_TEXT_CONTROLS = frozenset("\t\n\r\x04\x1d\x1e")
_BYTE_ORDER_MARK = "\ufeff"
_FIRST_ACCENTED = 0xC0
_NOT_LETTERS = frozenset({0xD7, 0xF7})  # the signs of multiplication and division
_ASCII_END = 0x80
_VOICING_MARK = re.compile("[\uff9e\uff9f]")
_VOICED_KANA = re.compile("[\uff73\uff76-\uff84\uff8a-\uff8e]\uff9e|[\uff8a-\uff8e]\uff9f")
_MARKS_OF_JAPANESE = 2


@dataclass(frozen=True, slots=True)
class Code:
    """One code read in one frame."""

    text: str | None
    """What it says; None where the bytes are no text."""
    raw: bytes
    """The payload as the decoder gave it, without any marks of encoding."""
    format: Symbology
    position: Quad
    """Corners in pixels of the frame, origin top left; a linear code's are those of the box around what was read."""

    @property
    def identity(self) -> str | bytes:
        """What makes it the same code in another frame, or for another reader."""
        return self.raw if self.text is None else self.text

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of its corners, in pixels."""
        return sum(x for x, _ in self.position) / 4, sum(y for _, y in self.position) / 4

    def moved(self, place: Callable[[Point], Point]) -> Code:
        """Return the same code as it lies in another picture: with each corner where ``place`` says."""
        first, second, third, fourth = map(place, self.position)
        return replace(self, position=(first, second, third, fourth))

    @property
    def box(self) -> Box:
        """The upright box around it: left, top, right, bottom in pixels."""
        xs, ys = zip(*self.position, strict=True)
        return min(xs), min(ys), max(xs), max(ys)


def quad_around(points: list[Point]) -> Quad:
    """Return the corners of the upright box around any number of points, clockwise from top left."""
    xs, ys = zip(*points, strict=True)
    left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
    return (left, top), (right, top), (right, bottom), (left, bottom)


def decode_text(raw: bytes, declared: str | None = None) -> str | None:
    """Return the text that a payload holds, or None where it holds none.

    ``declared`` is the Python name of the character set that the symbol or its kind prescribes, and is believed.
    Without one: UTF-8; Shift JIS where it looks like half-width kana; GB 2312; Shift JIS where it holds kana; Latin-1
    where accents stand alone between ASCII, as in French; GB 18030. Text holds no NUL or other control character, and
    none that is unassigned or private.
    """
    if declared is not None:
        return _strict(raw, declared)
    for charset, fits in _GUESSES:
        text = _strict(raw, charset)
        if text is not None and fits(raw, text):
            return text
    return None


def _strict(raw: bytes, charset: str) -> str | None:
    try:
        text = raw.decode(charset)
    except UnicodeDecodeError:
        return None
    text = text.removeprefix(_BYTE_ORDER_MARK)
    return text if all(map(_belongs_in_text, text)) else None


def _belongs_in_text(character: str) -> bool:
    category = unicodedata.category(character)
    return not category.startswith("C") or category == "Cf" or character in _TEXT_CONTROLS


def _anything(_raw: bytes, _text: str) -> bool:
    return True


def _holds_half_width_kana(_raw: bytes, text: str) -> bool:
    """Return whether voicing marks follow the kana they can follow, twice at least: what Chinese bytes hardly do."""
    foreign = any(not (character.isascii() or "\uff61" <= character <= "\uff9f") for character in text)
    marks = _VOICING_MARK.findall(text)
    return not foreign and len(_VOICED_KANA.findall(text)) == len(marks) >= _MARKS_OF_JAPANESE


def _holds_kana(_raw: bytes, text: str) -> bool:
    return any("\u3041" <= character <= "\u30fa" for character in text)


def _accents_stand_alone(raw: bytes, _text: str) -> bool:
    accents = [index for index, byte in enumerate(raw) if byte >= _ASCII_END]
    letters = all(raw[index] >= _FIRST_ACCENTED and raw[index] not in _NOT_LETTERS for index in accents)
    return letters and all(later - earlier > 1 for earlier, later in pairwise(accents))


_GUESSES = (
    ("utf-8", _anything),
    ("shift_jis", _holds_half_width_kana),
    ("gb2312", _anything),
    ("shift_jis", _holds_kana),
    ("latin-1", _accents_stand_alone),
    ("gb18030", _anything),
)
