"""What the eyes hold on to: memory over 100,000 frames, five of six with a code in them.

Frames are as small as the passes look closer at, so that this takes minutes and not an hour. Each code says what none
before it said, is there for two frames, and moves between them, so that both are decoded: a plain QR code, one that
leans so far that zxing-cpp gives it up and zbar does not, an EAN-13, a Code 128, a QR code under a lamp that has to be
put right, and nothing. What was said is counted, for memory that nothing is read into does not grow.
"""

from __future__ import annotations

import math
from collections import Counter
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import zxingcpp

from benchmarks import Row
from device.scan.events import Scanned
from device.scan.passes import passes_of
from device.scan.pipeline import Pipeline
from device.scan.symbologies import DEFAULT_READERS, DEFAULT_SYMBOLOGIES
from device.scan.watch import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from device.scan.codes import Box, Code
    from device.scan.readers import Frame

FRAMES = 100_000
FPS = 15
_WIDTH, _HEIGHT = 320, 240
_COUNTER, _LIGHT, _DARK = 40, 215, 30
_MOVED = 12  # pixels from one frame of a code to the next
_FINE, _LEANING = 14, 7.25  # pixels a module: drawn, and where the code that leans is nearest
_ROOM = 230  # pixels each way for the code that leans
_NOTHING = "nothing"


class _Counted(Pipeline):
    """A pipeline that keeps count of the frames in which it read something."""

    frames_read = 0

    def look(self, frame: Frame, changed: Box | None = None) -> list[Code]:
        """Return what the passes that are due read in the next frame."""
        codes = super().look(frame, changed)
        self.frames_read += bool(codes)
        return codes


def run() -> list[Row]:
    """Show one code after the other to a kiosk's eyes."""
    # Without a budget: which frame is read does not hang on how fast this machine is.
    pipeline = _Counted(passes_of(DEFAULT_READERS, DEFAULT_SYMBOLOGIES), budget_ms=math.inf)
    watcher, shown, said, settled_mb = Watcher(pipeline), Counter[str](), Counter[str](), 0.0
    for number, (kind, text, frame) in enumerate(islice(_presented(), FRAMES)):
        shown[kind] += number % 2 == 0
        events = watcher.see(frame, number / FPS)
        said[kind] += sum(isinstance(event, Scanned) and event.text == text for event in events)
        said["wrong"] += sum(isinstance(event, Scanned) and event.text != text for event in events)
        settled_mb = _resident_mb() if number == FRAMES // 20 else settled_mb
    grown = _resident_mb() - settled_mb
    with_code = 2 * sum(count for kind, count in shown.items() if kind != _NOTHING)
    return [
        Row("memory", f"grown over {FRAMES:,} frames", grown, "MB", at_most=2),
        Row("memory", "frames with a code", with_code, ""),
        Row("memory", "of these, read", 100 * pipeline.frames_read / with_code, "%", at_least=99),
        *(
            Row(f"memory, {kind}", "said, of those shown", 100 * said[kind] / count, "%", at_least=99)
            for kind, count in shown.items()
            if kind != _NOTHING
        ),
        Row("memory", "said what was not shown", said["wrong"], "", at_most=0),
    ]


def _presented() -> Iterator[tuple[str, str, Frame]]:
    """Yield frames without end, two of each code: what kind it is, what it says, and the frame."""
    noise = np.random.default_rng(1).integers(-3, 4, (16, _HEIGHT, _WIDTH), np.int16)
    grains = cycle(noise)
    for number, (kind, draw) in enumerate(cycle(_KINDS.items())):
        text, code = draw(number)
        for left in (-_MOVED // 2, _MOVED // 2):
            yield kind, text, np.clip(_on_the_counter(code, left) + next(grains), 0, 255).astype(np.uint8)


def _on_the_counter(code: Frame, left: int) -> Frame:
    """Return a frame with a picture in its middle, so many pixels further left."""
    frame = np.full((_HEIGHT, _WIDTH), _COUNTER, np.uint8)
    height, width = code.shape
    y, x = (_HEIGHT - height) // 2, (_WIDTH - width) // 2 - left
    frame[y : y + height, x : x + width] = code
    return frame


def _square(text: str, scale: int, border: int) -> Frame:
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    modules = np.asarray(zxingcpp.write_barcode_to_image(code, scale=1, add_quiet_zones=False))
    shades = np.where(np.pad(modules, border, constant_values=255) > 127, _LIGHT, _DARK).astype(np.uint8)
    return np.kron(shades, np.ones((scale, scale), np.uint8))


def _plain(number: int) -> tuple[str, Frame]:
    text = f"https://example.com/v/{number:08d}"
    return text, _square(text, 5, 4)


def _leaning(number: int) -> tuple[str, Frame]:
    text = f"{number:014d}"
    code = _square(text, _FINE, 3)
    soft = cv2.GaussianBlur(code, (0, 0), 0.6 * _FINE / _LEANING)
    seen = cv2.warpPerspective(soft, _away(len(code)), (_ROOM, _ROOM), borderValue=_COUNTER)
    return text, seen.astype(np.uint8)


def _away(side: int) -> cv2.typing.MatLike:
    """Return how a square picture comes to lie when it is turned and leans away from the camera."""
    turn, tilt, far = math.radians(16.5), math.radians(58), 3.0 * _HEIGHT
    corners = np.array([[0, 0], [side, 0], [side, side], [0, side]], np.float32)
    turned = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    flat = (corners - side / 2) * _LEANING / _FINE @ turned
    seen = flat * [math.cos(tilt), 1] * (far / (far + flat[:, :1] * math.sin(tilt))) + _ROOM / 2
    return cv2.getPerspectiveTransform(corners, seen.astype(np.float32))


def _under_a_lamp(number: int) -> tuple[str, Frame]:
    text = f"https://example.com/v/{number:08d}"
    code = _square(text, 5, 4)
    return text, np.clip(code + _lamp(len(code)), 0, 255).astype(np.uint8)


def _lamp(side: int) -> Frame:
    down, right = np.mgrid[:side, :side] / side
    return np.asarray(600 * np.exp(-((right - 0.55) ** 2 + (down - 0.5) ** 2) / (2 * 0.13**2)))


def _bars(text: str, kind: zxingcpp.BarcodeFormat) -> Frame:
    drawn = np.asarray(zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(text, kind), scale=2))
    row = np.where(drawn[len(drawn) // 4] > 127, _LIGHT, _DARK).astype(np.uint8)
    return np.tile(np.pad(row, 12, constant_values=_LIGHT), (80, 1))


def _ean_13(number: int) -> tuple[str, Frame]:
    digits = f"69{number:010d}"
    check = -sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10
    return f"{digits}{check}", _bars(f"{digits}{check}", zxingcpp.BarcodeFormat.EAN13)


def _code_128(number: int) -> tuple[str, Frame]:
    text = f"{number:010d}"
    return text, _bars(text, zxingcpp.BarcodeFormat.Code128)


def _empty(_number: int) -> tuple[str, Frame]:
    return "", np.full((60, 100), 120, np.uint8)


_KINDS: dict[str, Callable[[int], tuple[str, Frame]]] = {
    "plain": _plain,
    "leaning, for zbar": _leaning,
    "EAN-13": _ean_13,
    "Code 128": _code_128,
    "under a lamp": _under_a_lamp,
    _NOTHING: _empty,
}


def _resident_mb() -> float:
    """Return this process's resident memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
