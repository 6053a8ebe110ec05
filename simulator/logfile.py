"""The log of one part of a rehearsal: a file that stays small, and its last lines for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

#: A file of this size is put aside as ``<name>.1``, and the one that was there before is dropped.
LARGEST_FILE = 4 << 20
TAIL_BYTES = 8 << 10


class LogFile:
    """Appends to ``path``; keeps at most two files of LARGEST_FILE bytes."""

    def __init__(self, path: Path, largest: int = LARGEST_FILE) -> None:
        self._path = path
        self._largest = largest
        self._file: BinaryIO | None = None
        self._size = 0
        self._tail = b""

    def write(self, data: bytes) -> None:
        """Append what a part has said."""
        if self._file is None or self._size + len(data) > self._largest:
            self._next_file(len(data))
        if self._file is not None:
            self._file.write(data)
            self._size += len(data)
        self._tail = (self._tail + data)[-TAIL_BYTES:]

    def tail(self, lines: int = 12) -> list[str]:
        """Return the last lines of this run."""
        return self._tail.decode(errors="replace").splitlines()[-lines:]

    def close(self) -> None:
        """Close the file."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _next_file(self, coming: int) -> None:
        self.close()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists() and self._path.stat().st_size + coming > self._largest:
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        self._file = self._path.open("ab", buffering=0)
        self._size = self._file.tell()
