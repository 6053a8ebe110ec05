"""One frame after the other through the eyes: decode where it can pay, then say what it means.

An empty counter is looked at all day. A picture that has been tried and has not changed since is decoded again only
twice a second, and with all passes only every other second; what it showed still stands. When nothing has changed for
long, the eyes sleep: they look half as often, and still compare every frame, so that a change wakes them at once.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, assert_never

from device.scan.events import LONGEST_TEXT, Gone, Scanned, SeveralCodes
from device.scan.glimpse import glimpse
from device.scan.presence import Appeared, Several, Tracker
from device.scan.presence import Gone as Left

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.scan.codes import Box, Code
    from device.scan.events import ScanEvent
    from device.scan.glimpse import Glimpse
    from device.scan.pipeline import Pipeline
    from device.scan.presence import Happening
    from device.scan.readers import Frame

#: How long the result for an unchanged picture stands, in seconds: until the cheap pass is tried again,
RESULT_STANDS_S = 0.5
#: and until all of them are, for what came too faintly to be noticed.
THOROUGH_EVERY_S = 2.0
#: After how many seconds without a change what is before the camera counts as the counter, and nothing as held up.
EMPTY_AFTER_S = 3.0
#: After how many seconds without a change the eyes sleep, and how many times as long a result stands then.
ASLEEP_AFTER_S = 10.0
ASLEEP_TIMES = 2.0
#: In how many frames a new picture is tried until it counts as one without a code: noise spoils one, spares the next.
TRIES_OF_A_NEW_PICTURE = 8


class Watcher:
    """The eyes behind the camera: frames and their times in, events out."""

    def __init__(self, pipeline: Pipeline) -> None:
        """Keep the pipeline; the counter counts as empty."""
        self._pipeline = pipeline
        self._tracker = Tracker()
        self._picture: Glimpse | None = None
        self._empty: Glimpse | None = None
        """What the counter looks like when nothing is held up."""
        self._codes: list[Code] = []
        self.changed: Box | None = None
        """Where the last frame shows something else than an empty counter; None where that is not known."""
        self._looks = 0
        self._tries_left = 0
        self._seen_at = 0.0
        self._changed_at = 0.0
        self._tried_at = 0.0
        self._thorough_at = 0.0

    def see(self, frame: Frame, now: float) -> list[ScanEvent]:
        """Take in a frame taken at a moment, in monotonic seconds, and return what there is to say."""
        view = glimpse(frame)
        self._seen_at = now
        self.changed = None if self._empty is None else view.changed_since(self._empty)
        decode_ms = 0.0
        look = self._look_that_is_due(view, now)
        if look is not None:
            began = time.perf_counter()
            self._codes = look(frame)
            decode_ms = (time.perf_counter() - began) * 1e3
            if self._is_held_up:
                self._tries_left = 0
        return [_event(happening, now, decode_ms) for happening in self._tracker.update(self._codes, view, now)]

    @property
    def stirring(self) -> bool:
        """Whether the last frame showed another picture than before, or a code is held up."""
        return self._is_held_up or self._changed_at == self._seen_at

    @property
    def holding(self) -> bool:
        """Whether a code is held up, as far as is known: it need not be read in every frame."""
        return self._tracker.occupied

    @property
    def _is_held_up(self) -> bool:
        return not all(code.is_bystander for code in self._codes)

    def forget(self) -> None:
        """Forget what is before the camera, as when the camera was away."""
        self._tracker = Tracker()
        self._picture = self._empty = None

    def _look_that_is_due(self, view: Glimpse, now: float) -> Callable[[Frame], list[Code]] | None:
        """Return how to look at a frame: with all passes, with the cheap one, or not at all where its result stands."""
        if self._picture is None or not view.same_picture(self._picture):
            self._picture, self._changed_at, self._tried_at, self._thorough_at = view, now, now, now
            self._tries_left = max(self._pipeline.cycle, TRIES_OF_A_NEW_PICTURE)
        elif self._tries_left == 0:
            at_rest_s = 0.0 if self._is_held_up else now - self._changed_at
            if at_rest_s >= EMPTY_AFTER_S:
                self._empty = view
            times = ASLEEP_TIMES if at_rest_s >= ASLEEP_AFTER_S else 1.0
            if now - self._tried_at < RESULT_STANDS_S * times and self._tracker.certain:
                return None
            self._tried_at = now
            if not self._is_held_up and now - self._thorough_at < THOROUGH_EVERY_S * times:
                return self._pipeline.first
            self._thorough_at = now
            self._tries_left = self._pipeline.cycle
        self._tries_left -= 1
        return self._look

    def _look(self, frame: Frame) -> list[Code]:
        """Look with the passes that are due, by turns at what has changed and at everything: it need not be held up."""
        self._looks += 1
        of_everything = self._looks // self._pipeline.cycle % 2
        return self._pipeline.look(frame, None if of_everything else self.changed)


def _event(happening: Happening, now: float, decode_ms: float) -> ScanEvent:
    match happening:
        case Appeared(code):
            text = code.text if code.text is not None and len(code.text) <= LONGEST_TEXT else None
            return Scanned(text=text, format=code.format, raw_len=len(code.raw), frame_at=now, decode_ms=decode_ms)
        case Several():
            return SeveralCodes(frame_at=now)
        case Left():
            return Gone(frame_at=now)
        case unreachable:
            assert_never(unreachable)
