"""The kiosk's hold on the camera process: start it, listen to it, end it when it hangs, and start it again.

Runs in the kiosk's main process and is light: no numpy, no decoder. Only a thread of its own waits for the camera.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import msgspec

from device.scan.events import Alive, CameraFault, ScanEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.scan.events import ScanConfig

log = logging.getLogger(__name__)

#: One thread is enough for numpy here, and every further one of OpenBLAS reserves memory.
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
_LONGEST_LINE = 1 << 16
_REAP_S = 5.0


@dataclass(frozen=True, slots=True)
class EyesTiming:
    """How long to wait for what, in seconds."""

    start_s: float = 30.0
    """Until the first word of a process: imports and camera on a Pi Zero 2 W."""
    silence_s: float = 4.0
    """Between two words, beside the time that a camera may take for a frame: a process says something every second, but
    for up to two seconds it waits before it starts a stalled camera again."""
    first_pause_s: float = 0.5
    """Before a process that ended is followed by the next; doubled each time,"""
    longest_pause_s: float = 30.0
    """up to this,"""
    settled_s: float = 60.0
    """and back to the first pause when one has lived so long."""
    farewell_s: float = 1.0
    """For a process to let its camera go at close, before it is killed."""


class Eyes:
    """The camera process of a kiosk.

    ``post`` gets every Scanned, SeveralCodes, Gone and CameraFault, and an Alive where frames come for the first time,
    or again after a CameraFault. It is called from the eyes' own thread and must not block. ``on_death`` gets what
    ended that thread, if anything ever does: the kiosk's process has to end then.
    """

    def __init__(
        self,
        config: ScanConfig,
        post: Callable[[ScanEvent], None],
        on_death: Callable[[BaseException], None],
        timing: EyesTiming | None = None,
    ) -> None:
        self._config = config
        self._post = post
        self._on_death = on_death
        self._timing = timing or EyesTiming()
        self._decoder = msgspec.json.Decoder(ScanEvent)
        self._thread: threading.Thread | None = None
        self._wake = -1
        self._closing = threading.Event()
        self._seeing = False
        self._alive_at: float | None = None
        self.alive: Alive | None = None
        """The last word on frames and their cost; None before the first."""

    def start(self) -> None:
        """Start the camera process and the thread that listens to it; return at once."""
        self._wake = os.eventfd(0, os.EFD_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name="eyes", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the camera process; return when it has ended, or cannot be ended in time."""
        self._closing.set()
        if self._thread is None or self._wake < 0:
            return
        os.eventfd_write(self._wake, 1)
        self._thread.join(self._timing.farewell_s + _REAP_S)
        if not self._thread.is_alive():
            os.close(self._wake)
            self._wake = -1

    def fresh(self, now: float, max_age_s: float) -> bool:
        """Return whether frames have come in the last so many seconds, at a monotonic moment."""
        return self._alive_at is not None and now - self._alive_at <= max_age_s

    def _run(self) -> None:
        try:
            pause_s = self._timing.first_pause_s
            while not self._closing.is_set():
                born_at = time.monotonic()
                reason = self._tend_one()
                if self._closing.is_set():
                    return
                if time.monotonic() - born_at >= self._timing.settled_s:
                    pause_s = self._timing.first_pause_s
                log.warning("camera_process_lost reason=%s next_in_s=%s", reason, pause_s)
                self._hear(CameraFault(error=reason))
                select.select([self._wake], [], [], pause_s)
                pause_s = min(pause_s * 2, self._timing.longest_pause_s)
        except Exception as error:  # the thread's guard: without eyes the kiosk has to end
            log.exception("eyes_died")
            self._on_death(error)

    def _tend_one(self) -> str:
        """Run one camera process until it ends, hangs or is no longer wanted; return what became of it."""
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "device.scan"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **_ENVIRONMENT},
        )
        log.info("camera_process_started pid=%s", process.pid)
        hung = ""
        with process:
            try:
                with contextlib.suppress(BrokenPipeError):  # it has ended already, and its silence will say so
                    _pipe(process.stdin).write(msgspec.json.encode(self._config) + b"\n")
                    _pipe(process.stdin).flush()
                hung = self._listen(_pipe(process.stdout).fileno())
            finally:
                self._end(process, patience_s=0 if hung else self._timing.farewell_s)
        return hung or f"the camera process ended with code {process.returncode}; its log says why"

    def _listen(self, words: int) -> str:
        """Take in what the process says until it ends or the eyes are closed; return how it hangs, if it does."""
        rest, patience_s = b"", self._timing.start_s
        while True:
            ready, _, _ = select.select([self._wake, words], [], [], patience_s)
            if not ready:
                return f"the camera process has said nothing for {patience_s:g} s"
            if self._wake in ready or not (chunk := os.read(words, _LONGEST_LINE)):
                return ""
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > _LONGEST_LINE:
                return "the camera process says a line without end"
            for line in lines:
                self._understand(line)
            patience_s = self._timing.silence_s + self._config.frame_timeout_s

    def _understand(self, line: bytes) -> None:
        try:
            event = self._decoder.decode(line)
        except msgspec.DecodeError as error:
            log.warning("camera_process_line_dropped error=%s bytes=%s", error, len(line))
            return
        self._hear(event)

    def _hear(self, event: ScanEvent) -> None:
        match event:
            case Alive():
                self._alive_at, self.alive = time.monotonic(), event
                if not self._seeing:
                    self._seeing = True
                    self._post(event)
            case CameraFault():
                self._seeing = False
                self._post(event)
            case _:
                self._post(event)

    def _end(self, process: subprocess.Popen[bytes], patience_s: float) -> None:
        """End a process: by the end of its input, else by force.

        One that the kernel holds (a camera driver in state D) is waited for, and no other is started meanwhile: no word
        comes, so the eyes are not fresh, and the watchdog decides.
        """
        with contextlib.suppress(BrokenPipeError):
            _pipe(process.stdin).close()
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
        while process.returncode is None:
            try:
                process.wait(_REAP_S)
            except subprocess.TimeoutExpired:
                log.error("camera_process_stuck pid=%s cure=restart_the_machine", process.pid)  # noqa: TRY400


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    """Return a stream that Popen was asked to make."""
    if stream is None:
        msg = "the process was started without its pipes"
        raise ValueError(msg)
    return stream
