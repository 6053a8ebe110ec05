"""Customers at the counters of kiosks: one after the other at each, patient, some with two uses, some who regret it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.soak.scene import Scene
    from simulator.soak.witness import Witness

#: How long a customer waits for a screen, seconds; how often a code is held up again where it could not be judged, and
#: how long after it was taken away: the camera takes no code again sooner.
PATIENCE_S, TRIES, AGAIN_S = 14.0, 4, 1.2
#: How many presses bring a kiosk to rest, and how long each has for it; seconds.
PRESSES, SETTLES_S = 8, 1.0
AT_REST = {None, "idle", "off", "starting", "out_of_service"}
#: How often a customer wants two uses, where the voucher has them.
BOTH = 0.4
#: What is no word on the voucher: another try can end better.
NO_WORD = {None, "looking", "busy", "upstream_unavailable", "offline_refused", "fault"}


class Customers:
    """Those who hold a phone before a kiosk."""

    def __init__(self, scene: Scene, witness: Witness) -> None:
        """Keep where they come to, and who sees what they are shown."""
        self._scene = scene
        self._shop = scene.shop
        self._witness = witness

    async def come(self, kiosk: str) -> None:
        """Let one after the other come, until cancelled."""
        while True:
            code = await self._scene.stock.take()
            for _ in range(TRIES):
                if await self._try(kiosk, code) not in NO_WORD:
                    break
                await asyncio.sleep(AGAIN_S)

    async def _try(self, kiosk: str, code: str) -> str | None:
        """Hold a code up and confirm what is offered; return the last verdict that was seen of it."""
        before = await self._rest(kiosk)
        if not await self._shop.hold(kiosk, code):
            return None
        seen = await self._witness.until(kiosk, lambda state: _is_answer(state, before), PATIENCE_S)
        if seen["verdict"] == "redeemable":
            with self._scene.underway.one():
                if self._scene.random.random() < BOTH:
                    await self._shop.press(kiosk, "up")
                await self._shop.press(kiosk, "ok")
                unsaid = {"redeemable", "pending"}
                seen = await self._witness.until(kiosk, lambda state: state["verdict"] not in unsaid, PATIENCE_S)
        await self._shop.clear(kiosk)
        if seen["verdict"] == "redeemed" and seen["rid"] is not None:
            await self._scene.undos.consider(seen["rid"])
        return str(seen["verdict"]) if seen["verdict"] else None

    async def _rest(self, kiosk: str) -> int:
        """Acknowledge what is shown, or give up what does not end; return the number of the view that is left.

        What the last customer was told must not be taken for what the next one is.
        """
        for _ in range(PRESSES):
            seen = self._witness.sees(kiosk)
            if seen["screen"] in AT_REST:
                break
            await self._shop.press(kiosk, "cancel" if seen["screen"] == "pending" else "ok")
            await self._witness.until(kiosk, lambda state, seen=seen: state != seen, SETTLES_S)  # type: ignore[misc]
        return int(self._witness.sees(kiosk).get("seq", -1))


def _is_answer(state: dict[str, Any], before: int) -> bool:
    """Whether a view is what a code was found to be worth, and not one from before."""
    return state.get("seq", -1) > before and state["verdict"] not in {None, "looking"}
