"""A platform's cards in a soak: sold, consumed by others too; the platform is slow, silent or in doubt for a while.

The platform itself is never killed: it is somebody else's. What it has consumed for good is held against the books.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.soak.shop import Shop

PLATFORM = "cards"
#: How long the platform works as it should, and how long it does not; seconds.
WELL_S, TROUBLED_S = (1.0, 8.0), (0.5, 6.0)
#: How many cards that are held up somewhere are consumed at another merchant's counter.
ELSEWHERE = 0.1
TROUBLES: tuple[dict[str, Any], ...] = (
    {"lose": 2},
    {"lose": 3, "late_s": 4.0},
    {"lag_s": 5.0},
    {"silent": True},
    {"blocked": True},
    {"events": "held"},
    {"events": "lost", "lose": 2},
)


class Cards:
    """The cards of one soak."""

    def __init__(self, shop: Shop, seed: int) -> None:
        """Begin without any."""
        self._shop = shop
        self._random = Random(seed)  # noqa: S311 - what goes wrong when, not a secret
        self.sold: list[str] = []
        self.elsewhere: set[str] = set()
        """Cards that somebody else has consumed."""
        self.troubles = 0

    async def sell(self) -> str | None:
        """Sell a card of one use and return its code; None where that did not work."""
        code = f"7{self._random.randrange(10**11):011}"
        if code in self.sold or await self._tell("cards", {"codes": [code], "title": "soak"}) is None:
            return None
        self.sold.append(code)
        return code

    async def shown(self, code: str) -> None:
        """Let somebody else consume, now and then, what has just been held up."""
        if code in self.sold and self._random.random() < ELSEWHERE:
            said = await self._tell("consume", {"code": code})
            if said is not None and said["word"] == "good":
                self.elsewhere.add(code)

    async def trouble(self) -> None:
        """Let the platform fail in one way after the other, until cancelled."""
        while True:
            await asyncio.sleep(self._random.uniform(*WELL_S))
            await self._tell("troubles", self._random.choice(TROUBLES))
            self.troubles += 1
            await asyncio.sleep(self._random.uniform(*TROUBLED_S))
            await self.calm()

    async def calm(self) -> None:
        """Let it work as it should, and tell what it has kept to itself."""
        await self._tell("troubles", {})
        await self._tell("events", {})

    async def consumed(self) -> Counter[str] | None:
        """Return how many uses this chain has consumed, by the last characters of the codes; None: it does not tell."""
        said = await self._shop.call("GET", "/api/platform/consumed")
        if said is None:
            return None
        ours: Counter[str] = Counter()
        for code, used in said["used"].items():
            ours[code[-4:]] += used - (code in self.elsewhere)
        return ours

    async def _tell(self, call: str, body: dict[str, Any]) -> dict[str, Any] | None:
        said: dict[str, Any] | None = await self._shop.call("POST", f"/api/platform/{call}", body)
        return said
