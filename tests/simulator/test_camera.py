"""The rehearsal camera and the file before it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from device.scan.errors import CameraError
from simulator.adapters.camera import RehearsalCamera
from simulator.frames import clear, read_frame, write_frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PICTURE = np.arange(64 * 48, dtype=np.uint8).reshape(48, 64)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "camera.frame"


@pytest.fixture
def camera(path: Path) -> Iterator[RehearsalCamera]:
    camera = RehearsalCamera(RehearsalCamera.Options(frames=str(path), fps=50, width=64, height=48))
    camera.start()
    yield camera
    camera.close()


def test_an_empty_counter_is_dark_and_plain(camera: RehearsalCamera) -> None:
    frame = camera.frame(1.0)
    assert frame is not None
    assert frame.shape == (48, 64)
    assert np.ptp(frame) == 0
    assert 0 < frame[0, 0] < 100


def test_what_stands_there_is_seen_pixel_for_pixel_until_it_is_taken_away(camera: RehearsalCamera, path: Path) -> None:
    empty = camera.frame(1.0)
    write_frame(path, PICTURE[:, ::-1])
    seen = camera.frame(1.0)
    assert seen is not None
    assert (seen == PICTURE[:, ::-1]).all()
    write_frame(path, PICTURE)
    assert camera.frame(1.0) is not None
    assert camera.frame(1.0) is not None
    clear(path)
    clear(path)
    assert camera.frame(1.0) is empty


def test_what_stood_there_before_the_camera_was_started_is_seen(path: Path) -> None:
    write_frame(path, PICTURE)
    camera = RehearsalCamera(RehearsalCamera.Options(frames=str(path)))
    camera.start()
    seen = camera.frame(1.0)
    assert seen is not None
    assert (seen == PICTURE).all()


def test_frames_come_at_the_sensors_pace(camera: RehearsalCamera) -> None:
    camera.frame(1.0)
    began = time.monotonic()
    for _ in range(10):
        camera.frame(1.0)
    assert time.monotonic() - began >= 10 / 50 * 0.9


def test_a_new_picture_need_not_wait_for_its_turn(path: Path) -> None:
    camera = RehearsalCamera(RehearsalCamera.Options(frames=str(path), fps=0.01))
    camera.start()
    camera.frame(1.0)
    threading.Timer(0.05, write_frame, (path, PICTURE)).start()
    seen = camera.frame(30.0)
    assert seen is not None
    assert seen.shape == PICTURE.shape


def test_a_sensor_slower_than_the_patience_stalls(path: Path) -> None:
    camera = RehearsalCamera(RehearsalCamera.Options(frames=str(path), fps=0.01))
    camera.start()
    assert camera.frame(1.0) is not None
    assert camera.frame(0.01) is None


def test_a_picture_is_put_whole_or_not_at_all(camera: RehearsalCamera, path: Path) -> None:
    pictures = [np.full((48, 64), shade, np.uint8) for shade in (60, 90, 120)]
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for picture in pictures:
                write_frame(path, picture)

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for _ in range(200):
            frame = camera.frame(1.0)
            assert frame is not None
            assert np.ptp(frame) == 0
    finally:
        stop.set()
        swapper.join()
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "data", [b"", b"HXFRAME1", b"no frame at all, but long enough for one", b"HXFRAME1" + bytes(8)]
)
def test_another_file_is_a_fault_of_the_camera(camera: RehearsalCamera, path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(CameraError, match="is no frame"):
        camera.frame(1.0)


def test_a_cut_frame_is_refused(path: Path) -> None:
    write_frame(path, PICTURE)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CameraError, match="is no frame"):
        read_frame(path)
