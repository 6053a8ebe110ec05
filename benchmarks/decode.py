"""What the eyes read and what it costs: the kiosk's pipeline beside zxing-cpp alone and pyzbar alone.

All at the kiosk's frame size, with the kiosk's symbologies, in one thread, frame after frame in turn. The drawn frames
are made here; photographs are looked at where they are (HEXIAO_PHOTOGRAPHS, or beside the checkout).
"""

from __future__ import annotations

import io
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import segno
from PIL import Image, ImageFilter

from benchmarks import Row
from device.scan.decoders import build_reader
from device.scan.pictures import FRAME_SIZE, fit
from device.scan.pipeline import build_pipeline
from device.scan.symbologies import DEFAULT_SYMBOLOGIES, ReaderName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from device.scan.codes import Code
    from device.scan.readers import Frame

PHOTOGRAPHS = Path(os.environ.get("HEXIAO_PHOTOGRAPHS") or Path(__file__).resolve().parents[2] / "shared/data/qr")
PHOTOGRAPHED = {
    "photographs of QR codes": ("qrcode-1", "qrcode-2", "qrcode-3", "qrcode-5"),
    "photographs of bars": ("ean13-1", "code128-1"),
}
NO_CODE = "photographs without a code"
EMPTY = {NO_CODE, "drawn, empty counter"}
OURS = "pipeline"
DRAWN_OF_EACH = 20
SEED = 20260


@dataclass(slots=True)
class Score:
    """What one way of reading did on one set."""

    read: int = 0
    cpu_ms: list[float] = field(default_factory=list)

    def look(self, read: Callable[[Frame], list[Code]], frame: Frame) -> None:
        """Let it read one more frame."""
        began = time.thread_time()
        self.read += bool(read(frame))
        self.cpu_ms.append((time.thread_time() - began) * 1e3)


def run() -> list[Row]:
    """Read every set in every way."""
    ways = {
        OURS: build_pipeline().read_all,
        "zxing-cpp alone": build_reader(ReaderName.ZXING, DEFAULT_SYMBOLOGIES).read,
        "pyzbar alone": build_reader(ReaderName.PYZBAR, DEFAULT_SYMBOLOGIES).read,
    }
    rows: list[Row] = []
    for name, frames in sets():
        scores = {way: Score() for way in ways}
        for frame in frames:
            for way, read in ways.items():
                scores[way].look(read, frame)
        rows += rows_of(name, scores)
    return rows


def rows_of(name: str, scores: dict[str, Score]) -> list[Row]:
    """Return a set's figures; ours is held to the better of the readers alone."""
    rows = []
    best = max(score.read / len(score.cpu_ms) * 100 for way, score in scores.items() if way != OURS)
    for way, score in scores.items():
        subject, rate = f"{name}: {way}", score.read / len(score.cpu_ms) * 100
        if name in EMPTY:
            rows.append(Row(subject, "read, none being there", rate, "%", at_most=0.0 if way == OURS else None))
        else:
            rows.append(Row(subject, "read", rate, "%", at_least=best if way == OURS else None))
        rows.append(Row(subject, "CPU, median", float(np.median(score.cpu_ms)), "ms"))
        rows.append(Row(subject, "CPU, 95th percentile", float(np.percentile(score.cpu_ms, 95)), "ms"))
    return rows


def sets() -> Iterator[tuple[str, list[Frame]]]:
    """Yield each set's name and frames."""
    for name, folders in {**PHOTOGRAPHED, NO_CODE: ("falsepositives-1",)}.items():
        pictures = [path for folder in folders for path in sorted(PHOTOGRAPHS.glob(f"{folder}/*"))]
        frames = [fit(path.read_bytes()) for path in pictures if path.suffix in {".webp", ".png", ".jpg"}]
        if frames:
            yield name, frames
    for name, spoil in SPOILT.items():
        rng = np.random.default_rng(SEED)
        yield f"drawn, {name}", [spoil(phone(rng), rng) for _ in range(DRAWN_OF_EACH)]


def phone(rng: np.random.Generator, module_px: int = 4) -> Image.Image:
    """Return a frame with a QR code of a voucher's length on a bright card, turned and placed at random."""
    out = io.BytesIO()
    payload = "https://pay.example.com/v/" + "".join(rng.choice(list("ABCDEFGHJKLMNPQRSTUVWXYZ23456789"), 16))
    segno.make_qr(payload, error="m").save(out, kind="png", scale=module_px)
    card = Image.open(out).convert("L")
    card = card.rotate(float(rng.uniform(-30, 30)), Image.Resampling.BICUBIC, expand=True, fillcolor=235)
    frame = Image.new("L", FRAME_SIZE, 70)
    room = FRAME_SIZE[0] - card.width, FRAME_SIZE[1] - card.height
    frame.paste(card, (int(rng.integers(room[0])), int(rng.integers(room[1]))))
    return frame


def pixels(picture: Image.Image, rng: np.random.Generator, noise: float = 3.0) -> Frame:
    """Return a picture as a sensor sees it."""
    seen = np.asarray(picture, np.float32) + rng.normal(0, noise, (picture.height, picture.width))
    return np.clip(seen, 0, 255).astype(np.uint8)


def _blurred(picture: Image.Image, rng: np.random.Generator) -> Frame:
    return pixels(picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(1, 2)))), rng)


def _dark(picture: Image.Image, rng: np.random.Generator) -> Frame:
    return pixels(picture.point(lambda level: round(level * 0.06)), rng, noise=2.0)


def _negative(picture: Image.Image, rng: np.random.Generator) -> Frame:
    return pixels(picture.point(lambda level: 255 - level), rng)


def _noisy(picture: Image.Image, rng: np.random.Generator) -> Frame:
    return pixels(picture, rng, noise=24.0)


def _small(_picture: Image.Image, rng: np.random.Generator) -> Frame:
    return pixels(phone(rng, module_px=2), rng)


def _empty(_picture: Image.Image, rng: np.random.Generator) -> Frame:
    return pixels(Image.new("L", FRAME_SIZE, 70), rng)


SPOILT: dict[str, Callable[[Image.Image, np.random.Generator], Frame]] = {
    "plain": pixels,
    "blurred": _blurred,
    "screen dimmed": _dark,
    "dark mode": _negative,
    "noisy": _noisy,
    "small": _small,
    "empty counter": _empty,
}
