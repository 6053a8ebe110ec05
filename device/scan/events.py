"""What the camera process is told, and what it says: one JSON object a line, on its standard input and output.

Light enough for the kiosk's main process: no numpy, no decoder. Both processes are of one installation, so the
words carry no version.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from device.scan.symbologies import DEFAULT_READERS, DEFAULT_SYMBOLOGIES, ReaderName, Symbology
from service.adapters import AdapterChoice
from service.config import Section

#: The longest text that is passed on, in characters. No voucher, badge or setup code comes near it, and a square code
#: can hold 2,953 bytes that somebody would like to see on a screen or in a database.
LONGEST_TEXT = 512

#: What decoding a frame may cost in milliseconds: well inside the 67 between two frames at 15 a second.
DEFAULT_BUDGET_MS = 25.0


class ScanSettings(Section, frozen=True, kw_only=True):
    """``[scan]`` of a kiosk's configuration: what is read, and what that may cost."""

    readers: Annotated[tuple[ReaderName, ...], Meta(min_length=1)] = DEFAULT_READERS
    symbologies: Annotated[tuple[Symbology, ...], Meta(min_length=1)] = DEFAULT_SYMBOLOGIES
    budget_ms: Annotated[float, Meta(gt=0, le=1000)] = DEFAULT_BUDGET_MS
    """What decoding one frame may cost; passes that do not fit wait for the next frame."""
    memory_mb: Annotated[int, Meta(ge=256, le=16384)] = 1536
    """Address space of the camera process: a decoder that runs wild ends by itself. Libraries, thread stacks and camera
    buffers are counted in it, not only what is resident."""
    frame_timeout_s: Annotated[float, Meta(gt=0, le=10)] = 1.0
    """How long a camera may take for a frame until it counts as stalled and is started again."""
    aim_pin: Annotated[int, Meta(ge=0, le=27)] | None = None
    """BCM number of the pin of a light beside the camera, on while something is in view; None where there is none."""


class ScanConfig(ScanSettings, frozen=True, kw_only=True):
    """All that the camera process is told: the first line that it reads."""

    camera: AdapterChoice


class Scanned(msgspec.Struct, frozen=True, kw_only=True, tag="scanned"):
    """A code has appeared before the camera. It is said once, until it has gone or another took its place."""

    text: str | None
    """What it says; None where its bytes are no text, or more than LONGEST_TEXT characters."""
    format: Symbology
    raw_len: int
    """Length of the payload in bytes."""
    frame_at: float
    """When the frame came to the eyes: seconds of CLOCK_MONOTONIC, the same in every process of the machine. Eyes that
    are slower than the camera get the last frame that came meanwhile: older by the pause between two, at most."""
    decode_ms: float


class SeveralCodes(msgspec.Struct, frozen=True, kw_only=True, tag="several"):
    """Several different codes are before the camera, none of them clearly the one that is meant."""

    frame_at: float


class Gone(msgspec.Struct, frozen=True, kw_only=True, tag="gone"):
    """The last of what was scanned is before the camera no more; the same code would be scanned anew."""

    frame_at: float


class Alive(msgspec.Struct, frozen=True, kw_only=True, tag="alive"):
    """Frames come. Said once a second, and never while none comes."""

    frames: int
    """Frames since the process began."""
    fps: float
    decode_ms: float
    """Mean time spent on a frame since the last word, in milliseconds."""


class CameraFault(msgspec.Struct, frozen=True, kw_only=True, tag="camera_fault"):
    """The camera cannot be used now; it is tried again. What was before the camera is forgotten."""

    error: str


ScanEvent: TypeAlias = Scanned | SeveralCodes | Gone | Alive | CameraFault
