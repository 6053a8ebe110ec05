"""A platform that does what a test has written down: a ``headoffice.platforms.ports.Connector`` without a wire."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from headoffice.platforms.ports import Event, ForgedError, NoAnswerError, PlatformClass, Spent, Worth
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping


class ScriptedPlatform:
    """Recognises codes of twelve digits."""

    kind = PlatformClass.QUERYABLE

    def __init__(self) -> None:
        self.cards: dict[str, Worth] = {}
        self.silent = False
        """Whether queries are not answered."""
        self.hears: list[Verdict | None] = []
        """What the next consumes are answered with; None: not at all. Behind the last, each is a success."""
        self.consumed: list[tuple[str, int]] = []
        """Every consume that was sent here."""
        self.queried: list[str] = []
        self.says: Spent | None = None
        """What its record says."""

    def recognises(self, code: str) -> bool:
        return len(code) == 12 and code.isdecimal()

    async def start(self) -> None:
        pass

    async def query(self, code: str) -> Worth | None:
        self.queried.append(code)
        if self.silent:
            raise NoAnswerError
        return self.cards.get(code)

    async def consume(self, code: str, quantity: int) -> Verdict:
        self.consumed.append((code, quantity))
        await asyncio.sleep(0)
        verdict = self.hears.pop(0) if self.hears else Verdict.REDEEMED
        if verdict is None:
            raise NoAnswerError
        return verdict

    async def record(self, code: str) -> Spent | None:
        return self.says

    def event(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> Event | None:
        raise ForgedError

    async def close(self) -> None:
        pass
