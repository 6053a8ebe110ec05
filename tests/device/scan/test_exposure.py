"""How much light frames are to have: what is asked of a camera whose frames answer, as a sensor's would."""

from __future__ import annotations

import threading
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from device.scan.child import EXIT_ENDED, Seer
from device.scan.events import Gone, Scanned
from device.scan.exposure import JUDGED_EVERY_S, MOST_STOPS, PATIENCE_S, SETTLE_FRAMES, SETTLE_S, Exposure
from device.scan.pipeline import build_pipeline
from device.scan.watch import Watcher

from .drawing import before_camera, noisy, qr

if TYPE_CHECKING:
    from .drawing import Frame

FRAME_S = 1 / 15
#: Light of a counter with a phone before it, in parts of what a sensor can tell apart at no stops.
BRIGHT_SCREEN, SCREEN_IN_THE_SUN = 2.5, 0.03


@cache
def taken(light: float, stops: float, seed: int) -> Frame:
    """Return what a sensor makes of a phone that shows a code, so bright, at so many stops."""
    linear = (before_camera(qr("in any light")) / 255.0) ** 2.2 * light * 2**stops
    return noisy((255 * np.clip(linear, 0, 1) ** (1 / 2.2)).astype(np.uint8), 3, seed)


def asked(light: float, seconds: float, *, there_s: float = 99, fps: float = 15) -> list[tuple[float, float]]:
    """Return when how many stops are asked for, where somebody is there for so long and nothing is ever read."""
    exposure, stops, changes = Exposure(), 0.0, []
    for number in range(round(seconds * fps)):
        now = number / fps
        since = 0.0 if now < there_s else None
        before, stops = stops, exposure.see(taken(light, stops, number % 3), since=since, holding=False, now=now)
        changes += [(round(now, 2), stops)] if stops != before else []
    return changes


def test_a_bright_screen_in_a_dark_shop_gets_less_light_a_dark_one_in_the_sun_more_and_no_more_than_it_needs() -> None:
    (at, less), *rest = asked(BRIGHT_SCREEN, 4)
    assert less == -1
    assert PATIENCE_S <= at <= PATIENCE_S + 2 * FRAME_S
    assert [stops for _, stops in rest] in ([], [-2])
    assert [stops for _, stops in asked(SCREEN_IN_THE_SUN, 4)] == [1, 2]
    assert asked(0.8, 4) == []


def test_what_is_never_right_is_given_up_at_the_limit() -> None:
    assert asked(100, 6)[-1][1] == -MOST_STOPS
    assert asked(0.0001, 6)[-1][1] == MOST_STOPS


@pytest.mark.parametrize("fps", [4, 15])
def test_one_change_has_settled_before_the_next(fps: float) -> None:
    (first, _), (second, _) = asked(100, 6, fps=fps)
    settled_s = max(SETTLE_S, SETTLE_FRAMES / fps)
    assert settled_s - 0.01 <= second - first <= settled_s + JUDGED_EVERY_S + 1 / fps


def test_with_nobody_there_it_is_left_to_the_camera_and_comes_back_to_it() -> None:
    assert asked(100, 4, there_s=0) == []
    *_, (at, stops) = asked(100, 4, there_s=2)
    assert (at, stops) == (2.0, 0)


def test_nothing_is_asked_while_a_code_is_in_view() -> None:
    exposure = Exposure()
    too_bright = taken(100, 0, 0)
    assert {exposure.see(too_bright, since=0.0, holding=True, now=n * FRAME_S) for n in range(60)} == {0.0}


class Lit:
    """A camera whose frames follow what is asked of it; the phone's code is readable at one stop less only."""

    def __init__(self) -> None:
        self.stops, self.asked, self.frames = 0.0, list[float](), 0
        self.stopping = threading.Event()

    def start(self) -> None:
        pass

    def frame(self, timeout_s: float) -> Frame | None:
        del timeout_s
        self.frames += 1
        if self.frames > 20 and self.stops < 0:
            self.stopping.set()
        blind = np.full((972, 1296), 40, np.uint8)
        blind[300:700, 400:900] = 255
        return taken(BRIGHT_SCREEN, self.stops, self.frames % 3) if self.stops < 0 else noisy(blind, 6, self.frames)

    def expose(self, stops: float) -> None:
        self.asked.append(stops)
        self.stops = stops

    def close(self) -> None:
        pass


def test_the_camera_process_asks_for_less_light_and_reads_what_was_too_bright() -> None:
    camera, said = Lit(), list[object]()
    assert Seer(camera, Watcher(build_pipeline()), said.append, 1.0).run(camera.stopping) == EXIT_ENDED
    assert camera.asked == [-1.0]
    assert [event.text for event in said if isinstance(event, Scanned)] == ["in any light"]
    assert not any(isinstance(event, Gone) for event in said)
