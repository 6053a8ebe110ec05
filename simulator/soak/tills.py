"""Customers at tills that ask the gateway over HTTP (docs/till.md): the same call again and again until it has an end.

Some leave at once, as where a browser is closed: what they began the gateway brings to its end by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import TYPE_CHECKING, Any

from simulator.soak.suffered import GATEWAY

if TYPE_CHECKING:
    from simulator.soak.scene import Scene

#: How long the next customer takes to come, and how long one waits for an end, seconds.
NEXT_S, STAYS_S = (0.2, 1.5), 30.0
#: How often a look is asked again that was not answered, and after how long a call is made again, seconds.
TRIES, AGAIN_S = 12, 0.4
#: How often somebody wants every use that is offered; how often somebody leaves at once, and after how long, seconds.
ALL, LEAVES, LEAVES_S = 0.5, 0.1, 0.1


class Tills:
    """Those who pay at a till."""

    def __init__(self, scene: Scene) -> None:
        """Keep where they come to."""
        self._scene = scene
        self._shop = scene.shop
        self.told: dict[str, str] = {}
        """The end of each redemption that a till was told, by rid."""

    async def come(self, store: str) -> None:
        """Let one after the other come to a till of a store, until cancelled."""
        while True:
            await asyncio.sleep(self._scene.random.uniform(*NEXT_S))
            code = await self._scene.stock.take()
            offered = await self._look(store, code)
            if offered is not None and offered["verdict"] == "redeemable":
                await self._redeem(store, code, offered)

    async def _look(self, store: str, code: str) -> dict[str, Any] | None:
        """Return what a code is worth; None where nobody could say."""
        for _ in range(TRIES):
            said = await self._shop.ask(GATEWAY, "POST", "/api/look", {"store": store, "code": code})
            if said is not None and said.is_good and said.body["verdict"] not in {"busy", "upstream_unavailable"}:
                found: dict[str, Any] = said.body
                return found
            await asyncio.sleep(AGAIN_S)
        return None

    async def _redeem(self, store: str, code: str, offered: dict[str, Any]) -> None:
        """Confirm an offer."""
        rid, quantity = secrets.token_hex(16), offered["max_quantity"] if self._scene.random.random() < ALL else 1
        body = {"store": store, "code": code, "offer": offered["offer"], "quantity": quantity}
        stays_s = LEAVES_S if self._scene.random.random() < LEAVES else STAYS_S
        with self._scene.underway.one(), contextlib.suppress(TimeoutError):
            async with asyncio.timeout(stays_s):
                self.told[rid] = await self._end(rid, body)
        if self.told.get(rid) == "redeemed":
            await self._scene.undos.consider(rid)

    async def _end(self, rid: str, body: dict[str, Any]) -> str:
        """Ask until there is an end, and return it."""
        while True:
            said = await self._shop.ask(GATEWAY, "POST", "/api/redemptions", body, rid)
            if said is not None and said.is_good and said.body["final"]:
                return str(said.body["verdict"])
            await asyncio.sleep(AGAIN_S)
