"""Reed-Solomon codewords of QR codes put right: a byte known to be doubtful costs half of what a wrong one does.

Arithmetic is that of ISO/IEC 18004: the field of 256 elements by 0x11D, a generator whose roots begin at 1. Polynomials
lie along the last axis of an array, their constants first. All attempts at all words go forward together, a step at a
time: one after another they would take twenty times as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Words: TypeAlias = NDArray[np.uint8]
    Elements: TypeAlias = NDArray[np.intp]

_POLYNOMIAL = 0x11D
_ORDER, _BITS = 255, 8


def _powers() -> list[int]:
    powers = [1]
    while len(powers) < _ORDER:
        doubled = powers[-1] << 1
        powers.append(doubled ^ _POLYNOMIAL if doubled > _ORDER else doubled)
    return powers


_POWERS = np.array(_powers(), np.intp)
_LOGARITHMS = np.zeros(_ORDER + 1, np.intp)
_LOGARITHMS[_POWERS] = np.arange(_ORDER)
#: By the bits of one element and, after them, those of the other.
_PRODUCTS = _POWERS[np.add.outer(_LOGARITHMS, _LOGARITHMS) % _ORDER]
_PRODUCTS[0], _PRODUCTS[:, 0] = 0, 0
_PRODUCTS = _PRODUCTS.ravel()
#: Of 0, too: a division by it leaves a word that is wrong, and is found out.
_INVERSES = _POWERS[-_LOGARITHMS % _ORDER]


def corrected(words: Words, checks: int, doubtful: Elements, spare: int) -> list[Words | None]:
    """Return words (n x length: data, then so many check bytes) without their errors; None for one with too many.

    ``doubtful`` (n x as many) are the places of bytes, the least certain first. More and more of them count as unknown,
    until the rest comes right. Two check bytes for a wrong byte, one for an unknown one, and ``spare`` of them, which
    bear witness, are all that there are.
    """
    syndromes = _values(words[:, ::-1].astype(np.intp), np.arange(checks))
    if not syndromes.any():
        return list(words)
    places = doubtful[:, : checks - spare]
    most = places.shape[1]
    # Where a check byte would be left over, one more unknown byte costs nothing.
    counts = np.array([count for count in range(most + 1) if count == most or (checks - spare - count) % 2 == 0])
    locators = _locators(syndromes, _unknown(words.shape[1] - 1 - places, checks)[counts], counts)
    wrong = (locators != 0).cumsum(axis=-1).argmax(axis=-1)  # its degree: where the last that is not 0 stands
    within = 2 * wrong - counts[:, None] <= checks - spare
    return [
        _first_repaired(word, seen, locators[good, index])
        for index, (word, seen, good) in enumerate(zip(words, syndromes, within.T, strict=True))
    ]


def _first_repaired(word: Words, syndromes: Elements, locators: Elements) -> Words | None:
    """Return a word that is whole as it is, or as the first of several locators says that puts it right."""
    if not syndromes.any():
        return word
    repaired = (_repaired(word, syndromes, locator) for locator in locators)
    return next((whole for whole in repaired if whole is not None), None)


def _unknown(exponents: Elements, checks: int) -> Elements:
    """Return the polynomials whose roots are the first, none and more of each word's exponents: k + 1 x n x terms."""
    words, count = exponents.shape
    polynomials = np.zeros((count + 1, words, checks + 1), np.intp)
    polynomials[:, :, 0] = 1
    for index in range(count):
        last, root = polynomials[index], _POWERS[exponents[:, index]]
        polynomials[index + 1, :, 1:] = last[:, 1:] ^ _products(last[:, :-1], root[:, None])
    return polynomials


def _locators(syndromes: Elements, unknown: Elements, counts: Elements) -> Elements:
    """Return the polynomials whose roots say where words are wrong, unknown places included (Berlekamp, Massey).

    ``unknown`` (k x n x terms) are those of the unknown places, so many in each attempt, which are more each time.
    """
    locators, before = unknown.copy(), unknown.copy()
    lengths = np.repeat(counts[:, None], len(syndromes), axis=1)
    for step in range(syndromes.shape[1]):
        begun = counts <= step  # the first of them
        now, last, length = locators[begun], np.roll(before[begun], 1, axis=-1), lengths[begun]
        last[..., 0] = 0
        off = np.bitwise_xor.reduce(_products(now[..., : step + 1], syndromes[:, step::-1]), axis=-1)
        grown = (off != 0) & (2 * length <= step + counts[begun, None])
        locators[begun] = now ^ _products(last, off[..., None])
        before[begun] = np.where(grown[..., None], _products(now, _INVERSES[off][..., None]), last)
        lengths[begun] = np.where(grown, step + 1 + counts[begun, None] - length, length)
    return locators


def _repaired(word: Words, syndromes: Elements, locator: Elements) -> Words | None:
    """Return the codeword that differs from a word only where its locator says, if there is one."""
    last = len(word) - 1
    exponents = np.flatnonzero(_values(locator, -np.arange(len(word))) == 0)
    if len(exponents) != np.flatnonzero(locator)[-1]:
        return None
    evaluator = np.zeros_like(syndromes)
    for shift, factor in enumerate(locator[:-1]):
        evaluator[shift:] ^= _products(syndromes[: len(syndromes) - shift], factor)
    slope = np.where(np.arange(1, len(locator)) % 2, locator[1:], 0)
    sizes = _products(_values(evaluator, -exponents), _INVERSES[_values(slope, -exponents)])
    put_right = word.astype(np.intp)
    put_right[last - exponents] ^= _products(sizes, _POWERS[exponents])
    is_whole = not _values(put_right[::-1], np.arange(len(syndromes))).any()
    return put_right.astype(np.uint8) if is_whole else None


def _products(ones: Elements, others: Elements) -> Elements:
    products: Elements = _PRODUCTS.take(ones << _BITS | others)
    return products


def _values(polynomials: Elements, exponents: Elements) -> Elements:
    """Return the values of polynomials at powers of two."""
    powers = _POWERS[np.outer(exponents, np.arange(polynomials.shape[-1])) % _ORDER]
    values: Elements = np.bitwise_xor.reduce(_products(polynomials[..., None, :], powers), axis=-1)
    return values
