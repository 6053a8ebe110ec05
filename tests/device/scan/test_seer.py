"""The camera process's main loop over a camera that stalls, recovers, and fails for good."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from device.scan import child
from device.scan.child import EXIT_CAMERA, EXIT_ENDED, Seer
from device.scan.errors import CameraError
from device.scan.events import Alive, CameraFault, ScanEvent, Scanned
from device.scan.pipeline import build_pipeline
from device.scan.watch import Watcher

from .drawing import before_camera, qr

if TYPE_CHECKING:
    from .drawing import Frame


class Scripted:
    """A camera that gives what a script says at each start: so many frames, then a stall; it tells when all is done."""

    def __init__(self, *frames_after_start: int) -> None:
        self.script = list(frames_after_start)
        self.left = 0
        self.starts = 0
        self.closes = 0
        self.stopping = threading.Event()
        self.picture = before_camera(qr("scripted"))

    def start(self) -> None:
        self.starts += 1
        if not self.script:
            msg = "the camera is busy"
            raise CameraError(msg)
        self.left = self.script.pop(0)

    def frame(self, timeout_s: float) -> Frame | None:
        assert timeout_s == 0.5
        self.left -= 1
        if self.left < 0:
            return None
        if not self.script and self.left == 0:
            self.stopping.set()
        return self.picture

    def close(self) -> None:
        self.closes += 1


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_FIRST_PAUSE_S", 0.0)


def run(camera: Scripted) -> tuple[int, list[ScanEvent]]:
    said: list[ScanEvent] = []
    code = Seer(camera, Watcher(build_pipeline()), said.append, 0.5).run(camera.stopping)
    return code, said


def test_a_stall_starts_the_camera_again_and_what_was_there_is_scanned_anew() -> None:
    camera = Scripted(4, 3)
    code, said = run(camera)
    assert code == EXIT_ENDED
    assert [type(event) for event in said] == [Scanned, Alive, CameraFault, Scanned]
    assert "no frame for 0.5 s; check the camera's cable" in str(said[2])
    assert (camera.starts, camera.closes) == (2, 2)


def test_stalls_between_frames_that_come_for_a_while_never_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_LASTING_S", 0.0)
    camera = Scripted(*[2] * 20)
    code, said = run(camera)
    assert code == EXIT_ENDED
    assert sum(isinstance(event, CameraFault) for event in said) == 19


def test_a_camera_that_gives_a_few_frames_after_each_start_and_stalls_ends_it() -> None:
    camera = Scripted(*[3] * 20)
    code, said = run(camera)
    assert code == EXIT_CAMERA
    assert sum(isinstance(event, CameraFault) for event in said) == camera.starts == 4


def test_a_camera_that_gives_no_frame_at_all_ends_it() -> None:
    camera = Scripted(0, 0, 0, 0, 0, 0)
    code, said = run(camera)
    assert code == EXIT_CAMERA
    assert [type(event) for event in said] == [CameraFault] * 4
    assert camera.closes == camera.starts == 4


def test_a_camera_that_cannot_be_opened_again_ends_it() -> None:
    camera = Scripted(2)
    camera.stopping.set = lambda: None  # type: ignore[method-assign]
    code, said = run(camera)
    assert code == EXIT_CAMERA
    assert [type(event) for event in said] == [Scanned, Alive, CameraFault, CameraFault, CameraFault, CameraFault]
