"""The light beside the camera, on gpiozero's mock pins."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import pytest
from gpiozero.pins.mock import MockFactory

from device.scan.aim import AimLight
from device.scan.child import EXIT_ENDED, Seer
from device.scan.pipeline import build_pipeline
from device.scan.watch import Watcher

from .drawing import before_camera, counter, noisy, qr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .drawing import Frame

PIN = 25


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    made = MockFactory()
    yield made
    made.reset()


class Brought:
    """A camera before which a phone is held for some frames; what the light is meanwhile."""

    def __init__(self, factory: MockFactory) -> None:
        self.pin = factory.pin(PIN)
        self.frames = [noisy(counter(), 4, seed) for seed in range(40)] + [before_camera(qr("in the dark"))] * 5
        self.lit: list[bool] = []
        self.stopping = threading.Event()

    def start(self) -> None:
        pass

    def frame(self, timeout_s: float) -> Frame | None:
        self.lit.append(bool(self.pin.state))
        frame = self.frames.pop(0)
        if not self.frames:
            self.stopping.set()
        return frame

    def close(self) -> None:
        pass


def test_the_camera_process_lights_what_is_brought_and_leaves_the_pin_dark(factory: MockFactory) -> None:
    camera = Brought(factory)
    seer = Seer(camera, Watcher(build_pipeline()), lambda _event: None, 1.0, AimLight(PIN, factory))
    assert seer.run(camera.stopping) == EXIT_ENDED
    assert camera.lit[-4:] == [True] * 4
    assert not camera.pin.state
    AimLight(PIN, factory).start()  # it was let go


def test_a_pin_that_another_part_holds_is_a_warning_and_no_light(
    factory: MockFactory, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = AimLight(PIN, factory), AimLight(PIN, factory)
    first.start()
    with caplog.at_level(logging.WARNING):
        second.start()
    assert "aim_light_unusable pin=25" in caplog.text
    second.shine(lit=True)
    assert not factory.pin(PIN).state
    first.shine(lit=True)
    assert factory.pin(PIN).state
    second.close()
    first.close()
    assert not factory.pin(PIN).state
