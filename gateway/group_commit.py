"""A database that is written in groups: one fsync serves all who wait for the disk at the same time.

While one thread waits for the disk, everything that is written meanwhile gathers for the next commit. What need not be
on disk at once rides along with what must be, or goes by itself after a moment.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import apsw

from gateway.errors import JournalError
from service.database import open_database, open_for_reading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

#: Longest time that a write which need not be on disk at once waits for one that must.
LINGER_S = 0.25

Statement = tuple[str, tuple[Any, ...]]
Write = tuple[str, tuple[Any, ...], "asyncio.Future[None]"]


class GroupCommit:
    """A file of SQLite. Everything is called on the event loop; one thread of its own writes."""

    def __init__(self, path: Path, vfs: str | None, *, numbered: str, riding: Callable[[], list[Statement]]) -> None:
        """Keep the path, and the name of SQLite's file layer.

        ``numbered`` is a query whose value is read after every commit; ``riding`` gives what goes along with one.
        """
        self.path = path
        self._vfs = vfs
        self._numbered = numbered
        self._riding = riding
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._reader: apsw.Connection | None = None
        self._queue: list[Write] = []
        self._latest: asyncio.Future[None] | None = None
        self._wanted = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._closing = False
        self.writer: apsw.Connection | None = None
        self.work: asyncio.Task[None] | None = None
        """The task that commits. Where it ends with an error nothing more can be promised: the process must end."""
        self.number = 0
        """The value of ``numbered`` as it is on disk."""
        self.commits = 0

    def open(self, migrations: Sequence[str]) -> None:
        """Open the file and bring its schema up to date; raise service.database.DatabaseError."""
        self.writer = open_database(self.path, migrations, vfs=self._vfs)
        self.writer.execute("PRAGMA secure_delete = ON")
        self._reader = open_for_reading(self.path, vfs=self._vfs)
        self.number = number(self._reader, self._numbered)

    def start(self) -> None:
        """Begin to commit."""
        self.work = asyncio.get_running_loop().create_task(self._work(), name="journal")

    @property
    def reading(self) -> apsw.Connection:
        """The connection to read by, which sees what is committed."""
        if self._reader is None:
            raise JournalError(self._not_open)
        return self._reader

    def add(self, sql: str, values: tuple[Any, ...], *, durable: bool) -> asyncio.Future[None]:
        """Write by the next commit, or within LINGER_S where it is not ``durable``; the future is done once it is."""
        loop = asyncio.get_running_loop()
        written: asyncio.Future[None] = loop.create_future()
        self._queue.append((sql, values, written))
        self._latest = written
        if durable:
            self._wanted.set()
        elif self._timer is None:
            self._timer = loop.call_later(LINGER_S, self._wanted.set)
        return written

    async def flush(self) -> None:
        """Return once everything that was written so far is on disk, so that who reads now reads it all."""
        if self._latest is not None and not self._latest.done():
            self._wanted.set()
            await asyncio.wait([self._latest])

    async def close(self) -> None:
        """Commit what is left and let the file go; safe to call twice."""
        self._closing = True
        self._wanted.set()
        if self.work is not None:
            await asyncio.wait([self.work])
        self._thread.shutdown()
        for connection in (self._reader, self.writer):
            if connection is not None:
                connection.close()
        self._reader = self.writer = None

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._closing or self._queue:
            await self._wanted.wait()
            self._wanted.clear()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            batch, self._queue = self._queue, []
            try:
                self.number = await loop.run_in_executor(self._thread, self._commit, batch, self._riding())
            except apsw.Error as error:
                msg = f"{self.path}: cannot be written ({error}); check the disk"
                raise JournalError(msg) from error
            for _, _, written in batch:
                if not written.done():
                    written.set_result(None)

    def _commit(self, batch: list[Write], riding: list[Statement]) -> int:
        """Write a batch in one transaction, in the thread of its own; return the newest number."""
        if self.writer is None:
            raise JournalError(self._not_open)
        with self.writer as writer:
            for sql, values, _ in batch:
                writer.execute(sql, values)
            for sql, values in riding:
                writer.execute(sql, values)
        self.commits += 1
        return number(self.writer, self._numbered)

    @property
    def _not_open(self) -> str:
        return f"{self.path}: the journal is not open"


def number(connection: apsw.Connection, query: str) -> int:
    """Return the whole number that a query gives; 0 for none."""
    return int(next(connection.execute(query))[0] or 0)
