"""The light beside the camera, on gpiozero's mock pins."""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from gpiozero.pins.mock import MockFactory, MockPin

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


class PinError(Exception):
    """What lgpio raises of a pin that the kernel has given to somebody else: no error of gpiozero's."""


class Taken(MockFactory):  # type: ignore[misc] # gpiozero has no types
    """Pins that cannot be had."""

    def pin(self, name: Any) -> Any:
        msg = "'GPIO busy'"
        raise PinError(msg)


class Lost(MockPin):  # type: ignore[misc] # gpiozero has no types
    """A pin that is lost once it is to shine."""

    def _set_state(self, value: int) -> None:
        if value:
            msg = "'bad handle'"
            raise PinError(msg)
        super()._set_state(value)


def test_whatever_a_pin_factory_raises_is_a_warning_and_no_light(caplog: pytest.LogCaptureFixture) -> None:
    light = AimLight(PIN, Taken())
    light.start()
    assert "aim_light_unusable pin=25 error='GPIO busy'" in caplog.text
    light.shine(lit=True)
    light.close()


def test_without_gpiozero_there_is_a_warning_and_no_light(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    AimLight(PIN).start()
    assert "aim_light_unusable pin=25" in caplog.text


def test_a_pin_that_is_lost_is_one_warning_and_no_more_light(caplog: pytest.LogCaptureFixture) -> None:
    light = AimLight(PIN, MockFactory(pin_class=Lost))
    light.start()
    assert not caplog.text.count("aim_light_unusable")
    for _ in range(3):
        light.shine(lit=True)
    light.close()
    assert caplog.text.count("aim_light_unusable pin=25 error='bad handle'") == 1


def test_a_pin_that_cannot_be_let_go_ends_nothing(factory: MockFactory, caplog: pytest.LogCaptureFixture) -> None:
    light = AimLight(PIN, factory)
    light.start()
    light._led.off = lambda: 1 / 0
    light.close()
    assert "aim_light_unusable pin=25 error=division by zero" in caplog.text
