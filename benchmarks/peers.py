"""The readers that somebody could take instead of the kiosk's pipeline, at the same symbologies."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

from device.scan.codes import decode_text
from device.scan.decoders import build_reader
from device.scan.pipeline import build_pipeline
from device.scan.symbologies import DEFAULT_SYMBOLOGIES, ReaderName

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.photographs import Held
    from device.scan.codes import Code
    from device.scan.readers import Frame
    from device.scan.symbologies import Symbology

    Read: TypeAlias = Callable[[Frame], "list[Payload]"]

OURS = "pipeline"
OURS_WITH_PYZBAR = "pipeline with pyzbar only"
ZXING = "zxing-cpp alone"
PYZBAR = "pyzbar alone"
OPENCV = "OpenCV"
#: Each of them could be a kiosk's only reader; what one of them reads, the pipeline is not to lose.
ALONE = (ZXING, PYZBAR)
#: Each of them one could take instead of the pipeline.
OTHERS = (*ALONE, OPENCV)


@dataclass(frozen=True, slots=True)
class Payload:
    """What a code holds: its text, where it is one, and its bytes."""

    text: str | None
    raw: bytes

    def is_what(self, held: Held) -> bool:
        """Return whether it is this text, or these bytes, or one of them."""
        if isinstance(held, tuple):
            return any(map(self.is_what, held))
        return held == (self.raw if isinstance(held, bytes) else self.text)


def peers() -> dict[str, Read]:
    """Return each way of reading what is configured by default: a frame in, what was read out, in one thread."""
    cv2.setNumThreads(1)
    return {
        **configurable(DEFAULT_SYMBOLOGIES),
        OURS_WITH_PYZBAR: _said(build_pipeline([ReaderName.PYZBAR]).read_all),
        OPENCV: _opencv(),
    }


def configurable(symbologies: Sequence[Symbology]) -> dict[str, Read]:
    """Return the ways that can be told what to look for, set up for these kinds."""
    return {
        OURS: _said(build_pipeline(symbologies=symbologies).read_all),
        ZXING: _said(build_reader(ReaderName.ZXING, symbologies).read),
        PYZBAR: _said(build_reader(ReaderName.PYZBAR, symbologies).read),
    }


def _said(read: Callable[[Frame], list[Code]]) -> Read:
    return lambda frame: [Payload(code.text, code.raw) for code in read(frame)]


def _opencv() -> Read:
    """Return OpenCV's two detectors for squares and its one for bars, until one of them reads something."""
    aruco, plain, bars = cv2.QRCodeDetectorAruco(), cv2.QRCodeDetector(), cv2.barcode.BarcodeDetector()

    def read(frame: Frame) -> list[Payload]:
        for detector in (aruco, plain):
            try:
                raw, _, _ = detector.detectAndDecodeBytes(frame)
            except cv2.error:
                continue  # it raises on some frames that hold half a code: it has not read them
            if raw:
                return [Payload(decode_text(raw), raw)]
        text, _, _ = bars.detectAndDecode(frame)
        return [Payload(text, text.encode())] if text else []

    return read


@dataclass(slots=True)
class Score:
    """What one way of reading did on one set."""

    read: list[bool] = field(default_factory=list)
    """For each frame, whether the right thing was read, or anything where nobody knows what is right."""
    judged: int = 0
    """How many of the frames hold what is known, so that a read can be wrong."""
    wrong: int = 0
    """In how many of these something else was read, even beside what is right."""
    cpu_ms: list[float] = field(default_factory=list)

    def look(self, read: Read, frame: Frame, expected: Held | None) -> None:
        """Let it read one more frame, which holds this text, or these bytes."""
        began = time.process_time()
        said = read(frame)
        self.cpu_ms.append((time.process_time() - began) * 1e3)
        right = bool(said) if expected is None else any(payload.is_what(expected) for payload in said)
        self.read.append(right)
        self.judged += expected is not None
        self.wrong += expected is not None and not all(payload.is_what(expected) for payload in said)

    @property
    def rate(self) -> float:
        """Percent of the frames that were read."""
        return 100 * sum(self.read) / len(self.read)

    @property
    def median_ms(self) -> float:
        """Median of the processor time of a frame."""
        return float(np.median(self.cpu_ms))
