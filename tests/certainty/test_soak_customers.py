"""A soak's customers at a kiosk: each goes by what is said of the own code, not by what the one before was told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from simulator.soak.customers import Customers
from simulator.soak.scene import Scene
from simulator.soak.underway import Underway
from simulator.soak.undos import Undos
from simulator.soak.witness import Witness

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from random import Random

    from simulator.soak.shop import Shop
    from simulator.soak.stock import Stock

KIOSK = "till-1"
CODES = ["FIRST", "SECOND"]
#: How long a result stands after a press, and how long both customers have at most: less than one waits for a screen.
ACKNOWLEDGED_S, WITHIN_S = 0.8, 10.0


class Content:
    """A die by which nobody wants two uses or regrets anything."""

    def random(self) -> float:
        return 1.0


class Kiosk:
    """A kiosk that takes its time: a result stands until it is acknowledged, and a code is judged a moment later."""

    def __init__(self, *, full_disk_at: str = "") -> None:
        self._full_disk_at = full_disk_at
        self._views: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._seq = 0
        self._held: str | None = None
        self.redeemed: list[str] = []
        self.done = asyncio.Event()
        self.show("idle", None)

    def show(self, screen: str, verdict: str | None, rid: str | None = None) -> None:
        self._seq += 1
        light = {"colour": "green" if verdict == "redeemed" else "off"}
        self._screen = screen
        self._views.put_nowait({"seq": self._seq, "screen": screen, "verdict": verdict, "rid": rid, "light": light})

    async def states(self, _kiosk: str) -> AsyncIterator[dict[str, Any]]:
        while True:
            yield await self._views.get()

    async def hold(self, _kiosk: str, code: str) -> bool:
        if code == self._full_disk_at:
            self._full_disk_at = ""
            return False
        if self._screen == "idle":
            self._judge(code)
        self._held = code
        return True

    def _judge(self, code: str) -> None:
        self.show("looking", "looking")
        asyncio.get_running_loop().call_later(0.02, self.show, "offer", "redeemable")
        self._held = code

    async def clear(self, _kiosk: str) -> None:
        self._held = None

    async def press(self, _kiosk: str, button: str) -> None:
        if button == "ok" and self._screen == "offer" and self._held is not None:
            self.redeemed.append(self._held)
            self.show("result", "redeemed", self._held)
            if len(self.redeemed) == len(CODES):
                self.done.set()
        elif button == "ok" and self._screen == "result":
            self._screen = "acknowledged"
            asyncio.get_running_loop().call_later(ACKNOWLEDGED_S, self.show, "idle", None)


class Codes:
    """Two codes, and then nobody comes any more."""

    def __init__(self) -> None:
        self._left = [*CODES]

    async def take(self) -> str:
        if not self._left:
            await asyncio.Event().wait()
        return self._left.pop(0)


def served(kiosk: Kiosk) -> list[str]:
    """Let both customers come, and return which codes were redeemed."""

    async def story() -> None:
        shop, underway, random = cast("Shop", kiosk), Underway(), cast("Random", Content())
        undos = Undos(shop, underway, random)
        stock = cast("Stock", Codes())
        scene = Scene(shop=shop, stock=stock, undos=undos, underway=underway, random=random)
        witness = Witness(shop)
        tasks = [asyncio.create_task(witness.watch(KIOSK)), asyncio.create_task(Customers(scene, witness).come(KIOSK))]
        async with asyncio.timeout(WITHIN_S):
            await kiosk.done.wait()
        for task in tasks:
            task.cancel()

    asyncio.run(story())
    return kiosk.redeemed


def test_a_customer_is_not_content_with_what_the_one_before_was_told() -> None:
    assert served(Kiosk()) == CODES


def test_a_code_that_could_not_be_held_up_is_held_up_again() -> None:
    assert served(Kiosk(full_disk_at="FIRST")) == CODES
