"""Delivers what is written down: a lane for each receiver, so that one which does not answer holds up no other.

A lane takes a few deliveries, sends them side by side, writes down what came of them, and goes on until nothing is due.
It begins with one; while any arrive, twice as many the next time; where none do, one, and not at once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from headoffice.errors import DatabaseError
from headoffice.outbox import queue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from headoffice.database import Database
    from headoffice.outbox.queue import Tried
    from headoffice.workers import Workers

Taken = TypeVar("Taken")

_log = logging.getLogger(__name__)

#: How often the books are looked through for what is due.
ROUND_S = 0.5
#: After the database did not take what came of deliveries, how long until it is told again.
AGAIN_S = 0.5
WIDEST = 32
#: Pauses of a lane in which nothing arrives: twice as long each time.
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
#: How often what arrived long ago is forgotten.
PURGE_S = 3600.0
#: At the end, what is under way gets so long.
LAST_ANSWERS_S = 5.0


class Carrier(Protocol[Taken]):
    """What takes deliveries of one kind to where they go; it knows their lanes by names that no other carrier has."""

    async def start(self) -> None:
        """Make ready to carry."""

    async def close(self) -> None:
        """Hang up."""

    def lanes(self, connection: Connection, at: datetime) -> list[str]:
        """Return the lanes in which something may be due."""

    def take(self, connection: Connection, lane: str, most: int, at: datetime) -> list[Taken]:
        """Take what is to be tried now, at most so many; the caller commits."""

    async def attempt(self, taken: Taken) -> Tried:
        """Try one, and say what came of it."""


@dataclass(slots=True)
class _Lane:
    """How a receiver fares in this process."""

    width: int = 1
    pause_s: float = 0.0
    again_at: float = 0.0
    task: asyncio.Task[None] | None = None


class Dispatcher:
    """The deliveries of this process; nothing is sent before ``start``."""

    def __init__(
        self,
        database: Database,
        workers: Workers,
        carriers: Sequence[Carrier[Any]],
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep the parts; ``clock`` tells the time of the books (with its offset), ``monotonic`` seconds."""
        self._database = database
        self._workers = workers
        self._carriers = tuple(carriers)
        self._clock = clock
        self._monotonic = monotonic
        self._lanes: dict[str, _Lane] = {}
        self._purge_at = monotonic()

    async def start(self) -> None:
        """Make ready to send."""
        for carrier in self._carriers:
            await carrier.start()

    async def run(self) -> None:
        """Deliver until cancelled; raise what has broken a lane."""
        while True:
            try:
                await self.round()
            except DatabaseError as error:
                _log.error("event=round_failed error=%s", error)
            await asyncio.sleep(ROUND_S)

    async def close(self) -> None:
        """Let what is under way come to its end, for a while; then hang up."""
        under_way = [lane.task for lane in self._lanes.values() if lane.task is not None]
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=LAST_ANSWERS_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for carrier in self._carriers:
            await carrier.close()

    async def round(self) -> None:
        """Start the lanes in which something may be due."""
        at, now = self._clock(), self._monotonic()
        for carrier in self._carriers:
            for name in await self._workers.read(self._database.read, lambda found, of=carrier: of.lanes(found, at)):
                lane = self._lanes.setdefault(name, _Lane())
                if lane.task is not None and lane.task.done():
                    lane.task.result()
                    lane.task = None
                if lane.task is None and now >= lane.again_at:
                    lane.task = asyncio.create_task(self._go_along(carrier, name, lane))
        if now >= self._purge_at:
            self._purge_at = now + PURGE_S
            while await self._workers.write(self._database.write, lambda connection: queue.purge(connection, at)):
                pass

    async def _go_along(self, carrier: Carrier[Any], name: str, lane: _Lane) -> None:
        """Deliver to one receiver until nothing is due, or nothing arrives."""
        while batch := await self._take(carrier, name, lane.width):
            tried = await asyncio.gather(*(carrier.attempt(taken) for taken in batch))
            await self._settle(tried)
            if all(outcome.failed for outcome in tried):
                lane.width = 1
                lane.pause_s = min(LONGEST_PAUSE_S, 2 * lane.pause_s or FIRST_PAUSE_S)
                lane.again_at = self._monotonic() + lane.pause_s
                return
            lane.width, lane.pause_s = min(WIDEST, 2 * lane.width), 0.0

    async def _take(self, carrier: Carrier[Taken], name: str, most: int) -> list[Taken]:
        at = self._clock()

        def take(connection: Connection) -> list[Taken]:
            return carrier.take(connection, name, most, at)

        try:
            return await self._workers.write(self._database.write, take)
        except DatabaseError as error:
            _log.warning("event=deliveries_not_taken to=%s error=%s", name, error)
            return []

    async def _settle(self, tried: list[Tried]) -> None:
        """Write down what came of a batch as soon as the database takes it."""
        while True:
            at = self._clock()
            try:
                await self._workers.write(
                    self._database.write, lambda connection, at=at: queue.settle(connection, tried, at)
                )
            except DatabaseError as error:
                _log.warning("event=outcome_not_taken error=%s", error)
                await asyncio.sleep(AGAIN_S)
            else:
                return
