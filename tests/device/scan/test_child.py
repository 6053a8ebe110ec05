"""The camera process as a real one: what it says, what it survives, and when it ends."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from device.scan.events import Alive, CameraFault, Gone, ScanEvent, Scanned
from simulator.frames import clear, write_frame

from .drawing import before_camera, qr

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WITHIN_S = 20


class Process:
    """A camera process, and the queue of what it says (None at its end)."""

    def __init__(self, first_line: bytes) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "device.scan"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdin
        self.stdin = self.process.stdin
        self.said: queue.Queue[ScanEvent | None] = queue.Queue()
        self.log = b""
        self._threads = [threading.Thread(target=self._listen), threading.Thread(target=self._keep_log)]
        for thread in self._threads:
            thread.start()
        self.stdin.write(first_line)
        self.stdin.flush()

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.put(msgspec.json.decode(line, type=ScanEvent))
        self.said.put(None)

    def _keep_log(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.log += line

    def next(self) -> ScanEvent | None:
        """Return the next thing said that is not a sign of life."""
        while isinstance(event := self.said.get(timeout=WITHIN_S), Alive):
            pass
        return event

    def ended(self) -> tuple[int, str]:
        """Return exit code and log once the process has ended."""
        code = self.process.wait(WITHIN_S)
        for thread in self._threads:
            thread.join(WITHIN_S)
        return code, self.log.decode()

    def close(self) -> None:
        self.process.kill()
        self.ended()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe
            pipe.close()


class Started:
    """Starts camera processes and ends them with the test."""

    def __init__(self) -> None:
        self.processes: list[Process] = []

    def __call__(self, first_line: bytes | dict[str, Any]) -> Process:
        line = first_line if isinstance(first_line, bytes) else json.dumps(first_line).encode() + b"\n"
        self.processes.append(Process(line))
        return self.processes[-1]


@pytest.fixture
def started() -> Iterator[Started]:
    starter = Started()
    yield starter
    for process in starter.processes:
        process.close()


def rehearsal(path: Path, **more: Any) -> dict[str, Any]:
    return {"camera": {"adapter": "rehearsal", "options": {"frames": str(path), "fps": 30}}, **more}


def test_a_picture_is_scanned_gone_and_scanned_again(started: Started, tmp_path: Path) -> None:
    path = tmp_path / "camera.frame"
    process = started(rehearsal(path))
    assert isinstance(process.said.get(timeout=WITHIN_S), Alive)
    for _ in range(2):
        put_at = time.monotonic()
        write_frame(path, before_camera(qr("voucher-7")))
        scanned = process.next()
        assert isinstance(scanned, Scanned)
        assert (scanned.text, scanned.raw_len) == ("voucher-7", 9)
        assert put_at <= scanned.frame_at <= time.monotonic()
        clear(path)
        assert isinstance(process.next(), Gone)


def test_a_picture_that_was_there_before_the_process_is_scanned(started: Started, tmp_path: Path) -> None:
    path = tmp_path / "camera.frame"
    write_frame(path, before_camera(qr(bytes(range(256)), scale=4)))
    scanned = started(rehearsal(path, readers=["pyzbar"], symbologies=["qr_code"])).next()
    assert isinstance(scanned, Scanned)
    assert (scanned.text, scanned.raw_len) == (None, 256)


def test_it_ends_with_its_input(started: Started, tmp_path: Path) -> None:
    process = started(rehearsal(tmp_path / "camera.frame"))
    assert isinstance(process.said.get(timeout=WITHIN_S), Alive)
    process.stdin.close()
    assert process.ended()[0] == 0


PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-m", "device.scan"])
time.sleep(3600)
"""


def test_it_dies_with_its_parent_even_if_its_input_does_not_end(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdin
        assert parent.stdout
        parent.stdin.write(json.dumps(rehearsal(tmp_path / "camera.frame")).encode() + b"\n")
        parent.stdin.flush()
        assert b"alive" in parent.stdout.readline()
        parent.kill()
        # Both had the same input and output. Ours of the input stays open; that of the output ends with the child.
        parent.stdout.read()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"\n", "first line of input must be the configuration"),
        (b"{nonsense\n", "first line of input must be the configuration"),
        (b"[1, 2]\n", "first line of input must be the configuration"),
        (b"{}\n", "camera"),
        ({"camera": {"adapter": "rehearsal"}}, "frames"),
        ({"camera": {"adapter": "rehersal"}}, "no adapter 'rehersal' for the camera"),
        ({"camera": {"adapter": "rehearsal", "options": {"frmaes": "x"}}}, "did you mean `frames`"),
        (rehearsal(None, readers=["zbar"]), "zbar"),  # type: ignore[arg-type]
        (rehearsal(None, readers=[]), "readers"),  # type: ignore[arg-type]
        (rehearsal(None, budget=3), "did you mean `budget_ms`"),  # type: ignore[arg-type]
        (rehearsal(None, readers=["pyzbar"], symbologies=["aztec"]), "reads any of aztec"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_configuration_is_answered_and_ends_it(
    started: Started, line: bytes | dict[str, Any], words: str
) -> None:
    process = started(line)
    fault = process.next()
    assert isinstance(fault, CameraFault)
    assert words in fault.error
    code, log = process.ended()
    assert code == 2
    assert words in log
    assert "Traceback" not in log


def test_no_configuration_at_all_ends_it(started: Started) -> None:
    process = started(b"")
    process.stdin.close()
    assert process.ended()[0] == 2


def test_a_busy_camera_is_tried_again_and_then_left_to_a_new_process(started: Started, failing_camera: str) -> None:
    process = started({"camera": {"adapter": failing_camera, "options": {"fails": "busy"}}})
    for _ in range(4):
        fault = process.next()
        assert isinstance(fault, CameraFault)
        assert "another process holds it" in fault.error
    assert process.next() is None
    assert process.ended()[0] == 3


def test_a_bug_in_an_adapter_is_told_and_logged(started: Started, failing_camera: str) -> None:
    process = started({"camera": {"adapter": failing_camera, "options": {"fails": "bug"}}})
    fault = process.next()
    assert isinstance(fault, CameraFault)
    assert fault.error == "ZeroDivisionError: a bug in an adapter"
    code, log = process.ended()
    assert code == 1
    assert "Traceback" in log


def test_memory_is_limited(started: Started, failing_camera: str) -> None:
    process = started({"camera": {"adapter": failing_camera, "options": {"fails": "greed"}}, "memory_mb": 512})
    fault = process.next()
    assert isinstance(fault, CameraFault)
    assert "MemoryError" in fault.error
    assert process.ended()[0] == 1


def test_the_default_limit_of_memory_is_enough_for_both_readers(started: Started, tmp_path: Path) -> None:
    path = tmp_path / "camera.frame"
    everything = ["qr_code", "data_matrix", "aztec", "pdf417", "code_128", "code_39", "itf", "ean_13", "ean_8"]
    write_frame(path, before_camera(qr("enough", scale=2)))
    assert isinstance(started(rehearsal(path, symbologies=everything, memory_mb=512)).next(), Scanned)


def test_what_a_library_prints_goes_to_the_log(started: Started, failing_camera: str) -> None:
    process = started({"camera": {"adapter": failing_camera, "options": {"fails": "chatter"}}})
    assert isinstance(process.said.get(timeout=WITHIN_S), Alive)
    assert isinstance(process.said.get(timeout=WITHIN_S), Alive)
    process.stdin.close()
    assert process.next() is None
    assert "a library says hello" in process.ended()[1]


def test_ctrl_c_is_left_to_its_parent(started: Started, tmp_path: Path) -> None:
    process = started(rehearsal(tmp_path / "f"))
    assert isinstance(process.said.get(timeout=WITHIN_S), Alive)
    process.process.send_signal(signal.SIGINT)
    assert isinstance(process.said.get(timeout=WITHIN_S), Alive)
    process.stdin.close()
    assert "KeyboardInterrupt" not in process.ended()[1]


def test_no_code_is_ever_logged(started: Started, tmp_path: Path) -> None:
    path = tmp_path / "camera.frame"
    write_frame(path, before_camera(qr("voucher-secret")))
    process = started(rehearsal(path))
    assert isinstance(process.next(), Scanned)
    process.stdin.close()
    assert "secret" not in process.ended()[1]
