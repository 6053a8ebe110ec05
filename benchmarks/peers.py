"""The readers that somebody could take instead of the kiosk's pipeline, at the kiosk's symbologies."""

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
    from collections.abc import Callable

    from device.scan.codes import Code
    from device.scan.readers import Frame

    Read: TypeAlias = Callable[[Frame], list[str | bytes]]

OURS = "pipeline"
ZXING = "zxing-cpp alone"
PYZBAR = "pyzbar alone"
OPENCV = "OpenCV"
#: Each of them could be a kiosk's only reader; what one of them reads, the pipeline is not to lose.
ALONE = (ZXING, PYZBAR)


def peers() -> dict[str, Read]:
    """Return each way of reading: a frame in, what was read out, in one thread."""
    cv2.setNumThreads(1)
    return {
        OURS: _said(build_pipeline().read_all),
        ZXING: _said(build_reader(ReaderName.ZXING, DEFAULT_SYMBOLOGIES).read),
        PYZBAR: _said(build_reader(ReaderName.PYZBAR, DEFAULT_SYMBOLOGIES).read),
        OPENCV: _opencv(),
    }


def _said(read: Callable[[Frame], list[Code]]) -> Read:
    return lambda frame: [code.identity for code in read(frame)]


def _opencv() -> Read:
    """Return OpenCV's two detectors for squares and its one for bars, until one of them reads something."""
    aruco, plain, bars = cv2.QRCodeDetectorAruco(), cv2.QRCodeDetector(), cv2.barcode.BarcodeDetector()

    def read(frame: Frame) -> list[str | bytes]:
        for detector in (aruco, plain):
            try:
                raw, _, _ = detector.detectAndDecodeBytes(frame)
            except cv2.error:
                continue  # it raises on some frames that hold half a code: it has not read them
            if raw:
                return [decode_text(raw) or raw]
        text, _, _ = bars.detectAndDecode(frame)
        return [text] if text else []

    return read


@dataclass(slots=True)
class Score:
    """What one way of reading did on one set."""

    read: list[bool] = field(default_factory=list)
    """For each frame, whether something was read, and the right thing where that is known."""
    wrong: int = 0
    cpu_ms: list[float] = field(default_factory=list)

    def look(self, read: Read, frame: Frame, text: str | None) -> None:
        """Let it read one more frame."""
        began = time.process_time()
        said = read(frame)
        self.cpu_ms.append((time.process_time() - began) * 1e3)
        right = bool(said) if text is None else text in said
        self.read.append(right)
        self.wrong += bool(said) and not right

    @property
    def rate(self) -> float:
        """Percent of the frames that were read."""
        return 100 * sum(self.read) / len(self.read)

    @property
    def median_ms(self) -> float:
        """Median of the processor time of a frame."""
        return float(np.median(self.cpu_ms))
