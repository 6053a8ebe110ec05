"""The registry's file: TinyDB, over a storage that a power cut cannot tear. TinyDB is used here and nowhere else.

The documents are small and few (kiosks, stores, clerks), and a technician can read them and back them up as one file.
TinyDB's own storage writes in place, where half a write is an unreadable file; here every write is a whole new file
that takes the old one's place, and a second copy is kept of what was written last.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from tinydb import TinyDB
from tinydb.storages import Storage
from tinydb.table import Document

from gateway.errors import RegistryError

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

FILE_VERSION = 1
_ONLY = 1
"""The document id of a table that holds one document."""


class _Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the file: the version tells a later program what it reads."""

    version: int
    tables: dict[str, dict[str, dict[str, Any]]]


class AtomicJSONStorage(Storage):
    """A TinyDB storage whose file is whole at every instant, with a last good copy beside it.

    ``read`` raises RegistryError where neither can be used: starting with an empty registry would forget revocations.
    """

    def __init__(self, path: Path) -> None:
        """Keep the path; the copy lies beside it with ``.last-good`` at its end."""
        self._path = path
        self._copy = path.with_name(f"{path.name}.last-good")

    def read(self) -> dict[str, dict[str, Any]] | None:
        """Return the tables; None where there is no file yet."""
        main = self._load(self._path)
        if main is not None:
            return main.tables
        copy = self._load(self._copy)
        if copy is not None:
            log.error("registry_restored file=%s from=%s", self._path, self._copy)
            self._replace(self._path, copy)
            return copy.tables
        if list(self._path.parent.glob(f"{self._path.name}*.corrupt.*")):
            msg = f"{self._path}: neither it nor its last good copy can be read; put a backup in its place"
            raise RegistryError(msg)
        return None

    def write(self, data: dict[str, dict[str, Any]]) -> None:
        """Put these tables in the file's place, durably, then in the copy's."""
        tables = {name: {str(key): dict(row) for key, row in table.items()} for name, table in data.items()}
        envelope = _Envelope(version=FILE_VERSION, tables=tables)
        self._replace(self._path, envelope)
        self._replace(self._copy, envelope)

    def _load(self, path: Path) -> _Envelope | None:
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            msg = f"{path}: cannot be read ({error.strerror}); check the rights of the data folder"
            raise RegistryError(msg) from error
        try:
            envelope = msgspec.json.decode(text, type=_Envelope)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            aside = path.with_name(f"{path.name}.corrupt.{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
            path.rename(aside)
            log.error("registry_corrupt file=%s kept_as=%s error=%s", path, aside, error)  # noqa: TRY400 - a file is broken
            return None
        if envelope.version > FILE_VERSION:
            msg = f"{path}: was written by a newer version ({envelope.version}, known is {FILE_VERSION}); install that"
            raise RegistryError(msg)
        return envelope

    @staticmethod
    def _replace(path: Path, envelope: _Envelope) -> None:
        fresh = path.with_name(f"{path.name}.new")
        text = msgspec.json.format(msgspec.json.encode(envelope), indent=2)
        try:
            with fresh.open("wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            msg = f"{path}: cannot be written ({error.strerror}); the registry stays as it was"
            raise RegistryError(msg) from error


class RegistryFile:
    """The documents of the registry: one a kiosk, and the head office's lists of stores and clerks.

    Used by one thread at a time. Every method raises RegistryError where the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        """Keep the path; ``open`` opens it."""
        self._path = path
        self._database: TinyDB | None = None

    def open(self) -> None:
        """Open the file, falling back to the last good copy; safe to call again."""
        self._database = TinyDB(self._path, storage=AtomicJSONStorage)
        self._database.tables()

    def kiosks(self) -> list[dict[str, Any]]:
        """Return every kiosk's document."""
        return [dict(row) for row in self._opened.table("kiosks")]

    def put_kiosk(self, document: dict[str, Any]) -> None:
        """Add or replace the kiosk with this document's ``id``."""
        table = self._opened.table("kiosks")
        known = next((row.doc_id for row in table if row["id"] == document["id"]), None)
        if known is None:
            table.insert(document)
        else:
            table.upsert(Document(document, doc_id=known))

    def stores(self) -> list[dict[str, Any]]:
        """Return the stores as the head office last listed them."""
        return self._list("stores")

    def put_stores(self, documents: list[dict[str, Any]]) -> None:
        """Replace the list of stores as a whole, in one write."""
        self._put_list("stores", documents)

    def clerks(self) -> list[dict[str, Any]]:
        """Return the clerks as the head office last listed them."""
        return self._list("clerks")

    def put_clerks(self, documents: list[dict[str, Any]]) -> None:
        """Replace the list of clerks as a whole, in one write."""
        self._put_list("clerks", documents)

    def close(self) -> None:
        """Let the file go; safe to call twice."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _list(self, what: str) -> list[dict[str, Any]]:
        row = self._opened.table(what).get(doc_id=_ONLY)
        return list(row[what]) if isinstance(row, Document) else []

    def _put_list(self, what: str, documents: list[dict[str, Any]]) -> None:
        self._opened.table(what).upsert(Document({what: documents}, doc_id=_ONLY))

    @property
    def _opened(self) -> TinyDB:
        if self._database is None:
            msg = f"{self._path}: the registry is not open"
            raise RegistryError(msg)
        return self._database
