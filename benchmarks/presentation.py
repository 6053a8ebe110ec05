"""A phone is brought in: how soon its code is read, and what looking costs while nobody is there.

Each video is an empty counter until the eyes sleep, then a phone that comes from the side, fast and out of focus, and
is held still; frames are 1/15 s apart. What a frame costs is measured in processor time; a look has ended, and a code
is said, when its frame was taken and that time has passed.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from unittest.mock import patch

import cv2
import numpy as np

from benchmarks import Row
from benchmarks.frames import Shown, approach, counter, sensed
from benchmarks.misleading import frame_of
from device.scan import watch
from device.scan.decoders import build_reader
from device.scan.events import Scanned
from device.scan.glimpse import glimpse
from device.scan.passes import passes_of
from device.scan.pictures import FRAME_SIZE
from device.scan.pipeline import Pipeline, build_pipeline
from device.scan.symbologies import DEFAULT_READERS, DEFAULT_SYMBOLOGIES, ReaderName
from device.scan.watch import ASLEEP_AFTER_S, Watcher

if TYPE_CHECKING:
    from device.scan.codes import Box, Code
    from device.scan.readers import Frame

VIDEOS = 40
FRAMES = 15
FPS = 15
ASLEEP_S = 40
_EMPTY = 4  # frames of each empty counter, over and over: only their noise differs
_UNTIL_ASLEEP = math.ceil((ASLEEP_AFTER_S + 1) * FPS)
_ALIGNED = 64  # bytes, to which a Pi's camera pads a row


def run() -> list[Row]:
    """Measure waking and sleeping."""
    return [*_waking(), *_sleeping()]


class _Noted(Pipeline):
    """A kiosk's pipeline that keeps count of the looks with all passes that are due."""

    looks = 0

    def look(self, frame: Frame, changed: Box | None = None) -> list[Code]:
        """Return what the passes that are due read in the next frame."""
        self.looks += 1
        return super().look(frame, changed)


def _waking() -> list[Row]:
    videos = [_brought_in(number) for number in range(VIDEOS)]
    costs_ms = [cost for video in videos for cost in video.costs_ms]
    at_all = [video.said_ms - video.readable_ms for video in videos]
    in_view, whole = (max(getattr(video, name) for video in videos) for name in ("looked_ms", "looked_whole_ms"))
    return [
        Row("a phone brought in", "code said", sum(video.said_ms < math.inf for video in videos), "", at_least=VIDEOS),
        Row("a phone brought in", "last frame without it to the first full look at it, slowest", in_view, "ms", 100),
        Row(
            "a phone brought in", "last frame without its whole code to the first full look, slowest", whole, "ms", 100
        ),
        Row("a phone brought in", "first frame that any pass can read to the code, 95 %", _at(at_all, 95), "ms", 100),
        Row("a phone brought in", "whole code in view to the code, median", _at([v.said_ms for v in videos], 50), "ms"),
        Row("a phone brought in", "the same, zxing-cpp alone", _at([v.zxing_ms for v in videos], 50), "ms"),
        Row("awake", "CPU of a frame, median", _at(costs_ms, 50), "ms"),
        Row("awake", "CPU of a frame, 95th percentile", _at(costs_ms, 95), "ms"),
        Row("awake", "processor", 100 * float(np.mean(costs_ms)) * FPS / 1e3, "% of a core"),
    ]


@dataclass(slots=True)
class Video:
    """What came of one video; times in milliseconds from the first frame with the whole code in it."""

    costs_ms: list[float] = field(default_factory=list)
    said_ms: float = math.inf
    readable_ms: float = math.inf
    zxing_ms: float = math.inf
    looked_ms: float = math.inf
    """From the last frame without any of the phone to the end of the first look with all due passes at some of it."""
    looked_whole_ms: float = math.inf
    """From the last frame without the whole code to the end of the first such look at it."""


def _brought_in(number: int) -> Video:
    """Show a video to a kiosk's sleeping eyes, to all passes frame by frame, and to zxing-cpp alone."""
    pipeline, every_pass = _Noted(passes_of(DEFAULT_READERS, DEFAULT_SYMBOLOGIES)), build_pipeline()
    watcher, zxing = Watcher(pipeline), build_reader(ReaderName.ZXING, DEFAULT_SYMBOLOGIES)
    moments = list(approach(FRAMES, number, _EMPTY))
    for step in range(_UNTIL_ASLEEP):
        watcher.see(moments[step % _EMPTY].frame, step / FPS)
    video, visible_at, without, without_whole = Video(), math.inf, 0.0, 0.0
    for step, (frame, in_view, whole) in enumerate(moments[_EMPTY:], start=_UNTIL_ASLEEP):
        now, looks = step / FPS, pipeline.looks
        visible_at = min(visible_at, now if whole else math.inf)
        without, without_whole = without if in_view else now, without_whole if whole else now
        began = time.process_time()
        said = watcher.see(frame, now)
        video.costs_ms.append((time.process_time() - began) * 1e3)
        since_ms, cost_ms = (now - visible_at) * 1e3, video.costs_ms[-1]
        if pipeline.looks > looks and in_view:
            video.looked_ms = min(video.looked_ms, (now - without) * 1e3 + cost_ms)
        if pipeline.looks > looks and whole:
            video.looked_whole_ms = min(video.looked_whole_ms, (now - without_whole) * 1e3 + cost_ms)
        if any(isinstance(event, Scanned) for event in said):
            video.said_ms = min(video.said_ms, since_ms + cost_ms)
        if video.readable_ms == math.inf and every_pass.read_all(frame):
            video.readable_ms = since_ms
        if video.zxing_ms == math.inf and zxing.read(frame):
            video.zxing_ms = since_ms
    return video


def _sleeping() -> list[Row]:
    """Measure eyes that sleep over a counter with things and print on it, with what the camera's buffers cost."""
    buffers, watcher = _buffers(), Watcher(build_pipeline())
    width, height = FRAME_SIZE

    def see(first: int, last: int) -> None:
        for number in range(first, last):
            # As picamera.py takes the luminance out of a buffer.
            watcher.see(buffers[number % len(buffers)][:height, :width].copy(), number / FPS)

    asleep_until = _UNTIL_ASLEEP + ASLEEP_S * FPS
    see(0, _UNTIL_ASLEEP)
    began = time.process_time()
    see(_UNTIL_ASLEEP, asleep_until)
    share = (time.process_time() - began) / ASLEEP_S * 100
    with patch.object(watch, "glimpse", wraps=glimpse) as glimpses:
        see(asleep_until, asleep_until + ASLEEP_S * FPS)
    return [
        Row("asleep", "processor", share, "% of a core", at_most=3),
        Row("asleep", "motion checks", glimpses.call_count / ASLEEP_S, "a second", at_least=12),
    ]


def _buffers() -> list[Frame]:
    """Return a second of a still counter in a camera's buffers: padded rows, and below them the colours."""
    rng = np.random.default_rng(1)
    width, height = FRAME_SIZE
    lit = np.asarray(cv2.resize(counter(rng), FRAME_SIZE, interpolation=cv2.INTER_AREA), np.float32)
    scene = sensed(lit, Shown(noise=0), rng).astype(np.float32)
    page, _ = frame_of("print", rng, [])
    scene[300:800, 100:700] = page[200:700, 300:900]
    stride = -(-width // _ALIGNED) * _ALIGNED
    buffers = np.full((FPS, height * 3 // 2, stride), 128, np.uint8)
    for buffer in buffers:
        buffer[:height, :width] = np.clip(scene + rng.normal(0, 4, scene.shape), 0, 255)
    return list(buffers)


def _at(values: list[float], percent: float) -> float:
    return float(np.percentile(values, percent))
