"""The codes that customers of a soak come with: own vouchers, signed ones under a lease, a platform's cards."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from random import Random

    from simulator.soak.cards import Cards
    from simulator.soak.leases import Leases
    from simulator.soak.shop import Shop

#: Of so many codes at a time half are vouchers, a quarter signed vouchers that are leased to a store, and a quarter a
#: platform's cards. The first batch is there soon; the later ones are large, because the last copy of the books goes
#: with each, and some are to grow old.
FIRST, BATCH = 80, 400
#: How many codes are left when more are issued, and how many calls issue them at a time.
LOW, AT_ONCE = 40, 8
#: How often a customer comes with a code that somebody else is at, and who that can be.
RIVALS, NEWEST = 0.2, 6


class Stock:
    """The codes that nobody has come with yet, and those that somebody has."""

    def __init__(self, shop: Shop, cards: Cards, leases: Leases, random: Random, issued: Callable[[], None]) -> None:
        """Keep where they come from; ``issued`` is called once the head office has new ones."""
        self._shop = shop
        self._cards = cards
        self._leases = leases
        self._random = random
        self._issued = issued
        self._left: list[str] = []
        self._shown: list[str] = []
        self._some = asyncio.Event()
        """Set once there is a code."""
        self.uses: dict[str, int] = {}
        """How many uses were issued, by code; not of a platform's cards."""

    async def begin(self) -> None:
        """Issue the first."""
        await self._issue(FIRST)

    async def fill(self) -> None:
        """Keep codes in stock until cancelled."""
        while True:
            if len(self._left) < LOW:
                await self._issue(BATCH)
            await asyncio.sleep(0.3)

    async def take(self) -> str:
        """Return a code as soon as there is one: mostly a new one, else one that somebody else is at."""
        await self._some.wait()
        if not self._left or (self._shown and self._random.random() < RIVALS):
            return self._random.choice(self._shown[-NEWEST:])
        self._shown.append(self._left.pop())
        await self._cards.shown(self._shown[-1])
        return self._shown[-1]

    async def _issue(self, count: int) -> None:
        """Issue, lease and sell a batch; customers come with a code once no older copy of the books can lack it."""
        uses = {_new_code(): self._random.choice((1, 1, 2)) for _ in range(count // 2)}
        room = asyncio.Semaphore(AT_ONCE)

        async def own(code: str) -> bool:
            kind = "multi_use" if uses[code] > 1 else "coupon"
            async with room:
                order = {"code": code, "title": "soak", "kind": kind, "uses": uses[code]}
                return await self._shop.call("POST", "/api/vouchers", order) is not None

        made = await asyncio.gather(*map(own, uses))
        self._offer({code: count for (code, count), good in zip(uses.items(), made, strict=True) if good})
        self._offer(dict.fromkeys(await self._leases.issue(count // 4), 1))
        self._add([code for _ in range(count // 4) if (code := await self._cards.sell()) is not None])

    def _offer(self, issued: dict[str, int]) -> None:
        self._issued()
        self.uses |= issued
        self._add(issued)

    def _add(self, codes: Iterable[str]) -> None:
        self._left += codes
        self._random.shuffle(self._left)
        if self._left:
            self._some.set()


def _new_code() -> str:
    return f"SOAK{secrets.token_hex(6).upper()}"
