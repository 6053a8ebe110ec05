"""Code 128 read from what blur leaves of it, as EAN-13 is (``ean.py``): the text whose bars best explain a profile.

How many words a code holds is not known before it is read. Its first and last piece are looked for at each length that
it may have, and the likeliest lengths are tried whole. Each word is one of 103 looks, and the last one checks the
others, each times its place, by a remainder of 103 (ISO/IEC 15417).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from device.scan.checked import cheapest
from device.scan.drawn_bars import QUIET, Fit, Layout, Place, looks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.scan.drawn_bars import Costs, Floats, Looks, Pieces

_WORD = 11  # modules
#: Widths of bars and spaces in turn: the words, the beginnings of the code sets A, B and C, and the end.
_WIDTHS = """
212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 123122
123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 232121 111323
131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131
213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 121124 121421 141122
141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 124112
124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141
411131 211412 211214 211232 2331112
"""
_LOOKS = ["".join("10"[place % 2] * int(width) for place, width in enumerate(widths)) for widths in _WIDTHS.split()]
_WORDS, _BEGINNINGS, _END = _LOOKS[:103], _LOOKS[103:106], _LOOKS[106]
_MODULUS = 103
_AROUND = _WORD + 13  # modules of the first and the last piece
#: Words that a code may hold, the check among them: ten digits are five words; fewer are too little to speak for them.
_FEWEST, _MOST = 6, 26
#: Widths that a module may have, in samples.
_NARROWEST, _WIDEST = 2.0, 16.0
#: How far off the ends that a reading starts from may be, in modules, and in what steps better ones are tried.
_OFF = np.arange(-4, 5, dtype=np.float32)
#: The same for a length that is tried whole.
_ROUGHLY_OFF = np.array((-0.5, 0.0, 0.5), np.float32)
#: How many lengths are tried whole.
_LENGTHS = 3
#: The part of a profile that may be left unexplained at first.
_HARDLY = 0.4

_TO_C, _TO_B, _TO_A = 99, 100, 101
_SETS = "ABC"
_PAIRS = 100  # of digits, in code set C


def fit(profile: Floats, ends: Sequence[tuple[float, float]]) -> Fit | None:
    """Return how a code whose bars begin and end about at one of these pairs fits best, either way round.

    None where none of any length does.
    """
    found = []
    for words, place in _likeliest(profile, ends):
        layout = _layout(words)
        found.append((*layout.best(profile, layout.near(place, _ROUGHLY_OFF)), layout))
    if not found:
        return None
    place, unexplained, layout = min(found, key=lambda each: each[1])
    return None if unexplained > _HARDLY else Fit(layout, *layout.finely(profile, place), _text_of)


def _likeliest(profile: Floats, ends: Sequence[tuple[float, float]]) -> list[tuple[int, Place]]:
    """Return the lengths, in words, at whose first and last piece the profile looks most like a code, and where."""
    found = []
    for words in range(_FEWEST, _MOST + 1):
        layout = _around(words)
        places = [
            Place(start + a, end + b)
            for start, end in ends
            for module in [(end - start) / layout.modules]
            if _NARROWEST <= module <= _WIDEST
            for a in _OFF * module
            for b in _OFF * module
        ]
        if places:
            place, unexplained = layout.best(profile, [*places, *(Place(place.end, place.start) for place in places)])
            found.append((unexplained, words, place))
    return [(words, place) for _, words, place in sorted(found, key=lambda each: each[0])[:_LENGTHS]]


def _text_of(costs: Costs) -> tuple[str, float, float]:
    """Return the text that leaves the least, what it leaves, and what the next best text leaves."""
    begin = np.full((1, _MODULUS), np.inf)
    begin[0, : len(_BEGINNINGS)] = costs[-2]  # they count as words too, the 103rd and on: as no, one or two remaining
    words = np.stack(costs[:-2])[None].astype(float)
    weights = [*range(1, words.shape[1]), -1]
    found = cheapest(begin, words, weights)
    begun = -sum(weight * word for weight, word in zip(weights, found.values, strict=True)) % _MODULUS
    end = float(costs[-1][0])
    return _spelt(_SETS[begun], found.values[:-1]), found.cost + end, found.next_cost + end


def _spelt(code_set: str, words: Sequence[int]) -> str:
    """Return what words say; nothing where one is a control character or a function: those are left to decoders."""
    text = ""
    for word in words:
        if code_set == "C" and word < _PAIRS:
            text += f"{word:02}"
        elif word == _TO_A and code_set != "A":
            code_set = "A"
        elif word == _TO_B and code_set != "B":
            code_set = "B"
        elif word == _TO_C and code_set != "C":
            code_set = "C"
        elif code_set != "C" and word < (64 if code_set == "A" else 95):
            text += chr(ord(" ") + word)
        else:
            return ""
    return text


@lru_cache(maxsize=2 * _LENGTHS)
def _layout(words: int) -> Layout:
    modules = _AROUND + _WORD * words
    return Layout(modules, lambda blur: [*_middle(words, blur), *_both_ends(words, blur)])


@lru_cache(maxsize=_MOST)
def _around(words: int) -> Layout:
    """Return the first and last piece of a code, and nothing between them."""
    return Layout(_AROUND + _WORD * words, lambda blur: _both_ends(words, blur))


def _middle(words: int, blur: float) -> Pieces:
    every = _looks_of_words(blur)
    return [(_WORD * place, every) for place in range(1, words + 1)]


def _both_ends(words: int, blur: float) -> Pieces:
    first, last = _looks_of_ends(blur)
    return [(1 - QUIET, first), (_WORD * (words + 1), last)]


@lru_cache
def _looks_of_words(blur: float) -> Looks:
    return looks("?0", _WORDS, "1?", blur)


@lru_cache
def _looks_of_ends(blur: float) -> tuple[Looks, Looks]:
    white = "0" * (QUIET - 1)
    return looks("00", [white + each for each in _BEGINNINGS], "1?", blur), looks("?0", [_END + white], "00", blur)
