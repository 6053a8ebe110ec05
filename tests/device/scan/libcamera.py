"""A stand-in for the ``libcamera`` module: what the unmodified Picamera2 class uses of it, fed with pictures.

Frames come at the pace that was asked for, in buffers whose rows are padded as the Pi's are. A sensor can stall, a
camera can be held by another process, and what was asked of it can be looked at. It stands in for libcamera's use by
Picamera2, not for an image processor: exposure and focus are taken note of and change nothing.
"""

from __future__ import annotations

import enum
import importlib
import itertools
import mmap
import os
import sys
import threading
import time
import types
from dataclasses import dataclass, field, make_dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .libcamera_colours import ColorSpace, in_range  # noqa: F401 - Picamera2 looks for the first here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pytest

    from .drawing import Frame

_ALIGNED = 64  # bytes to which the Pi pads each row of a buffer
_COLOURLESS = 128
_SENSOR = (2304, 1296)


class Size:
    def __init__(self, width: int = 0, height: int = 0) -> None:
        self.width, self.height = width, height

    def to_tuple(self) -> tuple[int, int]:
        return self.width, self.height

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Size) and self.to_tuple() == other.to_tuple()

    def __hash__(self) -> int:
        return hash(self.to_tuple())


@dataclass(frozen=True)
class Rectangle:
    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0

    def to_tuple(self) -> tuple[int, int, int, int]:
        return self.x, self.y, self.width, self.height


class PixelFormat(str):
    __slots__ = ()


class Transform:
    def __init__(self, *like: Transform, **how: int) -> None:
        self.hflip, self.vflip, self.transpose = (
            bool(how.get(name, like and getattr(like[0], name))) for name in ("hflip", "vflip", "transpose")
        )

    def __str__(self) -> str:  # picamera2 makes __repr__ of it
        return f"{self.hflip:d}{self.vflip:d}{self.transpose:d}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Transform) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


Orientation = enum.Enum(
    "Orientation", "Rotate0 Rotate0Mirror Rotate180 Rotate180Mirror Rotate90Mirror Rotate270 Rotate270Mirror Rotate90"
)


StreamRole = enum.Enum("StreamRole", "Raw StillCapture VideoRecording Viewfinder")
ControlType = enum.Enum("ControlType", "Null Bool Byte Integer32 Integer64 Float String Rectangle Size Point")


@dataclass(frozen=True)
class ControlId:
    id: int
    name: str
    type: Any


ControlInfo: Any = make_dataclass("ControlInfo", ["min", "max", "default"])
_numbers = itertools.count(1)


def _control(name: str, kind: str = "Integer32") -> ControlId:
    return ControlId(next(_numbers), name, ControlType[kind])


_ASKED: dict[str, tuple[str, Any, Any, Any]] = {
    "AeEnable": ("Bool", False, True, True),
    "AeExposureMode": ("Integer32", 0, 3, 0),
    "AeMeteringMode": ("Integer32", 0, 3, 0),
    "AfMode": ("Integer32", 0, 2, 0),
    "AfRange": ("Integer32", 0, 2, 0),
    "AfTrigger": ("Integer32", 0, 1, 0),
    "AnalogueGain": ("Float", 1.0, 16.0, 1.0),
    "ExposureTime": ("Integer32", 14, 11767556, 20000),
    "ExposureValue": ("Float", -8.0, 8.0, 0.0),
    "FrameDurationLimits": ("Integer64", 16666, 1000000, 33333),
    "LensPosition": ("Float", 0.0, 32.0, 1.0),
    "NoiseReductionMode": ("Integer32", 0, 4, 0),
    "ScalerCrop": ("Rectangle", Rectangle(), Rectangle(0, 0, *_SENSOR), Rectangle(0, 0, *_SENSOR)),
}
_TOLD = ("SensorTimestamp", "FrameDuration", "Lux", "AfState", "ColourTemperature", "DigitalGain")
_PROPERTIES = ("Model", "Location", "Rotation", "PixelArraySize")
_FOCUS = enum.IntEnum("_FOCUS", {"Manual": 0, "Auto": 1, "Continuous": 2})
_DENOISE = enum.IntEnum("_DENOISE", {"Off": 0, "Fast": 1, "HighQuality": 2, "Minimal": 3, "ZSL": 4})
_COLOUR_FILTER = enum.IntEnum("_COLOUR_FILTER", {"RGGB": 0, "GRBG": 1, "GBRG": 2, "BGGR": 3, "RGB": 4, "MONO": 5})


def _controls() -> Any:
    module: Any = types.ModuleType("libcamera.controls")
    for name, (kind, *_) in _ASKED.items():
        setattr(module, name, _control(name, kind))
    for name in _TOLD:
        setattr(module, name, _control(name, "Integer64"))
    module.AfModeEnum = _FOCUS
    module.draft = types.SimpleNamespace(NoiseReductionMode=module.NoiseReductionMode, NoiseReductionModeEnum=_DENOISE)
    return module


def _properties() -> Any:
    module: Any = types.ModuleType("libcamera.properties")
    for name in _PROPERTIES:
        setattr(module, name, _control(name))
    module.draft = types.SimpleNamespace(
        ColorFilterArrangementEnum=_COLOUR_FILTER, ColorFilterArrangement=_control("ColorFilterArrangement")
    )
    return module


controls, properties = _controls(), _properties()


SensorConfiguration = partial(types.SimpleNamespace, bit_depth=0, output_size=None)


class FrameMetadata:
    Status = enum.Enum("Status", "Success Error Cancelled")

    def __init__(self) -> None:
        self.status, self.sequence, self.timestamp = self.Status["Success"], 0, 0


class _Plane:
    fd: Any = -1
    offset = 0
    length = 0


class FrameBuffer:
    Plane = _Plane

    def __init__(self, planes: Sequence[Any], cookie: int = 0) -> None:
        self.planes, self.metadata, self.cookie = list(planes), FrameMetadata(), cookie


class StreamFormats:
    def __init__(self, sizes: dict[PixelFormat, list[Size]]) -> None:
        self._sizes = sizes

    @property
    def pixel_formats(self) -> list[PixelFormat]:
        return list(self._sizes)

    def sizes(self, pixel_format: PixelFormat) -> list[Size]:
        return self._sizes[pixel_format]


class StreamConfiguration:
    def __init__(self, role: Any) -> None:
        self.role, self.buffer_count = role, 4
        self.color_space: Any = None
        self.stream: Any = None
        self.stride = self.frame_size = 0
        raw = role == StreamRole["Raw"]
        self.size = Size(*_SENSOR) if raw else Size(1280, 720)
        self.pixel_format = PixelFormat("SBGGR10_CSI2P" if raw else "XBGR8888")
        self.formats = StreamFormats({self.pixel_format: [Size(*_SENSOR)]} if raw else {})

    def pad(self) -> None:
        """Set the length of a row and of a buffer, as the Pi does."""
        bits = {"YUV420": 8, "XBGR8888": 32}.get(self.pixel_format, 10)
        self.stride = -(-self.size.width * bits // 8 // _ALIGNED) * _ALIGNED
        self.frame_size = self.stride * self.size.height * (3 if self.pixel_format == "YUV420" else 2) // 2


class CameraConfiguration:
    Status = enum.Enum("Status", "Valid Adjusted Invalid")

    def __init__(self, roles: Sequence[Any]) -> None:
        self._streams = [StreamConfiguration(role) for role in roles]
        self.orientation, self.sensor_config = Orientation["Rotate0"], None

    def at(self, index: int) -> StreamConfiguration:
        return self._streams[index]

    def __iter__(self) -> Iterator[StreamConfiguration]:
        return iter(self._streams)

    def __len__(self) -> int:
        return len(self._streams)

    size = property(__len__)

    def validate(self) -> Any:
        for stream in self._streams:
            stream.pad()
        return self.Status["Valid"]


class Request:
    Status = enum.Enum("Status", "Pending Complete Cancelled")

    def __init__(self, cookie: int) -> None:
        self.cookie = cookie
        self.buffers: dict[Any, FrameBuffer] = {}
        self.metadata: dict[ControlId, Any] = {}
        self.asked: dict[ControlId, Any] = {}
        self.status = self.Status["Pending"]

    def add_buffer(self, stream: Any, buffer: FrameBuffer) -> None:
        self.buffers[stream] = buffer

    def set_control(self, control: ControlId, value: Any) -> None:
        self.asked[control] = value

    def reuse(self) -> None:
        self.status, self.metadata, self.asked = self.Status["Pending"], {}, {}


@dataclass
class Sensor:
    """What a test does to the camera, and what it sees of it."""

    picture: Callable[[int, int], Frame]  # luminance of the next frame, for a width and height
    asked: dict[str, Any] = field(default_factory=dict)  # what was last asked of each control
    stalled: threading.Event = field(default_factory=threading.Event)
    frames: int = 0
    refusals: int = 0  # how often it is still busy when it is asked for, as after a process that was killed


class Camera:
    id = "/base/soc/i2c0mux/i2c@1/imx708@1a"

    def __init__(self, manager: CameraManager, sensor: Sensor) -> None:
        self._manager, self._sensor = manager, sensor
        self._held = self._running = False
        self._queue: list[Request] = []
        self._changed = threading.Condition()
        self._thread = threading.Thread()
        self.properties = {
            properties.Model: "imx708",
            properties.Location: 2,
            properties.Rotation: 180,
            properties.PixelArraySize: Size(4608, 2592),
            properties.draft.ColorFilterArrangement: _COLOUR_FILTER["BGGR"],
        }
        self.controls = {getattr(controls, name): ControlInfo(*limits) for name, (_, *limits) in _ASKED.items()}

    def generate_configuration(self, roles: Sequence[Any]) -> CameraConfiguration:
        return CameraConfiguration(roles)

    def acquire(self) -> None:
        if self._held or self._sensor.refusals > 0:
            self._sensor.refusals = max(self._sensor.refusals - 1, 0)
            msg = "Failed to acquire camera: Device or resource busy"
            raise RuntimeError(msg)
        self._held = True

    def release(self) -> None:
        self._held = False

    def configure(self, configuration: CameraConfiguration) -> None:
        configuration.validate()
        for stream in configuration:
            stream.stream = Stream(stream)

    def create_request(self, cookie: int = 0) -> Request:
        return Request(cookie)

    def start(self, asked: dict[ControlId, Any] | None = None) -> None:
        self._ask(asked or {})
        self._running = True
        self._thread = threading.Thread(target=self._expose, name="sensor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._running = False
            self._changed.notify()
        self._thread.join()
        waiting, self._queue = self._queue, []
        for request in waiting:
            request.status = Request.Status["Cancelled"]
            self._manager.done(request)

    def queue_request(self, request: Request) -> None:
        with self._changed:
            self._queue.append(request)
            self._changed.notify()

    def _ask(self, asked: dict[ControlId, Any]) -> None:
        self._sensor.asked |= {control.name: value for control, value in asked.items()}

    def _expose(self) -> None:
        due = time.monotonic()
        while True:
            period_s = self._sensor.asked.get("FrameDurationLimits", (33333, 33333))[0] / 1e6
            due = max(due + period_s, time.monotonic())
            with self._changed:
                # Between two frames nothing but the end of the run is waited for.
                self._changed.wait_for(lambda: not self._running, due - time.monotonic())
                if not self._running:
                    return
                if self._sensor.stalled.is_set() or not self._queue:
                    continue
                request = self._queue.pop(0)
            self._complete(request)

    def _complete(self, request: Request) -> None:
        self._ask(request.asked)
        self._sensor.frames += 1
        for stream, buffer in request.buffers.items():
            _fill(stream.configuration, buffer, self._sensor.picture)
            buffer.metadata.sequence = self._sensor.frames
        now_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        request.metadata = {controls.SensorTimestamp: now_ns, controls.FrameDuration: 33333}
        request.status = Request.Status["Complete"]
        self._manager.done(request)


class Stream:
    """Something to find a buffer by."""

    def __init__(self, configuration: StreamConfiguration) -> None:
        self.configuration = configuration


def _fill(stream: StreamConfiguration, buffer: FrameBuffer, picture: Callable[[int, int], Frame]) -> None:
    """Write luminance, in the range of its colour space, and no colour; each row's padding gets something else."""
    if stream.pixel_format != "YUV420":
        return
    width, height = stream.size.to_tuple()
    with mmap.mmap(buffer.planes[0].fd, stream.frame_size) as memory:
        written = np.full(stream.frame_size, _COLOURLESS, np.uint8)
        luminance = written[: stream.stride * height].reshape(height, stream.stride)
        luminance[:] = 255
        luminance[:, :width] = in_range(picture(width, height), stream.color_space)
        memory.write(written.tobytes())


class CameraManager:
    """The one manager of a process; ``_one`` is as libcamera has it, and renewed by each ``install``."""

    version = "v0.5.2+stand-in"
    _one: CameraManager

    def __init__(self) -> None:
        self.event_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._ready: list[Request] = []
        self._lock = threading.Lock()
        self.cameras: list[Camera] = []

    @classmethod
    def singleton(cls) -> CameraManager:
        return cls._one

    def done(self, request: Request) -> None:
        with self._lock:
            self._ready.append(request)
        os.eventfd_write(self.event_fd, 1)

    def get_ready_requests(self) -> list[Request]:
        try:
            os.eventfd_read(self.event_fd)
        except BlockingIOError:
            return []
        with self._lock:
            ready, self._ready = self._ready, []
        return ready


FrameBufferAllocator = object


def log_set_level(*_level: Any) -> None:
    """Nothing is logged here."""


class _Formats:
    """pykms.PixelFormat: Picamera2 looks names up that are never drawn."""

    def __getattr__(self, name: str) -> str:
        return name


class _Heap:
    """Buffers in memory of this process, where a Pi has them in /dev/dma_heap."""

    isValid = True  # noqa: N815 - Picamera2's name

    def alloc(self, name: str, size: int) -> Any:
        from picamera2.dma_heap import UniqueFD  # noqa: PLC0415 - importable once the modules are installed

        descriptor = os.memfd_create(name)
        os.ftruncate(descriptor, size)
        return UniqueFD(descriptor)

    def close(self) -> None:
        """Each buffer is closed by itself."""


#: What Picamera2 imports to write video, raw pictures and the names of threads: nothing of it is called here.
_UNUSED = {
    "Imath": (),
    "OpenEXR": (),
    "av": (),
    "libarchive": (),
    "libarchive.read": ("fd_reader",),
    "pidng": (),
    "pidng.camdefs": ("Picamera2Camera",),
    "pidng.core": ("PICAM2DNG",),
    "prctl": ("set_name",),
}


def install(monkeypatch: pytest.MonkeyPatch, sensor: Sensor) -> None:
    """Put a machine with one camera in the place of libcamera, until the test ends."""
    package = sys.modules[__name__]
    CameraManager._one = CameraManager()
    CameraManager._one.cameras.append(Camera(CameraManager._one, sensor))
    modules: dict[str, Any] = {name: types.ModuleType(name) for name in ("libcamera", *_UNUSED, "pykms")}
    vars(modules["libcamera"]).update({name: value for name, value in vars(package).items() if name[:2] != "__"})
    modules["libcamera"].__path__ = []
    modules["pykms"].PixelFormat = _Formats()
    for name, members in _UNUSED.items():
        for member in members:
            setattr(modules[name], member, lambda *_: None)
    modules |= {"libcamera.controls": controls, "libcamera.properties": properties}
    modules["libcamera._libcamera"] = modules["libcamera"]._libcamera = modules["libcamera"]
    for name in [name for name in sys.modules if name.partition(".")[0] == "picamera2"]:
        monkeypatch.delitem(sys.modules, name)
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    allocator = importlib.import_module("picamera2.allocators.dmaallocator")
    monkeypatch.setattr(allocator, "DmaHeap", _Heap)
    monkeypatch.setattr(allocator, "fcntl", types.SimpleNamespace(ioctl=lambda *_: 0))
