"""A square code that a decoder has seen and could not read, put right: what is doubtful in it counts as unknown.

Decoders take every module for dark or light, so each byte under a lamp's reflection or a stain is a wrong one, and
costs two of the bytes that a code spends on correction. A byte that is known to be doubtful costs one. So the modules
are sampled again, those with the least contrast are doubted first, and what comes right is drawn clean, for the decoder
to read. Three check bytes of each block are kept as witnesses: of sixteen million wrong blocks they let one through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from device.scan.qr_layout import OPEN, VERSIONS, blocks, layout
from device.scan.reed_solomon import corrected
from device.scan.sampling import sampled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.scan.readers import Frame, Kind

    Floats: TypeAlias = NDArray[np.float32]

#: Check bytes of a block that are kept as witnesses.
_SPARE = 3
#: Where a module is sampled, in parts of its side from its middle.
_WITHIN = (-0.2, 0.0, 0.2)
#: Modules in the neighbourhood, each way, whose mean parts dark from light.
_NEAR = 2
#: What part of the modules that every code of a size shares has to be right, or it is none, or does not lie so.
_FIXED_RIGHT = 0.8
_PIXELS, _QUIET = 4, 4  # of a module, and modules of white, in the clean picture


def mended(frame: Frame, kind: Kind, corners: NDArray[np.float64]) -> Frame | None:
    """Return a clean picture of a code of some kind whose corners lie there in a frame (4 x 2, clockwise).

    None where it cannot be put right beyond doubt.
    """
    if kind.version not in VERSIONS:
        return None
    plan = layout(kind.version)
    contrast = _contrast(_sampled_modules(frame, corners, len(plan.fixed)))
    fixed = plan.fixed != OPEN
    right = float(((contrast > 0) == plan.fixed)[fixed].mean())
    if max(right, 1 - right) < _FIXED_RIGHT:
        return None
    if right < 1 - right:
        contrast = -contrast
    levels = contrast[plan.rows, plan.columns]
    count = len(levels) // 8 * 8
    bits = ((levels > 0).astype(np.int8) ^ plan.masked(kind.mask))[:count]
    words = np.packbits(bits.astype(np.uint8))
    certain = np.abs(levels[:count]).reshape(-1, 8).min(axis=1)
    checks, made_of = blocks(kind.version, kind.level)
    for block in made_of:
        word = corrected(words[block].tobytes(), checks, np.argsort(certain[block]).tolist(), _SPARE)
        if word is None:
            return None
        words[block] = np.frombuffer(word, np.uint8)
    modules = plan.drawn(np.unpackbits(words).astype(np.int8), kind.level, kind.mask)
    clean = np.pad(modules, _QUIET).repeat(_PIXELS, 0).repeat(_PIXELS, 1)
    return np.where(clean, np.uint8(0), np.uint8(255))


def _contrast(shades: Floats) -> Floats:
    """Return how much darker than the mean around it each module is, in grey levels."""
    side = 2 * _NEAR + 1
    around = np.lib.stride_tricks.sliding_window_view(np.pad(shades, _NEAR, mode="edge"), (side, side))
    darker: Floats = around.mean(axis=(2, 3)) - shades
    return darker


def _sampled_modules(frame: Frame, corners: NDArray[np.float64], side: int) -> Floats:
    """Return the shade of each module of a code that is seen in perspective."""
    middles = np.arange(side) + 0.5
    part = (middles[:, None] + np.array(_WITHIN)).reshape(-1) / side
    down, right = np.meshgrid(part, part, indexing="ij")
    x, y, scale = np.tensordot(_perspective(corners), np.stack([right, down, np.ones_like(right)]), 1)
    shades = sampled(frame, (x / scale).astype(np.float32), (y / scale).astype(np.float32))
    each = len(_WITHIN)
    means: Floats = shades.reshape(side, each, side, each).mean(axis=(1, 3))
    return means


def _perspective(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrix that takes a square of side 1 to four corners, clockwise from the square's origin."""
    rows, values = [], []
    for (right, down), (x, y) in zip(((0, 0), (1, 0), (1, 1), (0, 1)), corners, strict=True):
        rows += [(right, down, 1, 0, 0, 0, -x * right, -x * down), (0, 0, 0, right, down, 1, -y * right, -y * down)]
        values += [x, y]
    return np.append(np.linalg.solve(np.array(rows, np.float64), np.array(values)), 1.0).reshape(3, 3)
