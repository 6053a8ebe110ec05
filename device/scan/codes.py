"""A code that was read, and how its bytes become text.

Decoders guess character sets and guess wrong: zbar changes two thirds of Chinese payloads, zxing-cpp takes GBK for
Latin-1 or Shift JIS. So they are asked for the bytes, and the text is decided here, the same for every reader.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from protocol.classify import classify
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.scan.symbologies import Symbology

Point: TypeAlias = tuple[int, int]
Quad: TypeAlias = tuple[Point, Point, Point, Point]
Box: TypeAlias = tuple[int, int, int, int]

_BYSTANDERS = frozenset({Verdict.PAYMENT_CODE, Verdict.FOLLOW_CODE, Verdict.CLAIM_CODE})
#: Control characters that structured payloads hold (ISO/IEC 15434, GS1 separators) beside white space.
_TEXT_CONTROLS = frozenset("\t\n\r\x04\x1d\x1e")
_BYTE_ORDER_MARK = "\ufeff"
#: Of Windows-1252, which is Latin-1 with more signs: small letters with accents, all such letters, and what else French
#: and its neighbours write.
_SMALL = "àáâãäåæçèéêëìíîïñòóôõöøùúûüý"
_ALONE = _SMALL + _SMALL.upper() + "ßÿŸœŒšŠžŽ" + "\u00a0€£§©®°²³µ·«»¡¿¼½¾…–—‘’“”"
_HIGH = re.compile(rb"[\x80-\xff]+")
_ALONE_BESIDE_ASCII = re.compile(
    rb"(?<=[\x00-\x7f])[%b]|[%b](?=[\x00-\x7f])" % ((re.escape(_ALONE.encode("cp1252")),) * 2)
)
#: Accents that stand together in words of French, Portuguese, Spanish, German and Finnish: any two may be a hanzi.
_TOGETHER = f"’[{_SMALL}œ]|é[âèéêïô]|ç[àáâãéêíóôõú]|ñ[áéíóú]|[äöü]ß|ää|öö"
_TWO_IN_A_WORD = re.compile(rb"(?<=[A-Za-z])(?:%b)(?![\x80-\xff])" % _TOGETHER.encode("cp1252"))
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
    def is_bystander(self) -> bool:
        """Whether it is one to pay, to follow or to claim by: they hang in shops, and a voucher may be beside them."""
        return classify(self.text).verdict in _BYSTANDERS

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


def same_place(one: Box, other: Box) -> bool:
    """Return whether the middle of one box lies within the other: what two codes side by side never do."""
    return _holds_middle(one, other) or _holds_middle(other, one)


def _holds_middle(box: Box, other: Box) -> bool:
    x, y = (other[0] + other[2]) / 2, (other[1] + other[3]) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def quad_around(points: list[Point]) -> Quad:
    """Return the corners of the upright box around any number of points, clockwise from top left."""
    xs, ys = zip(*points, strict=True)
    left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
    return (left, top), (right, top), (right, bottom), (left, bottom)


def decode_text(raw: bytes, declared: str | None = None) -> str | None:
    """Return the text that a payload holds, or None where it holds none.

    ``declared`` is the Python name of the character set that the symbol or its kind prescribes, and is believed.
    Without one: UTF-8; Shift JIS where it looks like half-width kana; Windows-1252 where accents and signs stand alone
    beside ASCII, or two in a word, as in French; GB 2312; Shift JIS where it holds kana; GB 18030. Text holds no NUL or
    other control character, and none that is unassigned or private.
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


def _is_western(raw: bytes, _text: str) -> bool:
    """Return whether accents and signs stand alone beside ASCII, or two in a word as in «créée»: rare hanzi at most."""
    runs = [(run.start(), run[0]) for run in _HIGH.finditer(raw)]
    return all((_ALONE_BESIDE_ASCII if len(run) == 1 else _TWO_IN_A_WORD).match(raw, at) for at, run in runs)


_GUESSES = (
    ("utf-8", _anything),
    ("shift_jis", _holds_half_width_kana),
    ("cp1252", _is_western),
    ("gb2312", _anything),
    ("shift_jis", _holds_kana),
    ("gb18030", _anything),
)
