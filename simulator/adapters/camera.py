"""The rehearsal camera: what the simulator put before it, at a sensor's pace."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from service.config import Section
from simulator.frames import read_frame

if TYPE_CHECKING:
    from device.scan.readers import Frame

_EMPTY_COUNTER = 40
_LOOKS_PER_S = 30


class RehearsalCamera:
    """A camera before which stands what a file holds; no file is an empty counter: a plain dark grey."""

    class Options(Section, frozen=True, kw_only=True):
        """Where the frame lies (simulator.frames), and what the sensor would be set to."""

        frames: str
        fps: Annotated[float, Meta(gt=0, le=120)] = 15.0
        width: Annotated[int, Meta(ge=64, le=8192)] = 1296
        height: Annotated[int, Meta(ge=64, le=8192)] = 972

    def __init__(self, options: Options) -> None:
        self._path = Path(options.frames)
        self._period_s = 1 / options.fps
        self._empty = np.full((options.height, options.width), _EMPTY_COUNTER, np.uint8)
        self._frame = self._empty
        self._stamp: tuple[int, int] | None = None
        self._due_at = 0.0

    def start(self) -> None:
        """Begin to pace frames."""
        self._due_at = time.monotonic()

    def frame(self, timeout_s: float) -> Frame | None:
        """Return what stands before the camera when the next frame is due, or sooner where it has just changed."""
        until = min(self._due_at, time.monotonic() + timeout_s)
        changed = self._look()
        while not changed and (wait_s := until - time.monotonic()) > 0:
            time.sleep(min(wait_s, 1 / _LOOKS_PER_S))
            changed = self._look()
        if not changed and until < self._due_at:
            return None
        self._due_at = max(self._due_at, time.monotonic()) + self._period_s
        return self._frame

    def close(self) -> None:
        """Nothing is held open between two frames."""

    def _look(self) -> bool:
        """Take in a changed file; return whether there was one."""
        try:
            status = self._path.stat()
            stamp = (status.st_ino, status.st_mtime_ns)
        except FileNotFoundError:
            stamp = None
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        standing = read_frame(self._path)
        self._frame = self._empty if standing is None else standing
        return True
