"""Files that are whole or absent: written beside their place, with the right mode from the start, then moved there."""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from provisioning.errors import FolderError

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = 0o600
PUBLIC = 0o644
PRIVATE_FOLDER = 0o700
PUBLIC_FOLDER = 0o755

#: User and group number of a file; -1 is whoever writes it.
Owner = tuple[int, int]
WRITER: Owner = (-1, -1)


def write_file(path: Path, content: bytes | str, mode: int = PUBLIC, owner: Owner = WRITER) -> None:
    """Replace a file atomically and durably: a reader sees the old content or the new; raise FolderError."""
    data = content.encode() if isinstance(content, str) else content
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600 until it is ours to open up
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchown(file.fileno(), *owner)
                os.fchmod(file.fileno(), mode)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise _unusable(path, "written", error) from error


def read_file(path: Path) -> bytes:
    """Return a file's content; raise FolderError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unusable(path, "read", error) from error


def make_folder(path: Path, mode: int | None = None) -> None:
    """Make a folder and its parents where they are missing; give it the mode, if there is one; raise FolderError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        if mode is not None:
            path.chmod(mode)
    except OSError as error:
        raise _unusable(path, "made", error) from error


def sync_folder(path: Path) -> None:
    """Make what happened to a folder's names survive a power cut."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold a folder against other provisioning commands, and wait for one that holds it; raise FolderError."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise _unusable(folder, "opened", error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _unusable(path: Path, what: str, error: OSError) -> FolderError:
    hint = "; give the command with sudo" if isinstance(error, PermissionError) else ""
    return FolderError(f"{path}: cannot be {what} ({error.strerror}){hint}")
