"""What a frame is turned into for a second try: numpy only, a few milliseconds each.

Every function takes and returns height x width uint8 luminance, and leaves what it was given unchanged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.scan.readers import Frame

#: Side of the neighbourhood that decides what is dark: 2 to the power of _DOUBLINGS pixels.
_DOUBLINGS = 5
_WINDOW = 1 << _DOUBLINGS
#: How much darker than its surroundings a pixel must be, in grey levels: less lets noise speckle the white.
_MARGIN = 3


def half_size(frame: Frame) -> Frame:
    """Return the frame at half its width and height, each pixel the mean of four."""
    height, width = (side & ~1 for side in frame.shape)
    rows = frame[0:height:2, :width].astype(np.uint16) + frame[1:height:2, :width]
    return ((rows[:, 0::2] + rows[:, 1::2]) >> 2).astype(np.uint8)


def local_threshold(frame: Frame) -> Frame:
    """Return the frame in black and white: black where a pixel is darker than the mean of the 32 x 32 around it.

    So it follows shadows and the glow of a screen. A picture smaller than that has one mean.
    """
    if min(frame.shape) < _WINDOW:
        return np.where(frame >= frame.mean(), np.uint8(255), np.uint8(0))
    before, after = _WINDOW // 2, _WINDOW // 2 - 1
    means = np.pad(_window_means(frame), (before, after), mode="edge")
    return (frame >= np.maximum(means, _MARGIN) - np.uint8(_MARGIN)).view(np.uint8) * np.uint8(255)


def inverted(frame: Frame) -> Frame:
    """Return the negative: zbar reads no light code on a dark ground."""
    return ~frame


def _window_means(frame: Frame) -> NDArray[np.uint8]:
    """Return the mean of each 32 x 32 window, by adding the picture to itself at doubling distances: ten additions.

    The sums stay in 16 bits: 255 x 32 is halved twice between the two directions.
    """
    sums = frame.astype(np.uint16)
    for step in (1 << doubling for doubling in range(_DOUBLINGS)):
        sums = sums[:-step] + sums[step:]
    sums >>= 2
    for step in (1 << doubling for doubling in range(_DOUBLINGS)):
        sums = sums[:, :-step] + sums[:, step:]
    return (sums >> (2 * _DOUBLINGS - 2)).astype(np.uint8)
