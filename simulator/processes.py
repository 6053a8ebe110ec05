"""The parts of a rehearsal as child processes: started until they say that they are ready, stopped, killed, watched.

Each stands in a process group of its own, so that Ctrl-C reaches the counter alone and a power cut takes a part with
all its children; and each is tied to the counter's life by ``simulator.launch``. Start them in the main thread only:
the tie is to the thread that forks.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from simulator.logfile import LogFile

if TYPE_CHECKING:
    from collections.abc import Callable

READY_WITHIN_S = 60.0
STOP_WITHIN_S = 5.0
_PROBE_S = 0.02
_LAST_WORDS_S = 1.0
_READ_BYTES = 65536


class PartError(RuntimeError):
    """A part of the rehearsal that did not do what it should; ``lines`` are the last ones of its log."""

    def __init__(self, part: str, what: str, lines: list[str]) -> None:
        """Keep the part's name, what happened, and its last words."""
        super().__init__(f"{part} {what}")
        self.part = part
        self.lines = lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to start as a part."""

    name: str
    command: tuple[str, ...]
    log: Path
    folder: Path
    """Where it runs; a core that it leaves lies there."""
    port: int | None = None
    """Where given, the part is ready when it takes connections here; else when it says READY=1 (sd_notify)."""


class Process:
    """One part, through all its lives."""

    def __init__(self, program: Program, on_unexpected_end: Callable[[PartError], None]) -> None:
        self.program = program
        self._on_unexpected_end = on_unexpected_end
        self._log = LogFile(program.log)
        self._child: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._wanted = False
        self._change = asyncio.Lock()

    @property
    def running(self) -> bool:
        """Whether the part's main process lives."""
        return self._child is not None and self._child.returncode is None

    @property
    def pid(self) -> int | None:
        """Process id of the part's main process, which is also the id of its group; None while it is off."""
        return self._child.pid if self._child is not None and self._child.returncode is None else None

    def tail(self) -> list[str]:
        """Return the last lines of its log."""
        return self._log.tail()

    async def start(self, within_s: float = READY_WITHIN_S) -> float:
        """Start it and wait until it is ready; return the seconds that took. Raises PartError. No-op where it runs."""
        async with self._change:
            if self.running:
                return 0.0
            begun = monotonic()
            notices = _Notices()
            notices.open()
            await self._spawn(notices)
            try:
                await asyncio.wait_for(self._until_ready(notices), within_s)
            except TimeoutError:
                lines = self.tail()
                await self._end(signal.SIGKILL)
                raise PartError(self.program.name, f"was not ready within {within_s:.0f} s", lines) from None
            except BaseException:
                await self._end(signal.SIGKILL)
                raise
            return monotonic() - begun

    async def kill(self) -> int | None:
        """End it and every process it started, as a power cut would; return when they are gone.

        Returns the id of the main process that was ended; None where none ran.
        """
        async with self._change:
            pid = self.pid
            await self._end(signal.SIGKILL)
            return pid

    async def stop(self, within_s: float = STOP_WITHIN_S) -> None:
        """Ask it to end, and kill what is left after a while."""
        async with self._change:
            await self._end(signal.SIGTERM, within_s)

    async def _spawn(self, notices: _Notices) -> None:
        launcher = (sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py")), str(os.getpid()))
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "NOTIFY_SOCKET": notices.address}
        environment.pop("WATCHDOG_USEC", None)  # somebody else's watchdog, which they do not feed
        self._wanted = True
        self._log = LogFile(self.program.log)
        try:
            self._child = await asyncio.create_subprocess_exec(
                *launcher,
                *self.program.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=environment,
                cwd=self.program.folder,
                start_new_session=True,
            )
        except BaseException:
            notices.close()
            raise
        self._watch = asyncio.create_task(self._follow(self._child, notices), name=f"watch-{self.program.name}")

    async def _until_ready(self, notices: _Notices) -> None:
        child, watch = self._child, self._watch
        assert child is not None  # noqa: S101 - just started
        assert watch is not None  # noqa: S101
        waiting = asyncio.create_task(self._is_ready(notices))
        try:
            await asyncio.wait({waiting, watch}, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done() or child.returncode is not None:
                raise PartError(self.program.name, f"ended at its start ({_ending(child.returncode)})", self.tail())
        finally:
            waiting.cancel()

    async def _is_ready(self, notices: _Notices) -> None:
        if self.program.port is None:
            await notices.ready.wait()
        else:
            await _accepts(self.program.port)

    async def _follow(self, child: asyncio.subprocess.Process, notices: _Notices) -> None:
        """Keep what the part says; note its end."""
        assert child.stdout is not None  # noqa: S101 - it was asked for
        reading = asyncio.create_task(self._keep_log(child.stdout))
        await child.wait()
        notices.close()
        # What it started must not outlive it, nor keep the log's pipe open.
        _signal_group(child.pid, signal.SIGKILL)
        await asyncio.wait({reading}, timeout=_LAST_WORDS_S)
        reading.cancel()
        self._log.close()
        if self._wanted and not self._change.locked():
            self._wanted = False
            what = f"has ended unexpectedly ({_ending(child.returncode)})"
            self._on_unexpected_end(PartError(self.program.name, what, self.tail()))

    async def _keep_log(self, stdout: asyncio.StreamReader) -> None:
        while data := await stdout.read(_READ_BYTES):
            self._log.write(data)

    async def _end(self, how: signal.Signals, within_s: float = STOP_WITHIN_S) -> None:
        self._wanted = False
        child, watch = self._child, self._watch
        if child is None or watch is None:
            return
        if child.returncode is None:
            if how is signal.SIGKILL:
                _signal_group(child.pid, how)
            else:
                child.send_signal(how)  # it ends its own children itself
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(watch), within_s)
        if child.returncode is None:
            _signal_group(child.pid, signal.SIGKILL)
        await watch
        self._child = self._watch = None


class _Notices:
    """What one run of a part says by sd_notify; its address is in no folder, so none is left behind."""

    def __init__(self) -> None:
        self.address = f"@hexiao-notify-{secrets.token_hex(16)}"
        self.ready = asyncio.Event()
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)

    def open(self) -> None:
        """Listen until the run ends: a part may say more than that it is ready."""
        self._door.bind("\0" + self.address[1:])
        asyncio.get_running_loop().add_reader(self._door, self._hear)

    def close(self) -> None:
        """Listen no more."""
        asyncio.get_running_loop().remove_reader(self._door)
        self._door.close()

    def _hear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            if b"READY=1" in self._door.recv(4096).split(b"\n"):
                self.ready.set()


async def _accepts(port: int) -> None:
    """Return when something takes connections on this port of loopback."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(_PROBE_S)
            continue
        writer.close()
        return


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _ending(code: int | None) -> str:
    """Return how a process ended, in words."""
    if code is None:
        return "it still runs"
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
