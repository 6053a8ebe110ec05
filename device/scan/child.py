"""The camera process: its configuration on standard input, what it sees on standard output, its log on standard error.

It dies with its parent, whichever way that dies. It may be killed at any moment: it holds nothing that would be missed.
"""

from __future__ import annotations

import ctypes
import logging
import os
import resource
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from device.scan.aim import AimLight
from device.scan.errors import CameraError, ReaderError
from device.scan.events import Alive, CameraFault, ScanConfig
from service.adapters import AdapterMissingError, build_adapter
from service.config import ConfigError, convert_config
from service.logs import start_logging

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.ports import Camera
    from device.scan.events import ScanEvent
    from device.scan.watch import Watcher

log = logging.getLogger(__name__)

EXIT_ENDED = 0
EXIT_FAULT = 1
EXIT_CONFIGURATION = 2
EXIT_CAMERA = 3

_ALIVE_EVERY_S = 1.0
_FIRST_PAUSE_S = 0.5
_LASTING_S = 1.0  # of frames: what a camera has to give after a start for that to have been of use
_STARTS = 4  # of the camera, in a row of no use, until the process gives up: a new one gets a new camera stack
_PR_SET_PDEATHSIG = 1
_STDIN = 0


class Seer:
    """The main loop of the camera process: frames from camera to watcher, and a camera that stalls is started again."""

    def __init__(
        self,
        camera: Camera,
        watcher: Watcher,
        say: Callable[[ScanEvent], None],
        frame_timeout_s: float,
        light: AimLight | None = None,
    ) -> None:
        self._camera = camera
        self._watcher = watcher
        self._say = say
        self._frame_timeout_s = frame_timeout_s
        self._light = light
        self._frames = 0
        self._lasted = False

    def run(self, stopping: threading.Event) -> int:
        """See until told to stop, or until the camera cannot be started; return the exit code."""
        if self._light is None:
            return self._run(stopping)
        self._light.start()
        try:
            return self._run(stopping)
        finally:
            self._light.close()

    def _run(self, stopping: threading.Event) -> int:
        fruitless = 0
        while not stopping.is_set():
            self._lasted = False
            try:
                self._camera.start()
                self._see(stopping)
            except CameraError as error:
                fruitless = 1 if self._lasted else fruitless + 1
                log.warning("camera_fault error=%s starts=%s", error, fruitless)
                self._say(CameraFault(error=str(error)))
                self._watcher.forget()
                if fruitless >= _STARTS:
                    return EXIT_CAMERA
            finally:
                self._camera.close()
            stopping.wait(_FIRST_PAUSE_S * 2 ** (fruitless - 1))
        return EXIT_ENDED

    def _see(self, stopping: threading.Event) -> None:
        """Watch frames until told to stop; raise CameraError where none comes any more.

        Whether they have come for a while is kept: some cameras give one frame after each start, and then stall.
        """
        from device.scan.lighting import Lighting  # noqa: PLC0415 - numpy is loaded under the limit

        since, frames_then, busy_s = time.monotonic(), self._frames, 0.0
        lighting, first_at = Lighting(self._camera, self._light), float("inf")
        while not stopping.is_set():
            frame = self._camera.frame(self._frame_timeout_s)
            taken_at = time.monotonic()
            if frame is None:
                msg = f"no frame for {self._frame_timeout_s:g} s; check the camera's cable and the power supply"
                raise CameraError(msg)
            for event in self._watcher.see(frame, taken_at):
                self._say(event)
            lighting.see(frame, self._watcher, taken_at)
            self._frames += 1
            first_at = min(first_at, taken_at)
            self._lasted = taken_at - first_at >= _LASTING_S
            now = time.monotonic()
            busy_s += now - taken_at
            if now - since >= _ALIVE_EVERY_S or self._frames == 1:
                seen = self._frames - frames_then
                self._say(Alive(frames=self._frames, fps=seen / max(now - since, 1e-3), decode_ms=busy_s / seen * 1e3))
                since, frames_then, busy_s = now, self._frames, 0.0


def main() -> int:
    """Run the camera process; return its exit code."""
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which then ends this process
    words = _take_stdout()
    start_logging()
    encode = msgspec.json.Encoder().encode

    def say(event: ScanEvent) -> None:
        words.write(encode(event) + b"\n")
        words.flush()

    stopping = threading.Event()
    try:
        seer = _seer(sys.stdin.buffer.readline(), say)
        threading.Thread(target=_stop_with_parent, args=(stopping,), name="parent", daemon=True).start()
        return seer.run(stopping)
    except (ConfigError, AdapterMissingError, ReaderError) as error:
        log.error("configuration_wrong error=%s", error)  # noqa: TRY400 - the message says it all
        say(CameraFault(error=str(error)))
        return EXIT_CONFIGURATION
    except BrokenPipeError:
        return EXIT_ENDED  # nobody listens any more
    except Exception as error:
        log.exception("camera_process_died")
        say(CameraFault(error=f"{type(error).__name__}: {error}"))
        return EXIT_FAULT


def _seer(line: bytes, say: Callable[[ScanEvent], None]) -> Seer:
    """Return the loop as the first line of input has it; raise ConfigError, AdapterMissingError or ReaderError."""
    try:
        values = msgspec.json.decode(line, type=dict[str, object])
    except msgspec.DecodeError as error:
        msg = f"the first line of input must be the configuration as a JSON object: {error}"
        raise ConfigError(msg) from error
    config = convert_config(values, ScanConfig, where="$.scan")
    _limit_memory(config.memory_mb)
    # Decoders and numpy are loaded under the limit, and only where there is something for them to do.
    from device.scan.pipeline import build_pipeline  # noqa: PLC0415
    from device.scan.watch import Watcher  # noqa: PLC0415

    watcher = Watcher(build_pipeline(config.readers, config.symbologies, config.budget_ms))
    light = None if config.aim_pin is None else AimLight(config.aim_pin)
    return Seer(build_adapter("camera", config.camera), watcher, say, config.frame_timeout_s, light)


def _die_with_parent() -> None:
    """Have the kernel kill this process when its parent dies: prctl(2), which Python does not wrap."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _take_stdout() -> BinaryIO:
    """Return standard output for the events alone; what a library prints goes to the log."""
    words = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return words


def _limit_memory(megabytes: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = megabytes << 20
    resource.setrlimit(resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _stop_with_parent(stopping: threading.Event) -> None:
    """Wait for the end of input; where a camera hangs in its close, the parent kills this process a moment later."""
    # Not through sys.stdin: a thread that waits in there keeps the interpreter from ending.
    while os.read(_STDIN, 4096):
        pass
    stopping.set()
