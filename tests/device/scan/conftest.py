"""A camera that fails in every way that cameras fail, installed the way any adapter is: by an entry point."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

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


@pytest.fixture
def failing_camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Install the adapter ``camera.failing`` for the processes that a test starts; return its name."""
    site = tmp_path / "site"
    metadata = site / "failing_camera-1.dist-info"
    metadata.mkdir(parents=True)
    (site / "failing_camera.py").write_text(FAILING_CAMERA)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: failing-camera\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[hexiao.adapters]\ncamera.failing = failing_camera:FailingCamera\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH", "")])))
    return "failing"
