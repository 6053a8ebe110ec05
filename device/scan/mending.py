"""A square code that a decoder has seen and could not read, put right: what is doubtful in it counts as unknown.

Decoders take every module for dark or light, so each byte under a lamp's reflection or a stain is a wrong one, and
costs two of the bytes that a code spends on correction. A byte that is known to be doubtful costs one. So the modules
are sampled again, those with the least contrast are doubted first, and what comes right is drawn clean, for the decoder
to read. Three check bytes of each block are kept as witnesses: of sixteen million wrong blocks they let one through.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from device.scan.qr_layout import OPEN, VERSIONS, blocks, kinds_drawn, layout
from device.scan.readers import Kind
from device.scan.reed_solomon import corrected
from device.scan.sampling import sampled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from device.scan.readers import Frame

    Floats: TypeAlias = NDArray[np.float32]
    Floats64: TypeAlias = NDArray[np.float64]

#: Check bytes of a block that are kept as witnesses.
_SPARE = 3
#: What fills the data of a code up, in turn, after its text; how many bytes a text takes at least; and how many of
#: those there have to be, at least, for them to help.
_FILLING = (0xEC, 0x11)
_SHORTEST_TEXT = 3
_FEWEST_FILLED = 2
#: Where a module is sampled, in parts of its side from its middle.
_WITHIN = (-0.2, 0.0, 0.2)
#: Modules in the neighbourhood, each way, whose mean parts dark from light.
_NEAR = 2
#: A square of side 1, clockwise from its origin.
_CORNERS = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float64)
#: What part of the modules that every code of a size shares has to be right, or it is none, or does not lie so.
_FIXED_RIGHT = 0.8
#: Ways to lie that are tried, and levels and masks, where no decoder has told them.
_WAYS_TRIED, _KINDS_TRIED = 3, 2
_PIXELS, _QUIET = 4, 4  # of a module, and modules of white, in the clean picture


def mended(frame: Frame, kind: Kind, corners: Floats64) -> Frame | None:
    """Return a clean picture of a code of some kind whose corners lie there in a frame (4 x 2, clockwise).

    None where it cannot be put right beyond doubt.
    """
    if kind.version not in VERSIONS or not _is_a_square_seen(corners):
        return None
    right, contrast = _contrast_of(frame, kind.version, corners)
    return _put_right(contrast, kind) if right >= _FIXED_RIGHT else None


def mended_one_of(frame: Frame, ways: Iterable[tuple[int, Floats64]]) -> tuple[Frame, Floats64] | None:
    """Return a clean picture of a code that may be of several versions and lie in several ways, and where it lies.

    What it says of its level and mask is read first. None where no way of it can be put right beyond doubt.
    """
    seen = []
    for version, corners in ways:
        if not _is_a_square_seen(corners):
            continue
        right, contrast = _contrast_of(frame, version, corners)
        if right >= _FIXED_RIGHT:
            seen.append((right, version, contrast, corners))
    for _, version, contrast, corners in sorted(seen, key=lambda way: -way[0])[:_WAYS_TRIED]:
        for kind in _likeliest_kinds(contrast, version):
            clean = _put_right(contrast, kind)
            if clean is not None:
                return clean, corners
    return None


def _is_a_square_seen(corners: Floats64) -> bool:
    """Return whether a square can look so: decoders also tell of corners that lie on one line, or cross over."""
    if not np.isfinite(corners).all():
        return False
    sides = np.roll(corners, -1, axis=0) - corners
    following = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0]
    return bool((turns > 0).all() or (turns < 0).all())


def _contrast_of(frame: Frame, version: int, corners: Floats64) -> tuple[float, Floats]:
    """Return what part of the modules that all codes of a size share is right, and how much darker each module is.

    It is turned over where the code is light on dark. What is covered has little contrast, and says little.
    """
    fixed = layout(version).fixed
    contrast = _contrast(_sampled_modules(frame, corners, len(fixed)))
    weight = np.minimum(np.abs(contrast), np.median(np.abs(contrast)))
    shared = fixed != OPEN
    right = float(weight[shared & ((contrast > 0) == fixed)].sum() / (weight[shared].sum() + 1e-3))
    return (right, contrast) if right >= 1 - right else (1 - right, -contrast)


def _likeliest_kinds(contrast: Floats, version: int) -> list[Kind]:
    """Return which level and mask a code says it has, the likeliest first."""
    seen = np.clip(contrast, *np.median(np.abs(contrast)) * np.array([-1, 1]))
    said = [(float((seen * drawn).sum()), level, mask) for (level, mask), drawn in kinds_drawn(version).items()]
    return [Kind(version, level, mask) for _, level, mask in sorted(said, reverse=True)[:_KINDS_TRIED]]


def _put_right(contrast: Floats, kind: Kind) -> Frame | None:
    """Return a clean picture of a code of a kind whose modules show so much contrast; None where doubts are left."""
    plan = layout(kind.version)
    levels = contrast[plan.rows, plan.columns]
    count = len(levels) // 8 * 8
    bits = ((levels > 0).astype(np.int8) ^ plan.masked(kind.mask))[:count]
    words = np.packbits(bits.astype(np.uint8))
    certain = np.abs(levels[:count]).reshape(-1, 8).min(axis=1)
    checks, made_of = blocks(kind.version, kind.level)
    for _, alike in groupby(made_of, len):
        places = np.array(list(alike))
        put_right = corrected(words[places], checks, certain[places].argsort(axis=1), _SPARE)
        for block, word in zip(places, put_right, strict=True):
            whole = _filled_up(words[block], certain[block], checks) if word is None and len(made_of) == 1 else word
            if whole is None:
                return None
            words[block] = whole
    modules = plan.drawn(np.unpackbits(words).astype(np.int8), kind.level, kind.mask)
    clean = np.pad(modules, _QUIET).repeat(_PIXELS, 0).repeat(_PIXELS, 1)
    return np.where(clean, np.uint8(0), np.uint8(255))


def _filled_up(words: NDArray[np.uint8], certain: Floats, checks: int) -> NDArray[np.uint8] | None:
    """Return the codeword whose data ends in the bytes that fill a short text up, of whichever number; None where none.

    They are the same in every code, so none of them costs any correction, wherever it is covered. Where the half of the
    bytes that are seen best say otherwise, the text is longer than that.
    """
    data = len(words) - checks
    places, begins = np.arange(len(words)), data - np.arange(data - _SHORTEST_TEXT, _FEWEST_FILLED - 1, -1)[:, None]
    fills = (begins <= places) & (places < data)
    known = np.where(fills, np.take(_FILLING, (places - begins) % len(_FILLING)), words).astype(np.uint8)
    possible = (known == words)[:, certain >= np.median(certain)].all(axis=1)
    fills, known = fills[possible], known[possible]
    doubtful = np.where(fills, np.inf, certain).argsort(axis=1)[:, :checks]
    for put_right, of, filling in zip(corrected(known, checks, doubtful, _SPARE), known, fills, strict=True):
        if put_right is not None and (put_right == of)[filling].all():
            return put_right
    return None


def _contrast(shades: Floats) -> Floats:
    """Return how much darker than the mean around it each module is, in grey levels."""
    side = 2 * _NEAR + 1
    around = np.lib.stride_tricks.sliding_window_view(np.pad(shades, _NEAR, mode="edge"), (side, side))
    darker: Floats = around.mean(axis=(2, 3)) - shades
    return darker


def _sampled_modules(frame: Frame, corners: Floats64, side: int) -> Floats:
    """Return the shade of each module of a code that is seen in perspective."""
    middles = np.arange(side) + 0.5
    part = (middles[:, None] + np.array(_WITHIN)).reshape(-1) / side
    down, right = np.meshgrid(part, part, indexing="ij")
    x, y, scale = np.tensordot(perspective(_CORNERS, corners), np.stack([right, down, np.ones_like(right)]), 1)
    shades = sampled(frame, (x / scale).astype(np.float32), (y / scale).astype(np.float32))
    each = len(_WITHIN)
    means: Floats = shades.reshape(side, each, side, each).mean(axis=(1, 3))
    return means


def perspective(laid: Floats64, seen: Floats64) -> Floats64:
    """Return the matrix that takes places of a plane to where they are seen, best where they are more than four."""
    rows, values = [], []
    for (right, down), (x, y) in zip(laid, seen, strict=True):
        rows += [(right, down, 1, 0, 0, 0, -x * right, -x * down), (0, 0, 0, right, down, 1, -y * right, -y * down)]
        values += [x, y]
    solved = np.linalg.lstsq(np.array(rows, np.float64), np.array(values))[0]
    return np.append(solved, 1.0).reshape(3, 3)
