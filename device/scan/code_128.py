"""Code 128 read from what blur leaves of it, as EAN-13 is (``ean.py``): the text whose bars best explain a profile.

How many words a code holds is not known before it is read. Its first and last piece are looked for at each length that
it may have, and the likeliest lengths are tried whole. Each word is one of 103 looks, and the last one checks the
others, each times its place, by a remainder of 103 (ISO/IEC 15417). A part of a longer code is not taken for the whole:
its first piece has to look more like a beginning, and its last one more like the end, than like any word.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from device.scan.checked import cheapest
from device.scan.drawn_bars import BLURS, QUIET, USUAL, Fit, Layout, Place, Spelling, drawn_looks, likeness

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
_END_MODULES = 13
_BOTH_ENDS = _WORD + _END_MODULES
#: Words that a code may hold, the check among them: ten digits are five words; fewer are too little to speak for them.
_LENGTHS = range(6, 27)
#: How far off the ends that a reading starts from may be, in modules, and in what steps better ones are tried.
_OFF = np.arange(-4, 4.5, 0.5, dtype=np.float32)
#: How many of these are tried whole, and how far off either end may be then, in modules.
_TRIED = 3
_ROUGHLY_OFF = np.array((-0.5, 0.0, 0.5), np.float32)
#: Widths that a module may have, in samples.
_NARROWEST, _WIDEST = 2.0, 16.0
#: The part of a profile that may be left unexplained at first.
_HARDLY = 0.4

_SETS = "ABC"
_TO = {"A": 101, "B": 100, "C": 99}
#: Words that are characters, from the blank on, and in code set C pairs of digits; above are control and functions.
_PRINTED = {"A": 64, "B": 95, "C": 100}


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
    return None if unexplained > _HARDLY else Fit(layout, *layout.finely(profile, place), _spelling)


def _likeliest(profile: Floats, ends: Sequence[tuple[float, float]]) -> list[tuple[int, Place]]:
    """Return the lengths, in words, at whose first and last piece the profile looks most like a code, and where."""
    tried = [
        (words, begin, stop, (stop - begin) / (_BOTH_ENDS + _WORD * words))
        for pair in ends
        for begin, stop in (pair, pair[::-1])
        for words in _LENGTHS
    ]
    tried = [each for each in tried if _NARROWEST <= abs(each[-1]) <= _WIDEST]
    if not tried:
        return []
    begins, stops, modules = np.array([each[1:] for each in tried], np.float32).T[:, :, None]
    first, last = _looks_of_ends(BLURS[USUAL])
    starts, finishes = begins + _OFF * modules, stops + _OFF * modules
    widths = np.repeat(modules, len(_OFF))
    like_first = likeness(profile, first, (starts + (1 - QUIET) * modules).ravel(), widths).reshape(starts.shape)
    like_last = likeness(profile, last, (finishes - _END_MODULES * modules).ravel(), widths).reshape(starts.shape)
    best = np.argsort(like_first.max(axis=1) + like_last.max(axis=1))[-_TRIED:]
    return [
        (
            tried[row][0],
            Place(float(starts[row, like_first[row].argmax()]), float(finishes[row, like_last[row].argmax()])),
        )
        for row in best
    ]


def _spelling(costs: Costs) -> Spelling:
    """Return the text that leaves the least unexplained."""
    words, first, last = np.stack(costs[:-2]), costs[-2], costs[-1]
    begin = np.full((1, _MODULUS), np.inf)
    begin[0, : len(_SETS)] = first[: len(_SETS)]  # they count as words too, the 103rd and on: none, one or two remain
    weights = [*range(1, len(words)), -1]
    found = cheapest(begin, words[None].astype(float), weights)
    begun = -sum(weight * word for weight, word in zip(weights, found.values, strict=True)) % _MODULUS
    left = [*(float(cost[word]) for cost, word in zip(words, found.values, strict=True)), float(first[begun])]
    whole = first.argmin() < len(_SETS) and last.argmin() == 0
    text = _spelt(_SETS[begun], found.values[:-1]) if whole else ""
    end = float(last[0])
    return Spelling(text, [*left, end], found.next_cost + end)


def _spelt(code_set: str, words: Sequence[int]) -> str:
    """Return what words say; nothing where one is a control character or a function: those are left to decoders."""
    text = ""
    for word in words:
        if word < _PRINTED[code_set]:
            text += f"{word:02}" if code_set == "C" else chr(ord(" ") + word)
            continue
        turned = next((other for other, number in _TO.items() if number == word and other != code_set), None)
        if turned is None:
            return ""
        code_set = turned
    return text


@cache
def _layout(words: int) -> Layout:
    def pieces(blur: float) -> Pieces:
        every, (first, last) = _looks_of_words(blur), _looks_of_ends(blur, like_words=True)
        middle = [(_WORD * place, every) for place in range(1, words + 1)]
        return [*middle, (1 - QUIET, first), (_WORD * (words + 1), last)]

    return Layout(_BOTH_ENDS + _WORD * words, pieces)


@cache
def _looks_of_words(blur: float) -> Looks:
    return drawn_looks("?0", _WORDS, "1?", blur)


@cache
def _looks_of_ends(blur: float, *, like_words: bool = False) -> tuple[Looks, Looks]:
    """Return how the first and the last piece look, with the white beside them; and how a word there would."""
    white, words = "0" * (QUIET - 1), _WORDS if like_words else []
    first = drawn_looks("00", [white + each for each in (*_BEGINNINGS, *words)], "1?", blur)
    shorter = "0" * (_END_MODULES - _WORD)
    return first, drawn_looks("?0", [each + white for each in (_END, *(each + shorter for each in words))], "00", blur)
