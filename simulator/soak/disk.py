"""Small disks that fill up: a tmpfs under the journals of kiosks and gateway, and a file that takes what is left."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZE = "24m"
_BALLAST = ".ballast"
_CHUNK = bytes(1 << 16)


class SmallDisk:
    """A file system of its own at a folder, until ``unmount``."""

    def __init__(self, folder: Path) -> None:
        """Keep where it is mounted."""
        self._folder = folder

    def mount(self) -> None:
        """Mount it over a new, empty folder; raise CalledProcessError where that is refused."""
        self._folder.mkdir(parents=True)
        _run("mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0755", "hexiao-soak", str(self._folder))

    def fill(self) -> None:
        """Leave nothing free."""
        with (self._folder / _BALLAST).open("ab", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(_CHUNK)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def empty(self) -> None:
        """Give back what ``fill`` took."""
        (self._folder / _BALLAST).unlink(missing_ok=True)

    def unmount(self) -> None:
        """Take it away; whoever still writes there keeps it until they end."""
        _run("umount", "--lazy", str(self._folder))


@contextlib.contextmanager
def small_disks(*folders: Path) -> Iterator[tuple[SmallDisk, ...]]:
    """Mount small disks for as long as the block lasts; none where this user may not mount."""
    if os.geteuid() != 0:
        yield ()
        return
    with contextlib.ExitStack() as mounted:
        disks = tuple(SmallDisk(folder) for folder in folders)
        for disk in disks:
            disk.mount()
            mounted.callback(disk.unmount)
        yield disks


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - the system's own programs
