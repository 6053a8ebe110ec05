"""SQLite's file layer with a memory: everything that is done to the files of a folder, in order.

The files themselves are the operating system's, with its locks and its shared memory, so that SQLite runs as it ships;
only the calls are noted as they pass. As SQLite's own Unix layer does, the first sync of a new journal or log syncs the
folder too (``UNIXFILE_DIRSYNC`` in its os_unix.c), and a removal where it is asked to.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import apsw

from simulator.powercuts.disk import Cut, Event, FolderSynced, Made, Removed, Synced, Wrote

#: Shared memory is no file on a disk: it is lost with the power, and made anew.
_SHARED = "-shm"
_WITH_FOLDER = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_SUPER_JOURNAL
_numbers = itertools.count(1)


class Recorder(apsw.VFS):
    """A layer under a name of its own; close it, or the name stays taken."""

    def __init__(self, *, deaf: bool = False) -> None:
        """Register the layer; ``deaf``: it forgets every sync, as a disk that lies."""
        self.name = f"recorder-{next(_numbers)}"
        self.events: list[Event] = []
        self.deaf = deaf
        self.known: set[str] = set()
        """Names that are there."""
        super().__init__(self.name, "unix")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's
        """Open a file, and note where it is a new one."""
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        return _File(self, path, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802, FBT001 - SQLite's
        """Remove a file."""
        super().xDelete(filename, syncdir)
        name = Path(filename).name
        if not name.endswith(_SHARED) and name in self.known:
            self.known.discard(name)
            self.events.append(Removed(name))
        if syncdir and not self.deaf:
            self.events.append(FolderSynced())

    def close(self) -> None:
        """Take the layer out again."""
        self.unregister()


class _File(apsw.VFSFile):
    def __init__(
        self, recorder: Recorder, path: str | None, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> None:
        self._recorder = recorder
        self._name = Path(path or "").name
        self._silent = not path or self._name.endswith(_SHARED)
        is_new = not self._silent and self._name not in recorder.known
        super().__init__("unix", name, flags)
        self._with_folder = is_new and bool(flags[0] & _WITH_FOLDER)
        if is_new:
            recorder.known.add(self._name)
            recorder.events.append(Made(self._name))

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's
        super().xWrite(data, offset)
        self._note(Wrote(self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's
        super().xTruncate(newsize)
        self._note(Cut(self._name, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's
        super().xSync(flags)
        if self._recorder.deaf:
            return
        self._note(Synced(self._name))
        if self._with_folder:
            self._with_folder = False
            self._note(FolderSynced())

    def _note(self, event: Event) -> None:
        if not self._silent:
            self._recorder.events.append(event)
