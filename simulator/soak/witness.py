"""Everything that the screens of a soak have shown: each green, and each word that something was accepted offline."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

from simulator.soak.judging import Acceptance
from simulator.soak.shop import ShopError

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.soak.shop import Shop


class Witness:
    """Sees what the kiosks show, and keeps what was a promise."""

    def __init__(self, shop: Shop) -> None:
        """Keep the shop; nothing was seen yet."""
        self._shop = shop
        self._states: dict[str, dict[str, Any]] = {}
        self._changed = asyncio.Condition()
        self.greens: dict[str, str] = {}
        """The kiosk that showed green, by rid."""
        self.accepted: dict[str, Acceptance] = {}
        """Where a rid was shown as accepted offline, and when for the first time."""

    async def watch(self, kiosk: str) -> None:
        """Note what a kiosk shows for as long as the rehearsal tells."""
        async for state in self._shop.states(kiosk):
            if (rid := state.get("rid")) is not None:
                if state["light"]["colour"] == "green":
                    self.greens[rid] = kiosk
                if state["verdict"] == "accepted_offline":
                    self.accepted.setdefault(rid, Acceptance(kiosk, time.monotonic()))
            async with self._changed:
                self._states[kiosk] = state
                self._changed.notify_all()

    def sees(self, kiosk: str) -> dict[str, Any]:
        """Return what a kiosk shows; nothing before the first that was seen of it."""
        return self._states.get(kiosk, {"screen": None, "verdict": None, "rid": None, "lines": []})

    async def until(self, kiosk: str, true: Callable[[dict[str, Any]], bool], within_s: float) -> dict[str, Any]:
        """Return what a kiosk shows as soon as it is so, or once so many seconds have passed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s), self._changed:
                await self._changed.wait_for(lambda: true(self.sees(kiosk)))
        return self.sees(kiosk)

    async def first_green(self, within_s: float) -> None:
        """Return once any kiosk has shown green; raise ShopError where none does in so many seconds."""
        try:
            async with asyncio.timeout(within_s), self._changed:
                await self._changed.wait_for(lambda: bool(self.greens))
        except TimeoutError:
            msg = f"nobody was shown green within {within_s:.0f} s, though nothing was done to the shop yet"
            raise ShopError(msg) from None
