"""The operating system as a shipped module finds it in ``os``, and a note of what reaches a file through it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from simulator.powercuts.disk import FolderSynced, Made, Synced, Wrote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

    from simulator.powercuts.disk import Event


class RecordedSystem:
    """``os``, whose writes and syncs are noted in events; everything else is as it is."""

    def __init__(self, events: list[Event]) -> None:
        """Keep where to note."""
        self._events = events
        self.names: dict[int, str] = {}
        """Files that are open for writing, by descriptor."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the module asks for
        """Return what is not noted."""
        return getattr(os, name)

    def open(self, path: Path, flags: int, mode: int = 0o777) -> int:
        """Open a file, and note where it is a new one."""
        is_new = not path.exists()
        descriptor = os.open(path, flags, mode)
        if flags & os.O_WRONLY:
            self.names[descriptor] = path.name
            if is_new:
                self._events.append(Made(path.name))
        return descriptor

    def write(self, descriptor: int, data: bytes) -> int:
        """Append to a file."""
        offset = os.fstat(descriptor).st_size
        written = os.write(descriptor, data)
        self._events.append(Wrote(self.names[descriptor], offset, data[:written]))
        return written

    def fsync(self, descriptor: int) -> None:
        """Sync a file, or the folder."""
        os.fsync(descriptor)
        self._events.append(Synced(self.names[descriptor]) if descriptor in self.names else FolderSynced())

    def close(self, descriptor: int) -> None:
        """Close a file or the folder."""
        self.names.pop(descriptor, None)
        os.close(descriptor)


@contextmanager
def recorded(module: ModuleType, system: RecordedSystem) -> Iterator[None]:
    """Let a shipped module find this system in its ``os``."""
    shipped = module.os
    module.os = system  # type: ignore[attr-defined]
    try:
        yield
    finally:
        module.os = shipped  # type: ignore[attr-defined]
