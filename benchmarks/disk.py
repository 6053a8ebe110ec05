"""What a process writes and how often it waits for the disk, as the kernel tells."""

from __future__ import annotations

import re
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import Row
from benchmarks.rig import RigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.rig import Process

ATTACH_WITHIN_S = 10.0
#: A line of strace's summary: share, seconds, microseconds a call, calls, errors (where there were any), name.
_SYNC = re.compile(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?f(?:data)?sync$", re.MULTILINE)


@dataclass(slots=True)
class Disk:
    """What was written while it was watched; filled in when the watch ends."""

    written_bytes: int = 0
    syncs: int = 0

    def rows(self, part: str, redemptions: int) -> list[Row]:
        """Return both figures, a redemption."""
        return [
            Row(part, "bytes written a redemption", self.written_bytes / redemptions / 1024, "KiB"),
            Row(part, "fsyncs a redemption", self.syncs / redemptions, ""),
        ]


@contextmanager
def watched(process: Process) -> Iterator[Disk]:
    """Watch a process's disk for a while. It is slower meanwhile: no times are to be taken then."""
    disk = Disk()
    command = ["strace", "-f", "-c", "-e", "trace=fsync,fdatasync", "-p", str(process.pid)]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        _attached(process.pid)
        before = process.written_bytes()
        yield disk
        disk.written_bytes = process.written_bytes() - before
    finally:
        tracer.terminate()
        told = tracer.communicate()[1]
    disk.syncs = sum(int(calls) for calls in _SYNC.findall(told))


def _attached(pid: int) -> None:
    """Return once a tracer follows the process."""
    until = time.monotonic() + ATTACH_WITHIN_S
    while "TracerPid:\t0\n" in Path(f"/proc/{pid}/status").read_text(encoding="ascii"):
        if time.monotonic() > until:
            msg = f"strace does not follow process {pid}; is it installed, and allowed to?"
            raise RigError(msg)
        time.sleep(0.01)
