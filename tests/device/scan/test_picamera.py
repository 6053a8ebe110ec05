"""The Pi's camera where there is none: its options, and what it says then."""

from __future__ import annotations

import sys

import pytest

from device.scan.errors import CameraError
from device.scan.picamera import PiCamera
from service.adapters import AdapterChoice, build_adapter
from service.config import ConfigError


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
