"""How bright frames are to be where a code may be: a screen is far brighter than a dark shop, and darker than the sun.

The camera itself judges the light of the whole middle, which a phone does not fill. So while something is in view that
is not read, the likeliest place of a code is looked at: where its white is no longer told from what is brighter still,
the camera is asked for half the light, where its white is dark, for twice as much, and for its own judgement again when
nobody is there. Nothing is asked while a code is held up: it would look like another picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from device.scan.scene import Scene

if TYPE_CHECKING:
    from device.scan.codes import Box
    from device.scan.readers import Frame

#: For how many seconds something has to be in view, unread, before the light is judged: most codes are read sooner.
PATIENCE_S = 0.4
#: How long the picture takes to follow, in seconds and in frames: cameras learn of a change some frames later, and then
#: go a part of the way in each.
SETTLE_S, SETTLE_FRAMES = 0.7, 10
#: How often the light is judged, in seconds.
JUDGED_EVERY_S = 0.2
#: How far the light is changed at most, in stops: halvings or doublings.
MOST_STOPS = 2.0
#: What is white in a place: at least so many percent of its pixels are no brighter; its grey level when it is too
#: bright, and when too dark. A stop is a factor of 1.4 in grey levels, so what was one is not the other then.
_WHITE = 90
_TOO_BRIGHT, _TOO_DARK = 250, 100


class Exposure:
    """How much more light than the camera's own judgement frames are to have, in stops."""

    def __init__(self) -> None:
        """Start with the camera's own judgement."""
        self._stops = 0.0
        self._changed_at = self._judged_at = float("-inf")
        self._frames_since = SETTLE_FRAMES

    def see(self, frame: Frame, *, since: float | None, holding: bool, now: float, changed: Box | None = None) -> float:
        """Take in a frame of a moment, in seconds; return how much light the next frames are to have.

        It comes with since when somebody is there (None: nobody), whether a code is held up, and where it is another
        picture than that of an empty counter, if that is known.
        """
        self._frames_since += 1
        if since is None:
            self._ask(0.0, now)
        elif not holding and now - since >= PATIENCE_S and self._is_due(now):
            self._judged_at = now
            self._ask(min(max(self._stops + _stops_amiss(frame, changed), -MOST_STOPS), MOST_STOPS), now)
        return self._stops

    def _is_due(self, now: float) -> bool:
        settled = now - self._changed_at >= SETTLE_S and self._frames_since >= SETTLE_FRAMES
        return settled and now - self._judged_at >= JUDGED_EVERY_S

    def _ask(self, stops: float, now: float) -> None:
        if stops != self._stops:
            self._stops, self._changed_at, self._frames_since = stops, now, 0


def _stops_amiss(frame: Frame, changed: Box | None) -> float:
    """Return how much more light is wanted in the place where a code is likeliest; in the middle where none is."""
    height, width = frame.shape
    left, top, right, bottom = Scene(frame, changed).place or (width // 4, height // 4, 3 * width // 4, 3 * height // 4)
    white = float(np.percentile(frame[top:bottom:2, left:right:2], _WHITE))
    return -1.0 if white >= _TOO_BRIGHT else 1.0 if white <= _TOO_DARK else 0.0
