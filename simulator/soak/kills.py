"""Real processes, killed with -9 under load: kiosks, broker, gateway, head office and PostgreSQL; and other troubles.

Customers come to every counter and till, often two with one voucher. In the end all is calm, and the books of all
parties are held against each other, against every green that was shown and against what a till was told.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from headoffice.errors import DatabaseError
from simulator.layout import STORES, Layout, kiosk_identities
from simulator.ports import Ports
from simulator.postgresql import newest_programs, running_postgresql
from simulator.soak.cards import Cards
from simulator.soak.clock import WallClock
from simulator.soak.customers import Customers
from simulator.soak.disk import small_disks
from simulator.soak.judging import Evidence, Survived, judge, open_in
from simulator.soak.leases import Leases
from simulator.soak.scene import Scene
from simulator.soak.shop import running_shop
from simulator.soak.stock import Stock
from simulator.soak.suffered import GATEWAY
from simulator.soak.tills import Tills
from simulator.soak.troubles import Troubles, Victims
from simulator.soak.underway import Underway
from simulator.soak.undos import Undos
from simulator.soak.witness import Witness
from simulator.together import beside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from simulator.soak.suffered import Suffered

#: How many kiosks there are, and how many tills in each store.
KIOSKS, TILLS = 3, 2
#: How long a shop has until it has served somebody, and everything for its end once all is calm; seconds.
OPENS_S, ENDS_S = 120.0, 150.0
A_DAY = timedelta(days=1)


class Soak:
    """One rehearsal that is not left in peace until it was killed often enough."""

    def __init__(self, victims: Victims, seed: int, told: Callable[[Suffered], None]) -> None:
        """Keep what is killed; ``told`` is called after each kill."""
        self._shop = shop = victims.shop
        random = Random(seed)  # noqa: S311 - who comes with what, not a secret
        self._kiosks = kiosk_identities(KIOSKS)
        underway = Underway()
        self._troubles = Troubles(victims, self._kiosks, underway, seed, told)
        self._cards = Cards(shop, seed)
        self._leases = Leases(shop, Layout(victims.data).headoffice / "headoffice.toml")
        self._stock = Stock(shop, self._cards, self._leases, random, self._troubles.forget_books)
        self._witness = Witness(shop)
        self._undos = Undos(shop, underway, random)
        scene = Scene(shop=shop, stock=self._stock, undos=self._undos, underway=underway, random=random)
        self._customers, self._tills = Customers(scene, self._witness), Tills(scene)
        self._restored = 0
        self.survived = Survived(self._troubles.suffered)

    async def run(self, kills: int) -> Survived:
        """Kill until it is enough, then wait for every end and look at the books; raise ShopError, EndedError."""
        await self._leases.begin()
        await self._stock.begin()
        watching = {f"the view of {kiosk}": self._witness.watch(kiosk) for kiosk in self._kiosks}
        await beside(self._all(kills), watching)
        return self.survived

    async def _all(self, kills: int) -> None:
        coming = {f"who comes to {kiosk}": self._customers.come(kiosk) for kiosk in self._kiosks}
        for store in STORES:
            coming |= {f"till {number} of {store.id}": self._tills.come(store.id) for number in range(TILLS)}
        coming |= {"the issuing": self._stock.fill(), "the platform's troubles": self._cards.trouble()}
        coming |= {"the declaring of leases": self._declare()}
        await beside(self._trouble(kills), coming)
        await self._calm()
        await self._judge()

    async def _trouble(self, kills: int) -> None:
        """Begin with a shop that serves: a kill that meets nobody proves little."""
        await self._witness.first_green(OPENS_S)
        await self._troubles.run(kills)

    async def _declare(self) -> None:
        while True:
            await self._give_up_leases()
            await asyncio.sleep(0.3)

    async def _give_up_leases(self) -> bool:
        """Declare the leases lost that the gateway held before its journal was put back; whether none is left."""
        restored = self.survived.suffered.restored[GATEWAY]
        if restored > self._restored:
            self._restored = restored
            self._leases.put_back()
        return await self._leases.declare_lost()

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

    async def _compare(self) -> bool:
        """Let the gateway take over what the head office has undone, as it does each hour by itself; whether it could.

        The days are those that the wall clock has shown, in the time of the stores.
        """
        for store in STORES:
            today = datetime.now(ZoneInfo(store.timezone)).date()
            for day in (today - A_DAY, today, today + A_DAY):
                said = await self._shop.ask(GATEWAY, "POST", f"/api/days/{store.id}/{day}/compare", {})
                if said is None or not said.is_good:
                    return False
        return True

    async def _judge(self) -> None:
        compared = await self._compare()
        books = await self._shop.call("GET", "/api/books")
        consumed, conflicts = await self._cards.consumed(), await self._leases.conflicts()
        if books is None or consumed is None or conflicts is None or not compared:
            self.survived.violations.append("the books cannot be read")
            return
        self.survived.platform_troubles = self._cards.troubles
        evidence = Evidence(
            uses=self._stock.uses,
            greens=self._witness.greens,
            told=self._tills.told,
            undone=self._undos.told,
            accepted=self._witness.accepted,
            consumed=consumed,
            conflicts={row["rid"]: row["cause"] for row in conflicts},
        )
        judge(self.survived, books, evidence)


async def kill_often(data: Path, kills: int, seed: int, told: Callable[[Suffered], None]) -> Survived:
    """Run a rehearsal in a folder and trouble it until so many kills.

    Raises ShopError where it does not begin, or nothing of it lives; EndedError where a part of the soak itself ends;
    ClockMissingError, PostgresqlMissingError.
    """
    clock, layout = WallClock(data.with_name("clock")), Layout(data)
    with (
        contextlib.closing(Ports()) as ports,
        running_postgresql(newest_programs(), ports.choose(), durable=True) as database,
        small_disks(layout.gateway, layout.kiosks) as disks,
    ):
        async with running_shop(data, KIOSKS, database.url, clock.environment) as shop:
            return await Soak(Victims(shop, database, data, disks, clock), seed, told).run(kills)
