"""Grey levels between the pixels of a frame, along lines in any direction, and their means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.scan.readers import Frame


def sampled(frame: Frame, x: NDArray[np.floating], y: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the grey levels at places between pixels, of the shape that x and y have; beyond the frame its edge's."""
    height, width = frame.shape
    pixels = np.ascontiguousarray(frame).reshape(-1)
    x, y = np.clip(x, 0, width - 1.01), np.clip(y, 0, height - 1.01)
    column, row = x.astype(np.int32), y.astype(np.int32)
    right, down = x - column, y - row
    index = (row * width + column).astype(np.intp)
    upper, lower = (_between(pixels, at, right) for at in (index, index + width))
    lower -= upper
    lower *= down
    lower += upper
    return lower


def _between(pixels: NDArray[np.uint8], index: NDArray[np.intp], right: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the grey levels between pixels and those to their right; take costs a third less than an index does."""
    levels = pixels.take(index).astype(np.float32)
    levels += (pixels.take(index + 1) - levels) * right
    return levels


def means(rows: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
    """Return the mean of the samples around each, its own included; edges are continued outwards."""
    padded = np.pad(rows, ((0, 0), (samples // 2 + 1, samples // 2)), mode="edge").cumsum(axis=1)
    sums: NDArray[np.float32] = padded[:, samples:] - padded[:, :-samples]
    return sums / np.float32(samples)
