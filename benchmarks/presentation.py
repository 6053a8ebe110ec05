"""A phone is brought in: how soon its code is read, and what looking costs while nobody is there.

Each video is a phone that comes from the side, fast and out of focus, and is then held still; frames are 1/15 s apart.
What a frame costs is measured in processor time; a code is said when its frame was taken and that time has passed.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

import numpy as np

from benchmarks import Row
from benchmarks.frames import approach
from device.scan.decoders import build_reader
from device.scan.events import Scanned
from device.scan.pictures import FRAME_SIZE
from device.scan.pipeline import build_pipeline
from device.scan.symbologies import DEFAULT_SYMBOLOGIES, ReaderName
from device.scan.watch import ASLEEP_AFTER_S, Watcher

VIDEOS = 40
FRAMES = 15
FPS = 15
ASLEEP_S = 40
_COUNTER, _NOISE = 40, 4.0


def run() -> list[Row]:
    """Measure waking and sleeping."""
    return [*_waking(), *_sleeping()]


def _waking() -> list[Row]:
    videos = [_brought_in(number) for number in range(VIDEOS)]
    costs_ms = [cost for video in videos for cost in video.costs_ms]
    at_all = [video.said_ms - video.readable_ms for video in videos]
    return [
        Row("a phone brought in", "code said", sum(video.said_ms < math.inf for video in videos), "", at_least=VIDEOS),
        Row("a phone brought in", "first full look after it came into view, slowest", _slowest_look(videos), "ms", 100),
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


def _brought_in(number: int) -> Video:
    """Show a video to a kiosk's eyes, to all passes frame by frame, and to zxing-cpp alone."""
    watcher, every_pass = Watcher(build_pipeline()), build_pipeline()
    zxing = build_reader(ReaderName.ZXING, DEFAULT_SYMBOLOGIES)
    video, visible_at = Video(), math.inf
    for step, (frame, visible) in enumerate(approach(FRAMES, number)):
        now = step / FPS
        visible_at = min(visible_at, now if visible else math.inf)
        began = time.process_time()
        said = watcher.see(frame, now)
        video.costs_ms.append((time.process_time() - began) * 1e3)
        since_ms = (now - visible_at) * 1e3
        if any(isinstance(event, Scanned) for event in said):
            video.said_ms = min(video.said_ms, since_ms + video.costs_ms[-1])
        if video.readable_ms == math.inf and every_pass.read_all(frame):
            video.readable_ms = since_ms
        if video.zxing_ms == math.inf and zxing.read(frame):
            video.zxing_ms = since_ms
    return video


def _slowest_look(videos: list[Video]) -> float:
    """Return how long after it came into view a phone was first decoded, at worst: a frame's wait, then its cost."""
    return 1e3 / FPS + max(max(video.costs_ms) for video in videos)


def _sleeping() -> list[Row]:
    rng = np.random.default_rng(1)
    noise = [rng.normal(_COUNTER, _NOISE, FRAME_SIZE[::-1]).clip(0, 255).astype(np.uint8) for _ in range(FPS)]
    watcher, slept_from = Watcher(build_pipeline()), round((ASLEEP_AFTER_S + 1) * FPS)
    began = 0.0
    for number in range(slept_from + ASLEEP_S * FPS):
        began = time.process_time() if number == slept_from else began
        watcher.see(noise[number % len(noise)], number / FPS)
    share = (time.process_time() - began) / ASLEEP_S * 100
    return [
        Row("asleep", "processor", share, "% of a core", at_most=3),
        Row("asleep", "motion checks", FPS, "a second", at_least=12),
    ]


def _at(values: list[float], percent: float) -> float:
    return float(np.percentile(values, percent))
