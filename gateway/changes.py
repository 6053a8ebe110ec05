"""Tells whoever watches that something has changed, never what: who falls behind has nothing to catch up with."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Topic(StrEnum):
    """What can change on the manager's page."""

    RECORDS = "records"
    KIOSKS = "kiosks"
    LINKS = "links"


class Watcher:
    """One who watches; it holds the topics that changed since it last looked."""

    def __init__(self) -> None:
        """Begin with nothing changed."""
        self._topics: set[Topic] = set()
        self._woken = asyncio.Event()
        self.ended = False
        """Whether there will be no more changes."""

    def tell(self, topic: Topic) -> None:
        """Note a change."""
        self._topics.add(topic)
        self._woken.set()

    def end(self) -> None:
        """Wake the watcher for the last time."""
        self.ended = True
        self._woken.set()

    async def next(self, timeout_s: float) -> set[Topic]:
        """Return the topics that changed, as soon as there are any; none after ``timeout_s``, or at the end."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._woken.wait()
        except TimeoutError:
            return set()
        self._woken.clear()
        topics, self._topics = self._topics, set()
        return topics


class Changes:
    """The board on which changes are told; where nobody watches it costs nothing."""

    def __init__(self) -> None:
        """Begin with nobody watching."""
        self._watchers: set[Watcher] = set()

    def tell(self, topic: Topic) -> None:
        """Tell everyone who watches."""
        for watcher in self._watchers:
            watcher.tell(topic)

    @contextmanager
    def watching(self) -> Iterator[Watcher]:
        """Watch until the block ends."""
        watcher = Watcher()
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    def end(self) -> None:
        """Let every watcher go: the gateway stops."""
        for watcher in self._watchers:
            watcher.end()
