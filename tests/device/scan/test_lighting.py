"""Light and exposure together, before the real eyes and a modelled sensor that learns late of what is asked of it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from gpiozero.pins.mock import MockFactory

from device.scan.aim import AimLight
from device.scan.lighting import Lighting
from device.scan.passes import Pass
from device.scan.pipeline import Pipeline
from device.scan.visit import LINGER_S
from device.scan.watch import ASLEEP_AFTER_S, Watcher

if TYPE_CHECKING:
    from .drawing import Frame

PIN = 25
#: How many frames of a Pi's camera do not know yet of what was asked of it.
LATE = 3
#: The part of the way that a camera goes in a frame; and nearer than a fifth, as libcamera's rules for the Pi have it.
DAMPED, NEAR = 0.2, 0.2**0.5


class Sensor:
    """A counter on which something shines that is no code, as a camera sees it that judges the light by itself."""

    def __init__(self, fps: float, speed: float, *, shines: float, lamp: float) -> None:
        self.fps, self.speed, self.lamp = fps, speed, lamp
        self.asked, self.exposed = [0.0] * (LATE + 1), list[tuple[float, float]]()
        self.gain, self.now = 1.0, 0.0
        self._random = np.random.default_rng(0)
        self._scene = np.full((324, 432), 0.25)
        self._scene[100:180, 166:246] = np.kron(self._random.integers(0, 2, (10, 10)), np.ones((8, 8))) * shines + 0.1

    def start(self) -> None:
        pass

    def close(self) -> None:
        pass

    def expose(self, stops: float) -> None:
        self.asked[-1] = stops
        self.exposed.append((self.now, stops))

    def frame(self, timeout_s: float) -> Frame:
        """Return the next frame; a hand moves through it from the second second to the third."""
        self.asked.append(self.asked[-1])
        wanted = 2 ** self.asked[-1 - LATE]
        speed = NEAR if self.speed == DAMPED and abs(self.gain / wanted - 1) < 0.2 else self.speed
        self.gain += speed * (wanted - self.gain)
        scene = self._scene.copy()
        if 2 <= self.now < 3:
            left = round((self.now - 2) * 300)
            scene[200:300, left : left + 100] = 0.01
        levels = 255 * np.clip(scene * self.gain * self.lamp, 0, 1) ** (1 / 2.2)
        return np.clip(levels + self._random.normal(0, 1, levels.shape), 0, 255).astype(np.uint8)


def lit_for(sensor: Sensor, seconds: float, *, lamp: float = 1.0) -> tuple[list[float], float]:
    """Return when the light beside the camera was switched, and for how long nothing has stirred in the end."""
    factory = MockFactory()
    light = AimLight(PIN, factory)
    light.start()
    pin, switched, stirred_at = factory.pin(PIN), list[float](), 0.0
    watcher = Watcher(Pipeline([Pass("blind", lambda _scene: [])]))
    lighting = Lighting(sensor, light if lamp != 1.0 else None)
    for number in range(round(seconds * sensor.fps)):
        sensor.now, before = number / sensor.fps, pin.state
        sensor.lamp = lamp if before else 1.0
        frame = sensor.frame(1.0)
        watcher.see(frame, sensor.now)
        stirred_at = sensor.now if watcher.stirring else stirred_at
        lighting.see(frame, watcher, sensor.now)
        switched += [sensor.now] if pin.state != before else []
    light.close()
    factory.reset()
    return switched, sensor.now - stirred_at


@pytest.mark.parametrize("speed", [1.0, DAMPED])
@pytest.mark.parametrize("fps", [4, 15])
def test_what_was_too_bright_for_one_visit_is_left_alone_until_the_next(fps: float, speed: float) -> None:
    sensor = Sensor(fps, speed, shines=8.0, lamp=1.0)
    _, still_s = lit_for(sensor, 24)
    assert [stops for _, stops in sensor.exposed] == [-1.0, -2.0, 0.0]
    assert sensor.exposed[-1][0] < 3 + LINGER_S + 4
    assert still_s > ASLEEP_AFTER_S, "the eyes sleep"


@pytest.mark.parametrize("speed", [1.0, DAMPED])
@pytest.mark.parametrize("fps", [4, 15])
@pytest.mark.parametrize("shines", [0.6, 8.0])
def test_light_and_exposure_do_not_keep_each_other_awake(fps: float, speed: float, shines: float) -> None:
    sensor = Sensor(fps, speed, shines=shines, lamp=1.6)
    switched, still_s = lit_for(sensor, 24, lamp=1.6)
    assert len(switched) == 2, "on at the first frame, off after the hand"
    assert all(later - earlier > LINGER_S for earlier, later in pairwise(switched))
    assert sensor.exposed[-1:] in ([], [(switched[-1], 0.0)])
    assert still_s > ASLEEP_AFTER_S


def test_a_camera_that_cannot_be_told_and_no_light_are_left_alone() -> None:
    class Plain:
        def start(self) -> None:
            pass

        def frame(self, timeout_s: float) -> None:
            return None

        def close(self) -> None:
            pass

    lighting, watcher = Lighting(Plain(), None), Watcher(Pipeline([Pass("blind", lambda _scene: [])]))
    for number in range(30):
        frame = np.full((324, 432), 255 * (number % 2), np.uint8)
        watcher.see(frame, number / 15)
        lighting.see(frame, watcher, number / 15)
