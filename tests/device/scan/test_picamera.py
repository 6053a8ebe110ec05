"""The Pi's camera under the unmodified Picamera2 class, over a stand-in for libcamera; and where there is none."""

from __future__ import annotations

import gc
import sys
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from device.scan import child
from device.scan.child import EXIT_ENDED, Seer
from device.scan.errors import CameraError
from device.scan.events import Alive, CameraFault, ScanEvent, Scanned
from device.scan.picamera import PiCamera
from device.scan.pipeline import build_pipeline
from device.scan.watch import Watcher
from service.adapters import AdapterChoice, build_adapter
from service.config import ConfigError

from . import libcamera
from .drawing import HEIGHT, WIDTH, before_camera, counter, qr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


#: Picamera2 starts its thread in a way that Python 3.10 deprecated, and leaves files to be closed by themselves.
pytestmark = [
    pytest.mark.filterwarnings("ignore:setDaemon:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
]

FAST = PiCamera.Options(fps=60)


@pytest.fixture
def sensor(monkeypatch: pytest.MonkeyPatch) -> Iterator[libcamera.Sensor]:
    """Put a machine with one camera in the place of this one; what stands before it can be changed."""
    sensor = libcamera.Sensor(lambda _width, _height: counter())
    libcamera.install(monkeypatch, sensor)
    yield sensor
    gc.collect()  # or what Picamera2 has left open is found in somebody else's test


@pytest.fixture
def opened(sensor: libcamera.Sensor) -> Iterator[Callable[[PiCamera.Options], PiCamera]]:
    """Return a function that opens a camera, which the end of the test closes."""
    cameras: list[PiCamera] = []

    def open_one(options: PiCamera.Options) -> PiCamera:
        cameras.append(PiCamera(options))
        cameras[-1].start()
        return cameras[-1]

    yield open_one
    for camera in cameras:
        camera.close()


def test_frames_are_the_luminance_without_the_padding(
    sensor: libcamera.Sensor, opened: Callable[[PiCamera.Options], PiCamera]
) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH), np.uint8)
    sensor.picture = lambda width, height: picture[:height, :width]
    frame = opened(FAST).frame(2.0)
    assert frame is not None
    assert np.array_equal(frame, picture)
    assert frame.flags.c_contiguous, "or each decoder would copy it again"
    assert frame.flags.owndata, "or it would change while it is looked at"


@pytest.mark.parametrize(("width", "height"), [(1296, 972), (640, 480)])
def test_white_and_black_are_the_ends_of_the_range_at_any_size(
    sensor: libcamera.Sensor, opened: Callable[[PiCamera.Options], PiCamera], width: int, height: int
) -> None:
    """Picamera2's own choice for video, by its size, is one of two limited ranges, where no white is above 235."""
    sensor.picture = lambda width, height: np.tile(np.array([[0, 255]], np.uint8), (height, width // 2))
    frame = opened(PiCamera.Options(fps=60, width=width, height=height)).frame(2.0)
    assert frame is not None
    assert (frame.min(), frame.max()) == (0, 255)


def test_frames_come_at_the_pace_that_was_asked_for(opened: Callable[[PiCamera.Options], PiCamera]) -> None:
    camera = opened(PiCamera.Options(fps=20))
    camera.frame(2.0)
    began = time.monotonic()
    for _ in range(10):
        assert camera.frame(2.0) is not None
    assert 0.4 < time.monotonic() - began < 1.5


def test_a_frame_that_is_late_is_dropped_for_the_newest(
    sensor: libcamera.Sensor, opened: Callable[[PiCamera.Options], PiCamera]
) -> None:
    sensor.picture = lambda _width, _height: np.full((HEIGHT, WIDTH), sensor.frames % 250, np.uint8)
    camera = opened(FAST)
    camera.frame(2.0)
    until = sensor.frames + 20
    while sensor.frames < until:
        time.sleep(0.01)
    frame = camera.frame(2.0)
    assert frame is not None
    assert int(frame[0, 0]) >= until - 1


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        (PiCamera.Options(fps=10), {"FrameDurationLimits": (100000, 100000), "AeEnable": True}),
        (PiCamera.Options(), {"AeMeteringMode": 0, "AeExposureMode": 1, "ExposureValue": 0.0}),
        (PiCamera.Options(exposure_stops=-1.5), {"ExposureValue": -1.5}),
        (PiCamera.Options(lens="auto"), {"AfMode": 2}),
        (PiCamera.Options(lens="manual", lens_distance_cm=20), {"AfMode": 0, "LensPosition": 5.0}),
    ],
)
def test_what_is_asked_of_the_camera(
    sensor: libcamera.Sensor,
    opened: Callable[[PiCamera.Options], PiCamera],
    options: PiCamera.Options,
    asked: dict[str, object],
) -> None:
    assert opened(options).frame(2.0) is not None
    assert {name: sensor.asked[name] for name in asked} == asked


@pytest.mark.parametrize(("own", "stops", "wanted"), [(0.0, -1.0, -1.0), (1.5, 2.0, 3.5), (-4.0, -2.0, -6.0)])
def test_more_or_less_light_is_asked_beside_what_is_configured(
    sensor: libcamera.Sensor, opened: Callable[[PiCamera.Options], PiCamera], own: float, stops: float, wanted: float
) -> None:
    camera = opened(PiCamera.Options(exposure_stops=own, fps=60))
    camera.frame(2.0)
    camera.expose(stops)
    for _ in range(12):  # requests that were on their way do not know of it
        camera.frame(2.0)
    assert sensor.asked["ExposureValue"] == wanted


def test_a_stall_is_no_frame_and_a_new_start_ends_it(
    sensor: libcamera.Sensor, opened: Callable[[PiCamera.Options], PiCamera]
) -> None:
    camera = opened(FAST)
    assert camera.frame(2.0) is not None
    sensor.stalled.set()
    results = [camera.frame(0.2) for _ in range(4)]
    assert results[-1] is None
    camera.close()
    sensor.stalled.clear()
    camera.start()
    assert camera.frame(2.0) is not None


def test_a_callback_that_raises_is_a_stall_and_a_new_start_ends_it(
    sensor: libcamera.Sensor, opened: Callable[[PiCamera.Options], PiCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends picamera2's own thread, in silence: every plain capture would wait for ever."""
    monkeypatch.setattr(threading, "excepthook", lambda _args: None)
    camera = opened(FAST)
    assert camera.frame(2.0) is not None
    camera._camera.post_callback = lambda _request: 1 / 0
    until = time.monotonic() + 10
    while camera.frame(0.3) is not None:
        assert time.monotonic() < until
    camera.close()
    camera.start()
    assert camera.frame(2.0) is not None


def test_a_camera_that_another_holds_is_busy_until_that_lets_go(
    opened: Callable[[PiCamera.Options], PiCamera],
) -> None:
    first = opened(FAST)
    with pytest.raises(CameraError, match="does another process hold it"):
        opened(FAST)
    first.close()
    assert opened(FAST).frame(2.0) is not None


def test_a_camera_that_stays_busy_for_a_while_after_a_crash_is_waited_for(
    sensor: libcamera.Sensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "_FIRST_PAUSE_S", 0.0)
    stopping, said = threading.Event(), list[ScanEvent]()
    sensor.refusals = 2

    def say(event: ScanEvent) -> None:
        said.append(event)
        if isinstance(event, Alive):
            stopping.set()

    assert Seer(PiCamera(FAST), Watcher(build_pipeline()), say, 2.0).run(stopping) == EXIT_ENDED
    assert [type(event) for event in said] == [CameraFault, CameraFault, Alive]
    assert all("does another process hold it" in event.error for event in said if isinstance(event, CameraFault))


def test_a_camera_that_is_not_there_is_said_to_be_absent(opened: Callable[[PiCamera.Options], PiCamera]) -> None:
    with pytest.raises(CameraError, match="camera 3 is not there: check its cable"):
        opened(PiCamera.Options(camera=3))


def test_from_the_sensor_to_the_code_and_on_after_a_stall(sensor: libcamera.Sensor) -> None:
    phone, stopping, said = before_camera(qr("on a pi")), threading.Event(), list[ScanEvent]()
    sensor.picture = lambda _width, _height: phone

    def say(event: ScanEvent) -> None:
        said.append(event)
        match event:
            case Alive() if not sensor.stalled.is_set() and len(said) == 2:
                sensor.stalled.set()
            case CameraFault():
                sensor.stalled.clear()
            case Scanned() if len(said) > 2:
                stopping.set()

    code = Seer(PiCamera(FAST), Watcher(build_pipeline()), say, 0.5).run(stopping)
    assert code == EXIT_ENDED
    assert [type(event) for event in said[:4]] == [Scanned, Alive, CameraFault, Scanned]


def test_without_picamera2_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    camera = PiCamera(PiCamera.Options())
    with pytest.raises(CameraError, match="apt install python3-picamera2"):
        camera.start()
    camera.close()
    camera.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"width": 1297}, "width"),
        ({"fps": 0}, "fps"),
        ({"lens": "zoom"}, "lens"),
        ({"heigth": 972}, "did you mean `height`"),
    ],
)
def test_options_that_no_camera_has_are_refused_by_name(options: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        build_adapter("camera", AdapterChoice(adapter="picamera2", options=options))


def test_it_is_found_by_its_name() -> None:
    assert isinstance(build_adapter("camera", AdapterChoice(adapter="picamera2")), PiCamera)
