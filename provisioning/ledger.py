"""What an authority has signed: one line of JSON for each certificate, appended before it is handed out.

It is there to be read after an incident, and it keeps a kiosk from ever being given a gateway's name, and with it a
gateway's rights.
"""

from __future__ import annotations

import os
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from provisioning.errors import AuthorityError, FolderError
from provisioning.files import PUBLIC, read_file, sync_folder

if TYPE_CHECKING:
    from pathlib import Path


class Role(StrEnum):
    """What a certificate is good for."""

    DEVICE = "device"
    GATEWAY = "gateway"
    SERVER = "server"


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """One certificate that was signed."""

    role: Role
    name: str
    key: str
    """Fingerprint of the public key."""
    serial: str
    until: datetime


_DECODER = msgspec.json.Decoder(Issued)


class Ledger:
    """The file of all that was signed."""

    def __init__(self, path: Path) -> None:
        """Keep where the file lies; it need not be there yet."""
        self._path = path

    def entries(self) -> list[Issued]:
        """Return all that was signed, oldest first; raise AuthorityError where a line cannot be read."""
        if not self._path.exists():
            return []
        *lines, unfinished = read_file(self._path).split(b"\n")
        del unfinished  # nothing, or what a power cut left of an entry whose certificate nobody got
        return [self._entry(number, line) for number, line in enumerate(lines, start=1)]

    def append(self, entry: Issued) -> None:
        """Add an entry, on disk when this returns; raise FolderError."""
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PUBLIC)
            try:
                whole = read_file(self._path)
                end = whole.rfind(b"\n") + 1
                os.ftruncate(handle, end)
                os.pwrite(handle, msgspec.json.encode(entry) + b"\n", end)
                os.fsync(handle)
            finally:
                os.close(handle)
            sync_folder(self._path.parent)
        except OSError as error:
            msg = f"{self._path}: cannot be written ({error.strerror})"
            raise FolderError(msg) from error

    def role_of(self, name: str) -> Role | None:
        """Return what certificates of this name are for; None where there was none yet."""
        return next((entry.role for entry in self.entries() if entry.name == name and entry.role != Role.SERVER), None)

    def _entry(self, number: int, line: bytes) -> Issued:
        try:
            return _DECODER.decode(line)
        except msgspec.DecodeError as error:
            msg = f"{self._path}, line {number}: is damaged ({error}); restore the file from a backup"
            raise AuthorityError(msg) from error
