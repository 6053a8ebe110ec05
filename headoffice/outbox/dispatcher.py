"""Delivers what is written down: a lane for each webhook, so that one which does not answer holds up no other.

A lane takes a few deliveries, sends them side by side, writes down what came of them, and goes on until nothing is due.
It begins with one; while any arrive, twice as many the next time; where none do, one, and not at once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headoffice.errors import DatabaseError
from headoffice.outbox import hooks, queue
from headoffice.outbox.forms import judged, written
from headoffice.outbox.queue import Tried
from headoffice.outbox.sender import Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from headoffice.database import Database
    from headoffice.outbox.hooks import Webhook
    from headoffice.outbox.queue import Delivery
    from headoffice.outbox.sender import Sender
    from headoffice.workers import Workers

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


@dataclass(slots=True)
class _Lane:
    """How a webhook fares in this process."""

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
        sender: Sender,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep the parts; ``clock`` tells the time of the books (with its offset), ``monotonic`` seconds."""
        self._database = database
        self._workers = workers
        self._sender = sender
        self._clock = clock
        self._monotonic = monotonic
        self._lanes: dict[str, _Lane] = {}
        self._purge_at = monotonic()

    async def start(self) -> None:
        """Make ready to send."""
        await self._sender.start()

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
        await self._sender.close()

    async def round(self) -> None:
        """Start the lanes in which something may be due."""
        at, now = self._clock(), self._monotonic()
        for name in await self._workers.read(self._database.read, hooks.not_paused):
            lane = self._lanes.setdefault(name, _Lane())
            if lane.task is not None and lane.task.done():
                lane.task.result()
                lane.task = None
            if lane.task is None and now >= lane.again_at:
                lane.task = asyncio.create_task(self._go_along(name, lane))
        if now >= self._purge_at:
            self._purge_at = now + PURGE_S
            while await self._workers.write(self._database.write, lambda connection: queue.purge(connection, at)):
                pass

    async def _go_along(self, name: str, lane: _Lane) -> None:
        """Deliver to one webhook until nothing is due, or nothing arrives."""
        while batch := await self._take(name, lane.width):
            tried = await asyncio.gather(*(self._try(webhook, delivery) for webhook, delivery in batch))
            await self._settle(tried)
            if all(outcome.error is not None for outcome in tried):
                lane.width = 1
                lane.pause_s = min(LONGEST_PAUSE_S, 2 * lane.pause_s or FIRST_PAUSE_S)
                lane.again_at = self._monotonic() + lane.pause_s
                return
            lane.width, lane.pause_s = min(WIDEST, 2 * lane.width), 0.0

    async def _take(self, name: str, most: int) -> list[tuple[Webhook, Delivery]]:
        at = self._clock()

        def take(connection: Connection) -> list[tuple[Webhook, Delivery]]:
            webhook = hooks.find(connection, name, at)
            return [] if webhook is None else [(webhook, one) for one in queue.take(connection, name, most, at)]

        try:
            return await self._workers.write(self._database.write, take)
        except DatabaseError as error:
            _log.warning("event=deliveries_not_taken webhook=%s error=%s", name, error)
            return []

    async def _try(self, webhook: Webhook, delivery: Delivery) -> Tried:
        sent = written(webhook, delivery, self._clock())
        answer = await self._sender.post(sent.url, sent.body, sent.headers)
        error = answer.why if isinstance(answer, Unanswered) else judged(webhook.form, answer)
        if error is None:
            _log.info("event=delivered webhook=%s id=%s tries=%s", webhook.id, delivery.event, delivery.tries)
        else:
            _log.warning(
                "event=not_delivered webhook=%s id=%s tries=%s error=%s",
                webhook.id,
                delivery.event,
                delivery.tries,
                error,
            )
        return Tried(delivery, error)

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
