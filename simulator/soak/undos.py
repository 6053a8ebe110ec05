"""Redemptions that are undone: on the store's console, or by the head office itself."""

from __future__ import annotations

import asyncio
import contextlib
import http
import secrets
from typing import TYPE_CHECKING

from simulator.soak.suffered import GATEWAY

if TYPE_CHECKING:
    from random import Random

    from simulator.soak.shop import Said, Shop
    from simulator.soak.underway import Underway

HEAD_OFFICE = "headoffice"
#: How often somebody who was told of a redemption has it undone. No platform's card can be: that is one answer more.
UNDONE = 0.4
#: How long an undo is asked for, and after how long again, seconds.
STAYS_S, AGAIN_S = 15.0, 0.4
#: Who is answered with this asks again.
NO_END = {http.HTTPStatus.ACCEPTED, http.HTTPStatus.SERVICE_UNAVAILABLE}


class Undos:
    """The undos of one soak."""

    def __init__(self, shop: Shop, underway: Underway, random: Random) -> None:
        """Keep whom they are asked of."""
        self._shop = shop
        self._underway = underway
        self._random = random
        self.told: dict[str, str] = {}
        """The redemption that somebody was told to be undone, by the undo's own rid."""

    async def consider(self, rid: str) -> None:
        """Undo what was redeemed under a rid, now and then."""
        if self._random.random() >= UNDONE:
            return
        party, undo = self._random.choice((GATEWAY, HEAD_OFFICE)), secrets.token_hex(16)
        path = f"/api/redemptions/{rid}/undo" if party == GATEWAY else f"/api/v1/redemptions/{rid}/undo"
        with self._underway.one(), contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STAYS_S):
                said = await self._end(party, path, undo)
                if said.is_good and said.body["verdict"] == "undone":
                    self.told[undo] = rid

    async def _end(self, party: str, path: str, undo: str) -> Said:
        """Ask until there is an answer that is an end, and return it."""
        while True:
            said = await self._shop.ask(party, "POST", path, {"reason": "soak"}, undo)
            if said is not None and said.status not in NO_END:
                return said
            await asyncio.sleep(AGAIN_S)
