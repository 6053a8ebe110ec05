"""Real processes, killed with -9 under load: kiosks, broker, gateway, head office and PostgreSQL; and other troubles.

Customers come to every counter, often two with one voucher. In the end all is calm, and the books of all parties are
held against each other and against every green that was shown.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from random import Random
from typing import TYPE_CHECKING, Any

from headoffice.errors import DatabaseError
from simulator.layout import Layout
from simulator.ports import Ports
from simulator.postgresql import newest_programs, running_postgresql
from simulator.soak.cards import Cards
from simulator.soak.clock import WallClock
from simulator.soak.disk import small_disks
from simulator.soak.judging import Acceptance, Evidence, Survived, judge, open_in
from simulator.soak.leases import Leases
from simulator.soak.shop import new_code, running_shop
from simulator.soak.suffered import GATEWAY
from simulator.soak.troubles import Troubles, Victims

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from simulator.soak.suffered import Suffered

KIOSKS = 3
#: How long a customer waits for a screen, and everything for its end once all is calm, seconds.
PATIENCE_S, ENDS_S = 14.0, 150.0
RIVALS = 0.35
#: So many vouchers are issued, cards of a platform sold, and signed vouchers leased to a store at a time.
BATCH, CARDS, LEASED = 30, 25, 25


class Soak:
    """One rehearsal that is not left in peace until it was killed often enough."""

    def __init__(self, victims: Victims, kills: int, seed: int, told: Callable[[Suffered], None]) -> None:
        """Keep what is killed, and how often; ``told`` is called after each kill."""
        self._shop = victims.shop
        self._random = Random(seed)  # noqa: S311 - who comes with what, not a secret
        self._kiosks = [f"till-{number}" for number in range(1, KIOSKS + 1)]
        self._troubles = Troubles(victims, self._kiosks, kills, seed, told)
        self._cards = Cards(victims.shop, seed)
        self._leases = Leases(victims.shop, Layout(victims.data).headoffice / "headoffice.toml")
        self._put_back = 0
        self._states: dict[str, dict[str, Any]] = {}
        self._changed = asyncio.Condition()
        self._stock: list[str] = []
        self._shown: list[str] = []
        self._codes: dict[str, int] = {}
        self._greens: dict[str, str] = {}
        self._accepted: dict[str, Acceptance] = {}
        self.survived = Survived(self._troubles.suffered)

    async def run(self) -> Survived:
        """Kill until it is enough, then wait for every end and look at the books."""
        await self._leases.begin()
        watching = [asyncio.create_task(self._watch(kiosk)) for kiosk in self._kiosks]
        serving = [asyncio.create_task(self._serve(kiosk)) for kiosk in self._kiosks]
        serving += [asyncio.create_task(self._issue()), asyncio.create_task(self._cards.trouble())]
        try:
            await self._troubles.run()
        finally:
            for task in serving:
                task.cancel()
            await asyncio.gather(*serving, return_exceptions=True)
        await self._calm()
        await self._judge()
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        return self.survived

    # --- people -----------------------------------------------------------------------------------------------------

    async def _watch(self, kiosk: str) -> None:
        """Note everything that a kiosk shows: each green most of all."""
        async for state in self._shop.states(kiosk):
            if state.get("light", {}).get("colour") == "green" and state.get("rid"):
                self._greens[state["rid"]] = kiosk
            if state.get("verdict") == "accepted_offline" and state.get("rid"):
                self._accepted.setdefault(state["rid"], Acceptance(kiosk, time.monotonic()))
            async with self._changed:
                self._states[kiosk] = state
                self._changed.notify_all()

    async def _serve(self, kiosk: str) -> None:
        """Let one customer after the other come to a kiosk."""
        while True:
            code = self._voucher()
            if code is None:
                await asyncio.sleep(0.3)
                continue
            await self._shop.hold(kiosk, code)
            await self._cards.shown(code)
            if await self._until(kiosk, lambda state: state["verdict"] not in {None, "looking"}) == "redeemable":
                await self._shop.press(kiosk, "ok")
                await self._until(kiosk, lambda state: state["verdict"] not in {"redeemable", "pending"})
            await self._shop.clear(kiosk)
            await self._rest(kiosk)

    async def _rest(self, kiosk: str) -> None:
        """Acknowledge what is shown, or give up what does not end."""
        for _ in range(4):
            screen = self._states.get(kiosk, {}).get("screen")
            if screen in {"idle", "off"}:
                return
            await self._shop.press(kiosk, "cancel" if screen == "pending" else "ok")
            await asyncio.sleep(0.1)

    async def _issue(self) -> None:
        """Keep vouchers in stock. Books that are put back would have forgotten them: their copy goes."""
        while True:
            await self._give_up_leases()
            if len(self._stock) < BATCH:
                batch = [code for _ in range(BATCH) if (code := await self._issued()) is not None]
                signed = await self._leases.issue(LEASED)
                self._codes.update(dict.fromkeys(signed, 1))
                batch += signed
                self._troubles.forget_books()
                batch += [code for _ in range(CARDS) if (code := await self._cards.sell()) is not None]
                self._random.shuffle(batch)
                self._stock += batch
            await asyncio.sleep(0.3)

    async def _give_up_leases(self) -> bool:
        """Declare the leases lost that the gateway held before its journal was put back; whether none is left."""
        put_back = self.survived.suffered.times_put_back(GATEWAY)
        if put_back > self._put_back:
            self._put_back = put_back
            self._leases.put_back()
        return await self._leases.declare_lost()

    async def _issued(self) -> str | None:
        code, uses = new_code(), self._random.choice((1, 1, 2))
        kind = "multi_use" if uses > 1 else "coupon"
        order = {"code": code, "title": "soak", "kind": kind, "uses": uses}
        if await self._shop.call("POST", "/api/vouchers", order) is None:
            return None
        self._codes[code] = uses
        return code

    def _voucher(self) -> str | None:
        """Return a code: mostly of a new voucher, else of one that somebody else is at; None where none is left."""
        if self._shown and self._random.random() < RIVALS:
            return self._random.choice(self._shown[-4:])
        if not self._stock:
            return None
        self._shown.append(self._stock.pop())
        return self._shown[-1]

    async def _until(self, kiosk: str, true: Callable[[dict[str, Any]], bool]) -> str | None:
        """Return the verdict that a kiosk comes to show, or shows when the customer goes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S), self._changed:
                await self._changed.wait_for(lambda: kiosk in self._states and true(self._states[kiosk]))
        return self._states.get(kiosk, {}).get("verdict")

    # --- the end ----------------------------------------------------------------------------------------------------

    async def _calm(self) -> None:
        """Mend everything, and wait until every rid that any book knows has ended."""
        await self._troubles.end()
        await self._cards.calm()
        for kiosk in self._kiosks:
            await self._shop.clear(kiosk)
        end = time.monotonic() + ENDS_S
        while time.monotonic() < end:
            self.survived.unresolved = await self._open()
            if not await self._give_up_leases():
                self.survived.unresolved.append("leases that nobody holds are not declared lost yet")
            if not self.survived.unresolved:
                return
            await self._troubles.start_all()
            await asyncio.sleep(0.5)

    async def _open(self) -> list[str]:
        try:
            missing = [f"restored books wait for {gateway}" for gateway in await self._troubles.awaited()]
        except DatabaseError as error:
            return [f"the database does not answer: {error}"]
        books = await self._shop.call("GET", "/api/books")
        unfinished = await self._shop.office("GET", "/api/v1/redemptions/open")
        if books is None or unfinished is None:
            return [*missing, "the books cannot be read"]
        return missing + open_in(books, unfinished)

    async def _judge(self) -> None:
        books = await self._shop.call("GET", "/api/books")
        consumed, conflicts = await self._cards.consumed(), await self._leases.conflicts()
        if books is None or consumed is None or conflicts is None:
            self.survived.violations.append("the books cannot be read")
            return
        self.survived.platform_troubles = self._cards.troubles
        evidence = Evidence(
            uses=self._codes,
            greens=self._greens,
            accepted=self._accepted,
            consumed=consumed,
            conflicts={row["rid"]: row["cause"] for row in conflicts},
        )
        judge(self.survived, books, evidence)


async def kill_often(data: Path, kills: int, seed: int, told: Callable[[Suffered], None]) -> Survived:
    """Run a rehearsal in a folder and trouble it until so many kills.

    Raises ShopError where it does not begin, ClockMissingError, PostgresqlMissingError.
    """
    clock, layout = WallClock(data.with_name("clock")), Layout(data)
    with (
        contextlib.closing(Ports()) as ports,
        running_postgresql(newest_programs(), ports.choose(), durable=True) as database,
        small_disks(layout.gateway, layout.kiosks) as disks,
    ):
        async with running_shop(data, KIOSKS, database.url, clock.environment) as shop:
            return await Soak(Victims(shop, database, data, disks, clock), kills, seed, told).run()
