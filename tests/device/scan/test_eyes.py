"""The kiosk's hold on its camera process, with real processes: they die, hang and talk nonsense, the kiosk goes on."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from device.scan import child
from device.scan.events import Alive, CameraFault, ScanConfig, ScanEvent, Scanned
from device.scan.eyes import Eyes, EyesTiming
from service.adapters import AdapterChoice
from simulator.frames import write_frame
from tests.simulator.waiting import until

from .drawing import before_camera, qr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WITHIN_S = 20
QUICK = EyesTiming(silence_s=1.5, first_pause_s=0.05)


class Kiosk:
    """Eyes with the mailbox that they post to."""

    def __init__(self, adapter: str, options: dict[str, Any], timing: EyesTiming = QUICK, **more: Any) -> None:
        self.mailbox: queue.Queue[ScanEvent] = queue.Queue()
        self.deaths: list[BaseException] = []
        config = ScanConfig(camera=AdapterChoice(adapter=adapter, options=options), **more)
        self.eyes = Eyes(config, self.mailbox.put, self.deaths.append, timing)

    def wait_for(self, kind: type[ScanEvent]) -> Any:
        while not isinstance(event := self.mailbox.get(timeout=WITHIN_S), kind):
            pass
        return event

    def child(self) -> int:
        """Return the process id of the camera process, once there is one."""
        until(children)
        (pid,) = children()
        return pid


def children() -> list[int]:
    """Return the camera processes of this test process that still run."""
    found = []
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        with suppress(OSError):  # of a thread that has just ended
            found += [int(pid) for pid in (task / "children").read_text().split()]
    return [pid for pid in found if b"device.scan" in command(pid)]


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.fixture
def opened() -> Iterator[Callable[..., Kiosk]]:
    kiosks: list[Kiosk] = []

    def open_(*args: Any, **kwargs: Any) -> Kiosk:
        kiosks.append(Kiosk(*args, **kwargs))
        kiosks[-1].eyes.start()
        return kiosks[-1]

    yield open_
    for kiosk in kiosks:
        kiosk.eyes.close()
        assert kiosk.deaths == []
    assert children() == []


def test_a_scan_reaches_the_mailbox(opened: Callable[..., Kiosk], tmp_path: Path) -> None:
    path = tmp_path / "camera.frame"
    kiosk = opened("rehearsal", {"frames": str(path)})
    assert not kiosk.eyes.fresh(time.monotonic(), 3600)
    kiosk.wait_for(Alive)
    assert kiosk.eyes.fresh(time.monotonic(), 3)
    assert not kiosk.eyes.fresh(time.monotonic() + 100, 3)
    write_frame(path, before_camera(qr("in the post")))
    assert kiosk.wait_for(Scanned).text == "in the post"
    assert kiosk.eyes.alive
    assert kiosk.eyes.alive.frames > 0


def test_a_killed_process_is_followed_by_another_that_sees(opened: Callable[..., Kiosk], tmp_path: Path) -> None:
    path = tmp_path / "camera.frame"
    write_frame(path, before_camera(qr("still there")))
    kiosk = opened("rehearsal", {"frames": str(path)})
    kiosk.wait_for(Scanned)
    first = kiosk.child()
    os.kill(first, signal.SIGKILL)
    assert "ended with code -9" in kiosk.wait_for(CameraFault).error
    assert kiosk.wait_for(Scanned).text == "still there"
    assert kiosk.child() != first


def test_a_camera_that_a_killed_process_still_holds_is_busy_and_then_seen_through(
    opened: Callable[..., Kiosk], held_camera: str, tmp_path: Path
) -> None:
    refusals = tmp_path / "refusals"
    refusals.write_text("0")
    kiosk = opened(held_camera, {"refusals": str(refusals)}, EyesTiming(first_pause_s=0.05))
    assert kiosk.wait_for(Scanned).text == "after the crash"
    refusals.write_text("2")
    os.kill(kiosk.child(), signal.SIGKILL)
    assert "ended with code -9" in kiosk.wait_for(CameraFault).error
    for _ in range(2):
        assert "does another process hold it" in kiosk.wait_for(CameraFault).error
    assert kiosk.wait_for(Scanned).text == "after the crash"


@pytest.mark.parametrize(
    ("fails", "words"),
    [
        ("hang", "has said nothing for 2.5 s"),
        ("crash", "ended with code -6"),
        ("busy", "another process holds it"),
        ("bug", "ZeroDivisionError"),
    ],
)
def test_whatever_a_camera_does_there_is_a_fault_and_a_new_try(
    opened: Callable[..., Kiosk], failing_camera: str, fails: str, words: str
) -> None:
    kiosk = opened(failing_camera, {"fails": fails})
    assert words in kiosk.wait_for(CameraFault).error
    again = kiosk.wait_for(CameraFault) if fails in ("busy", "bug") else kiosk.wait_for(Alive)
    assert again


def test_a_camera_that_may_take_long_for_a_frame_is_given_its_time_before_the_process_counts_as_hung(
    opened: Callable[..., Kiosk], failing_camera: str
) -> None:
    kiosk = opened(failing_camera, {"fails": "stall"}, frame_timeout_s=2.0)
    kiosk.wait_for(Alive)
    assert "no frame for 2 s" in kiosk.wait_for(CameraFault).error


def test_the_pauses_between_two_starts_of_a_camera_are_no_silence() -> None:
    longest_pause_s = child._FIRST_PAUSE_S * 2 ** (child._STARTS - 2)
    slow_start_s = 2.0
    assert EyesTiming().silence_s >= longest_pause_s + slow_start_s


def test_pauses_between_hopeless_processes_grow(opened: Callable[..., Kiosk], failing_camera: str) -> None:
    kiosk = opened(failing_camera, {"fails": "bug"}, EyesTiming(first_pause_s=0.1, longest_pause_s=0.4))
    ends: list[float] = []
    while len(ends) < 5:
        if "ended with code" in kiosk.wait_for(CameraFault).error:
            ends.append(time.monotonic())
    lives = [later - earlier for earlier, later in pairwise(ends)]
    assert lives[2] >= 0.4
    assert lives[3] >= 0.4


def test_a_sign_of_life_is_posted_when_frames_begin_and_not_each_second(
    opened: Callable[..., Kiosk], tmp_path: Path
) -> None:
    kiosk = opened("rehearsal", {"frames": str(tmp_path / "f")})
    kiosk.wait_for(Alive)
    first = kiosk.eyes.alive
    until(lambda: kiosk.eyes.alive is not first)
    assert kiosk.mailbox.empty()


def test_a_line_that_is_no_event_is_dropped(
    caplog: pytest.LogCaptureFixture, opened: Callable[..., Kiosk], tmp_path: Path
) -> None:
    kiosk = opened("rehearsal", {"frames": str(tmp_path / "f")})
    kiosk.wait_for(Alive)
    kiosk.eyes._understand(b'{"type":"wink"}')
    kiosk.eyes._understand(b"\xff\x00")
    assert caplog.text.count("camera_process_line_dropped") == 2
    assert kiosk.mailbox.empty()


def test_a_mailbox_that_raises_is_a_death_that_is_told(tmp_path: Path) -> None:
    died = threading.Event()

    def full(_event: ScanEvent) -> None:
        msg = "mailbox full"
        raise OSError(msg)

    config = ScanConfig(camera=AdapterChoice(adapter="rehearsal", options={"frames": str(tmp_path / "f")}))
    eyes = Eyes(config, full, lambda _error: died.set())
    eyes.start()
    assert died.wait(WITHIN_S)
    eyes.close()
    assert children() == []


def test_closing_ends_the_process_whatever_the_camera_does(failing_camera: str) -> None:
    Kiosk(failing_camera, {"fails": "never started"}).eyes.close()
    kiosk = Kiosk(failing_camera, {"fails": "close hangs", "frames": 1_000_000})
    kiosk.eyes.start()
    kiosk.wait_for(Alive)
    kiosk.eyes.close()
    kiosk.eyes.close()
    assert children() == []
    assert kiosk.deaths == []


def test_the_main_process_loads_no_decoder_with_its_eyes() -> None:
    heavy = "import device.scan.eyes, sys; print([m for m in ('numpy','zxingcpp','pyzbar','PIL') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", heavy], capture_output=True, check=True, text=True)
    assert out.stdout.strip() == "[]"
