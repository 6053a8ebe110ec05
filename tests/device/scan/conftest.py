"""Cameras that fail in every way that cameras fail, installed the way any adapter is: by an entry point."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[3]

FAILING_CAMERA = """
import os, time
import numpy as np
from device.scan.errors import CameraError
from service.config import Section

class FailingCamera:
    class Options(Section, frozen=True, kw_only=True):
        fails: str
        frames: int = 3

    def __init__(self, options):
        self.fails, self.left, self.frames = options.fails, 0, options.frames

    def start(self):
        if self.fails == "busy":
            raise CameraError("the camera is busy: another process holds it")
        if self.fails == "bug":
            raise ZeroDivisionError("a bug in an adapter")
        self.left = self.frames

    def frame(self, timeout_s):
        time.sleep(0.01)
        self.left -= 1
        if self.left >= 0:
            return np.zeros((120, 160), np.uint8)
        match self.fails:
            case "stall":
                time.sleep(timeout_s)
                return None
            case "hang":
                print("hanging now", flush=True)
                time.sleep(3600)
            case "chatter":
                print("a library says hello", flush=True)
                return np.zeros((120, 160), np.uint8)
            case "crash":
                os.abort()
            case "greed":
                np.ones(1 << 31)

    def close(self):
        if self.fails == "close hangs":
            time.sleep(3600)
"""


#: The Pi's camera over the stand-in for libcamera, in a process of its own; a file says how often it is still held.
HELD_CAMERA = """
from pathlib import Path
import pytest
from device.scan.picamera import PiCamera
from tests.device.scan import libcamera
from tests.device.scan.drawing import before_camera, qr

class HeldCamera(PiCamera):
    class Options(PiCamera.Options, frozen=True, kw_only=True):
        refusals: str

    def __init__(self, options):
        super().__init__(options)
        phone, refusals = before_camera(qr("after the crash")), int(Path(options.refusals).read_text())
        libcamera.install(pytest.MonkeyPatch(), libcamera.Sensor(lambda *_: phone, refusals=refusals))
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, str], str]:
    """Return a function that installs the adapter ``camera.NAME`` for the processes that a test starts."""

    def install(name: str, source: str, of: str) -> str:
        metadata = tmp_path / "site" / f"{name}_camera-1.dist-info"
        metadata.mkdir(parents=True)
        (tmp_path / "site" / f"{name}_camera.py").write_text(source)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-camera\nVersion: 1\n")
        (metadata / "entry_points.txt").write_text(f"[hexiao.adapters]\ncamera.{name} = {name}_camera:{of}\n")
        paths = [str(tmp_path / "site"), str(ROOT), os.environ.get("PYTHONPATH", "")]
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
        return name

    return install


@pytest.fixture
def failing_camera(installed: Callable[[str, str, str], str]) -> str:
    """Install the adapter ``camera.failing``; return its name."""
    return installed("failing", FAILING_CAMERA, "FailingCamera")


@pytest.fixture
def held_camera(installed: Callable[[str, str, str], str]) -> str:
    """Install the adapter ``camera.held``; return its name."""
    return installed("held", HELD_CAMERA, "HeldCamera")
