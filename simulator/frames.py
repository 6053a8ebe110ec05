"""The file in which the simulator's server leaves what stands before a rehearsal camera.

It exists before, while and after the kiosk's processes run, so a picture can be put there while the kiosk is off. What
makes a picture file into a frame is ``device.scan.pictures.fit``.

Format: 8 bytes of mark, width and height as 32-bit unsigned little-endian numbers, then the luminance plane.
"""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from device.scan.errors import CameraError

if TYPE_CHECKING:
    from device.scan.readers import Frame

_MARK = b"HXFRAME1"
_HEADER = struct.Struct("<8sII")


def write_frame(path: Path, frame: Frame) -> None:
    """Put a frame before the camera: at once and as a whole, whoever reads the file just now."""
    height, width = frame.shape
    draft = tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False)  # noqa: SIM115 - closed below
    try:
        with draft:
            draft.write(_HEADER.pack(_MARK, width, height))
            draft.write(np.ascontiguousarray(frame).data)
        Path(draft.name).replace(path)
    except OSError:
        Path(draft.name).unlink(missing_ok=True)
        raise


def clear(path: Path) -> None:
    """Take away what stands before the camera, if anything does."""
    path.unlink(missing_ok=True)


def read_frame(path: Path) -> Frame | None:
    """Return the frame that stands before the camera, None where nothing does; raise CameraError for any other file."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(data) >= _HEADER.size:
        mark, width, height = _HEADER.unpack_from(data)
        if mark == _MARK and width * height == len(data) - _HEADER.size and width * height > 0:
            return np.frombuffer(data, np.uint8, offset=_HEADER.size).reshape(height, width)
    msg = f"{path} is no frame; put a picture before the camera anew"
    raise CameraError(msg)
