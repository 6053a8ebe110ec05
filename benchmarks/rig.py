"""The whole counter, started as anyone would start it, with its processes' own figures read from the kernel."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

START_WITHIN_S = 120.0
STOP_WITHIN_S = 30.0
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class RigError(RuntimeError):
    """The counter did not come up or did not answer."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process of the counter, by what it is: broker, headoffice, gateway, kiosk, camera."""

    part: str
    pid: int

    def cpu_s(self) -> float:
        """Return processor seconds spent so far, user and system, all threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S

    def pss_mb(self) -> float:
        """Return the proportional share of memory, in megabytes."""
        for line in Path(f"/proc/{self.pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
        msg = f"the kernel tells no memory of process {self.pid}"
        raise RigError(msg)

    def written_bytes(self) -> int:
        """Return bytes handed to write calls that reach storage, so far."""
        for line in Path(f"/proc/{self.pid}/io").read_text(encoding="ascii").splitlines():
            if line.startswith("write_bytes:"):
                return int(line.split()[1])
        msg = f"the kernel tells no input and output of process {self.pid}"
        raise RigError(msg)


class Counter:
    """A running rehearsal counter."""

    def __init__(self, address: str, folder: Path, demo: int) -> None:
        """Keep its address, its data folder and the process id of the demo."""
        self.address = address
        self.folder = folder
        self._demo = demo
        self.rehearsal: dict[str, Any] = self.call("GET", "/api/rehearsal")

    def call(self, method: str, path: str, body: bytes | dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        """Call one of the rehearsal's addresses; raise RigError where it refuses."""
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        request = urllib.request.Request(self.address + path, data=data, method=method)  # noqa: S310 - always http
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                text = response.read()
        except OSError as error:
            msg = f"{method} {path}: {error}"
            raise RigError(msg) from error
        return json.loads(text) if text.startswith((b"{", b"[")) else text

    def processes(self) -> list[Process]:
        """Return the counter's processes, apart from the demo itself, which is the client."""
        found = []
        for pid, parent in _parents().items():
            if pid != self._demo and _descends(pid, parent, self._demo):
                part = _part(pid)
                if part is not None:
                    found.append(Process(part, pid))
        return found

    def of(self, *parts: str) -> list[Process]:
        """Return the processes of these parts."""
        return [process for process in self.processes() if process.part in parts]


@contextmanager
def running_counter(folder: Path, kiosks: int = 1) -> Iterator[Counter]:
    """Start ``hexiao demo`` on a folder and stop it again."""
    command = [sys.executable, "-m", "cli.main", "demo", "--data", str(folder), "--kiosks", str(kiosks), "--no-browser"]
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield Counter(_address(demo), folder, demo.pid)
    finally:
        demo.send_signal(signal.SIGTERM)
        try:
            demo.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            demo.kill()
            demo.wait()


def _address(demo: subprocess.Popen[str]) -> str:
    if demo.stdout is None:
        msg = "the demo's output is not read"
        raise RigError(msg)
    told = []
    for line in demo.stdout:
        told.append(line)
        if line.startswith("READY "):
            return line.split()[1]
    msg = f"the demo ended with status {demo.wait()} before it was ready:\n{''.join(told)}"
    raise RigError(msg)


def _parents() -> dict[int, int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:
                continue  # ended while we looked
            parents[int(entry.name)] = int(fields[1])
    return parents


def _descends(pid: int, parent: int, ancestor: int) -> bool:
    parents = _parents()
    while parent not in {0, 1}:
        if parent == ancestor:
            return True
        parent = parents.get(parent, 0)
    return pid == ancestor


def _part(pid: int) -> str | None:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return None
    if words[0].endswith("mosquitto"):
        return "broker"
    if "device.scan" in words:
        return "camera"
    for part, verb in (("device", "kiosk"), ("gateway", "gateway"), ("headoffice", "headoffice")):
        if part in words and "run" in words:
            return verb
    return None
