"""Kiosks' journals, asked for over MQTT and held against this gateway's own, a store's day at a time."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from protocol.comparing import AskBook, Book

if TYPE_CHECKING:
    from gateway.ports import Outbox
    from gateway.standing import Standing
    from protocol.comparing import Recorded

#: How long a kiosk is waited for, seconds, for each part of its journal.
ANSWERS_S = 3.0
#: How far a kiosk's clock may be behind the gateway's before rows of a day are missed.
CLOCK = timedelta(hours=1)


class KioskBooks:
    """Asks kiosks how their redemptions have ended. One question to a kiosk at a time."""

    def __init__(self, outbox: Outbox, standing: Standing, answers_s: float = ANSWERS_S) -> None:
        """Keep the way to the kiosks; ``answers_s`` is how long one is waited for, seconds."""
        self._outbox = outbox
        self._standing = standing
        self._answers_s = answers_s
        self._waiting: dict[str, tuple[AskBook, asyncio.Future[Book]]] = {}

    def heard(self, kiosk: str, book: Book) -> None:
        """Take what a kiosk tells; what nobody has asked for, or waits for any more, is passed over."""
        asked, answer = self._waiting.get(kiosk, (None, None))
        if asked is not None and answer is not None and asked.before == book.before and not answer.done():
            answer.set_result(book)

    async def since(self, kiosk: str, begin: datetime) -> dict[str, Recorded] | None:
        """Return how a kiosk's redemptions of this time and later have ended; None where it does not answer."""
        told: dict[str, Recorded] = {}
        asked = AskBook()
        while True:
            book = await self._ask(kiosk, asked)
            if book is None:
                return None
            told |= {record.rid: record for record in book.records}
            if book.last or datetime.fromisoformat(book.since) < begin - CLOCK or book.through <= 0:
                return told
            asked = AskBook(before=book.through)

    async def _ask(self, kiosk: str, asked: AskBook) -> Book | None:
        if kiosk in self._waiting:
            return None  # somebody else compares this very moment
        answer: asyncio.Future[Book] = asyncio.get_running_loop().create_future()
        self._waiting[kiosk] = asked, answer
        try:
            self._outbox.send(kiosk, self._standing.stamped(kiosk, asked))
            async with asyncio.timeout(self._answers_s):
                return await answer
        except TimeoutError:
            return None
        finally:
            del self._waiting[kiosk]
