"""Whether somebody is before the camera, for whose sake there is to be light: until a while after the last stir.

Pure: time comes in as an argument. The light and the exposure are changed for a visit and go back when it ends; that
changes the picture once more, some frames later, and must not begin the next visit, or it would go on for ever.
"""

from __future__ import annotations

#: For how many seconds after something has last stirred somebody counts as there.
LINGER_S = 2.0
#: After the light has gone back, a picture that has been still for so long, in seconds and in frames, has settled: the
#: first frames do not know of the change yet, and a camera then finds its exposure in small steps, one a frame.
STILL_S, STILL_FRAMES = 0.5, 8
#: After so long, in seconds and in frames, it is somebody who stirs, still or not: cameras have settled by then.
SETTLED_S, SETTLED_FRAMES = 3.0, 20


class Visit:
    """Somebody before the camera, or nobody."""

    def __init__(self) -> None:
        """Start with nobody there."""
        self.began_at: float | None = None
        """Since when somebody is there, in seconds; None where nobody is."""
        self._stirred_at = float("-inf")
        self._settling: _Settling | None = None

    def see(self, *, stirring: bool, holding: bool, altered: bool, now: float) -> None:
        """Take in a frame of a moment, in seconds.

        It comes with whether something stirs in it, whether a code is held up, and whether there is another light than
        when nobody is there.
        """
        if self._settling is not None and (holding or self._settling.ended(stirring=stirring, now=now)):
            self._settling = None
        if holding or (stirring and self._settling is None):
            self._stirred_at = now
            self.began_at = now if self.began_at is None else self.began_at
        elif self.began_at is not None and now - self._stirred_at >= LINGER_S:
            self.began_at = None
            self._settling = _Settling(now) if altered else None


class _Settling:
    """The time after the light has gone back: what changes in the picture is that."""

    def __init__(self, now: float) -> None:
        self._began_at = self._still_since = now
        self._frames = self._still_frames = 0

    def ended(self, *, stirring: bool, now: float) -> bool:
        """Take in a frame; return whether what stirs from it on is somebody."""
        self._frames += 1
        self._still_frames += 1
        if stirring:
            self._still_since, self._still_frames = now, 0
        is_still = now - self._still_since >= STILL_S and self._still_frames >= STILL_FRAMES
        return is_still or (now - self._began_at >= SETTLED_S and self._frames >= SETTLED_FRAMES)
