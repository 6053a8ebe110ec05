"""Reed-Solomon codewords of QR codes put right: a byte known to be doubtful costs half of what a wrong one does.

Arithmetic is that of ISO/IEC 18004: the field of 256 elements by 0x11D, a generator whose roots begin at 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_POLYNOMIAL = 0x11D
_ORDER = 255


def _powers() -> list[int]:
    powers = [1]
    while len(powers) < _ORDER:
        doubled = powers[-1] << 1
        powers.append(doubled ^ _POLYNOMIAL if doubled > _ORDER else doubled)
    return powers * 2


_POWERS = _powers()
_LOGARITHMS = {power: exponent for exponent, power in enumerate(_POWERS[:_ORDER])}


def corrected(word: bytes, checks: int, doubtful: Sequence[int], spare: int) -> bytes | None:
    """Return a codeword without its errors: its data and after it so many check bytes; None where there are too many.

    ``doubtful`` are the places of bytes, the least certain first. More and more of them count as unknown, until the
    rest comes right. Two check bytes for a wrong byte, one for an unknown one, and ``spare`` of them, which bear
    witness, are all that there are.
    """
    syndromes = [_value(word[::-1], root) for root in range(checks)]
    if not any(syndromes):
        return word
    for unknown in range(min(len(doubtful), checks - spare) + 1):
        put_right = _attempt(word, syndromes, doubtful[:unknown], spare)
        if put_right is not None:
            return put_right
    return None


def _attempt(word: bytes, syndromes: list[int], unknown: Sequence[int], spare: int) -> bytes | None:
    """Return the codeword that differs from a word in these places and in few others, if there is one."""
    last = len(word) - 1
    locator = _locator(syndromes, [last - place for place in unknown])
    wrong = len(locator) - 1
    if 2 * wrong - len(unknown) > len(syndromes) - spare:
        return None
    exponents = [exponent for exponent in range(len(word)) if _value(locator, -exponent) == 0]
    if len(exponents) != wrong:
        return None
    evaluator = _product(syndromes, locator)[: len(syndromes)]
    slope = [factor if place % 2 else 0 for place, factor in enumerate(locator)][1:]
    put_right = bytearray(word)
    for exponent in exponents:
        size = _divided(_value(evaluator, -exponent), _value(slope, -exponent))
        put_right[last - exponent] ^= _times(size, _POWERS[exponent])
    return None if any(_value(put_right[::-1], root) for root in range(len(syndromes))) else bytes(put_right)


def _locator(syndromes: list[int], unknown: list[int]) -> list[int]:
    """Return the polynomial whose roots say where a word is wrong, unknown places included (Berlekamp, Massey)."""
    locator = [1]
    for exponent in unknown:
        locator = _product(locator, [1, _POWERS[exponent]])
    before, length = locator, len(unknown)
    for step in range(len(unknown), len(syndromes)):
        before = [0, *before]
        off = 0
        for place, factor in enumerate(locator[: step + 1]):
            off ^= _times(factor, syndromes[step - place])
        if off == 0:
            continue
        better = _sum(locator, [_times(off, factor) for factor in before])
        if 2 * length <= step + len(unknown):
            length = step + 1 + len(unknown) - length
            before = [_divided(factor, off) for factor in locator]
        locator = better
    while locator[-1] == 0:
        locator.pop()
    return locator


def _times(one: int, other: int) -> int:
    return _POWERS[_LOGARITHMS[one] + _LOGARITHMS[other]] if one and other else 0


def _divided(one: int, other: int) -> int:
    """Return a quotient; 0 for a division by 0, which leaves a word that is wrong, and is found out."""
    return _POWERS[_LOGARITHMS[one] - _LOGARITHMS[other] + _ORDER] if one and other else 0


def _value(polynomial: Sequence[int], exponent: int) -> int:
    """Return the value of a polynomial, its constant first, at a power of two."""
    value = 0
    for place, factor in enumerate(polynomial):
        if factor:
            value ^= _POWERS[(_LOGARITHMS[factor] + place * exponent) % _ORDER]
    return value


def _sum(one: list[int], other: list[int]) -> list[int]:
    length = max(len(one), len(other))
    pairs = zip(one + [0] * (length - len(one)), other + [0] * (length - len(other)), strict=True)
    return [first ^ second for first, second in pairs]


def _product(one: Sequence[int], other: Sequence[int]) -> list[int]:
    product = [0] * (len(one) + len(other) - 1)
    for place, factor in enumerate(one):
        for beside, other_factor in enumerate(other):
            product[place + beside] ^= _times(factor, other_factor)
    return product
