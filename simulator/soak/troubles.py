"""What is done to a rehearsal: kills, broken cables, full disks, a clock that is set, and old copies put back."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from headoffice.redemptions import standing
from simulator.layout import Layout
from simulator.soak.copies import Copies, books_at
from simulator.soak.suffered import BOOKS, GATEWAY, Suffered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from simulator.postgresql import Postgresql
    from simulator.soak.clock import WallClock
    from simulator.soak.disk import SmallDisk
    from simulator.soak.shop import Shop

PARTS = ("broker", "headoffice", GATEWAY)
DATABASE = "PostgreSQL"
OFFICE_LINK = "gateway-headoffice"
LINKS = ("kiosk-broker", "gateway-broker", OFFICE_LINK)
#: How long there is calm before a kill, a broken cable and a full disk: most redemptions end within it. Seconds.
BEFORE_S, WHOLE_S, ROOM_S = (0.5, 4.5), (0.5, 8.0), (4.0, 15.0)
#: How long a part is down, a cable out, a disk full; seconds.
DOWN_S, CABLE_S, FULL_S = (0.0, 0.4), (0.2, 4.0), (0.3, 3.0)
#: How often a store that loses its head office is alone for so long that it goes on by itself, seconds.
ALONE, ALONE_S = 0.4, (8.0, 16.0)
#: How long a clock stays as it was set, and by how much it is wrong then; seconds.
SET_S, WRONG_S = (2.0, 10.0), (-600, 7200)


@dataclass(frozen=True, slots=True)
class Victims:
    """A rehearsal, the database of its head office, the folder of everything else, its small disks and its clock."""

    shop: Shop
    database: Postgresql
    data: Path
    disks: Sequence[SmallDisk]
    clock: WallClock


class Troubles:
    """All of it at once, each at random moments, until so many processes were killed."""

    def __init__(
        self, victims: Victims, kiosks: Sequence[str], kills: int, seed: int, told: Callable[[Suffered], None]
    ) -> None:
        """Keep whom to trouble; ``told`` is called after each kill."""
        self._shop = victims.shop
        self._victims = victims
        self._kiosks = kiosks
        self._wanted = kills
        self._random = Random(seed)  # noqa: S311 - what happens when, not a secret
        self._copies = Copies(Layout(victims.data), victims.data.parent / "copies", self._random.random)
        self._files = asyncio.Lock()
        """Held by whoever fills a disk, or copies what lies on it."""
        self._told = told
        self.suffered = Suffered()

    async def run(self) -> None:
        """Trouble everybody; what goes on beside the kills ends with them."""
        others = (self._break_cables, self._set_clock, *((self._fill_disks,) if self._victims.disks else ()))
        beside = [asyncio.create_task(other()) for other in others]
        try:
            await asyncio.gather(self._kill_parts(), self._kill_kiosks())
        finally:
            for task in beside:
                task.cancel()
            ends = await asyncio.gather(*beside, return_exceptions=True)
        for end in ends:
            if not isinstance(end, asyncio.CancelledError) and end is not None:
                raise end

    async def end(self) -> None:
        """Mend everything."""
        for disk in self._victims.disks:
            disk.empty()
        self._victims.clock.set(0)
        for link in LINKS:
            await self._shop.call("POST", f"/api/links/{link}/restore")
        await self.start_all()

    async def start_all(self) -> None:
        """Start whatever does not run, as systemd does with what has ended by itself."""
        for part in PARTS:
            await self._shop.call("POST", f"/api/parts/{part}/start")
        for kiosk in self._kiosks:
            await self._shop.call("POST", f"/api/kiosks/{kiosk}/power/restore")

    def forget_books(self) -> None:
        """Drop the copy of the books: something was written that no journal can bring back."""
        self._copies.forget(BOOKS)

    async def awaited(self) -> list[str]:
        """Return the gateways whose journals the restored books wait for."""
        return await asyncio.to_thread(self._awaited)

    def _awaited(self) -> list[str]:
        with books_at(self._victims.database.url) as books:
            return [str(gateway) for gateway in books.read(standing.status)["awaited"]]

    # --- kills ------------------------------------------------------------------------------------------------------

    async def _kill_parts(self) -> None:
        while not self._enough:
            part = self._random.choice((*PARTS, *PARTS, DATABASE))
            await asyncio.sleep(self._random.uniform(*BEFORE_S))
            if part == DATABASE:
                await self._kill_database()
                continue
            await self._shop.call("POST", f"/api/parts/{part}/kill")
            self._count(part)
            if part == GATEWAY:
                await self._meddle(part)
            await asyncio.sleep(self._random.uniform(*DOWN_S))
            await self._shop.call("POST", f"/api/parts/{part}/start")

    async def _kill_database(self) -> None:
        await asyncio.to_thread(self._victims.database.kill)
        self._count(DATABASE)
        await asyncio.sleep(self._random.uniform(*DOWN_S))
        back = await asyncio.to_thread(self._copies.meddle_with_books, self._victims.database)
        if back is not None:
            self.suffered.put_back.append(back)
            self._copies.forget(GATEWAY)  # what its older journal has forgotten would be known to nobody

    async def _kill_kiosks(self) -> None:
        while not self._enough:
            kiosk = self._random.choice(self._kiosks)
            await asyncio.sleep(self._random.uniform(*BEFORE_S))
            await self._shop.call("POST", f"/api/kiosks/{kiosk}/power/cut")
            self._count("kiosk")
            await self._meddle(kiosk)
            await asyncio.sleep(self._random.uniform(*DOWN_S))
            await self._shop.call("POST", f"/api/kiosks/{kiosk}/power/restore")

    async def _meddle(self, part: str) -> None:
        if self._files.locked():
            return
        async with self._files:
            if part == GATEWAY and await self.awaited():
                return
            if (back := await asyncio.to_thread(self._copies.meddle, part)) is not None:
                self.suffered.put_back.append(back)
                if part == GATEWAY:
                    self._copies.forget(BOOKS)

    @property
    def _enough(self) -> bool:
        return self.suffered.kills.total() >= self._wanted

    def _count(self, what: str) -> None:
        self.suffered.kills[what] += 1
        self._told(self.suffered)

    # --- the rest ---------------------------------------------------------------------------------------------------

    async def _break_cables(self) -> None:
        while True:
            link, how = self._random.choice(LINKS), self._random.choice(("cut", "stall"))
            await asyncio.sleep(self._random.uniform(*WHOLE_S))
            await self._shop.call("POST", f"/api/links/{link}/{how}")
            self.suffered.cables[f"{link} {how}"] += 1
            alone = link == OFFICE_LINK and self._random.random() < ALONE
            await asyncio.sleep(self._random.uniform(*(ALONE_S if alone else CABLE_S)))
            await self._shop.call("POST", f"/api/links/{link}/restore")

    async def _fill_disks(self) -> None:
        while True:
            await asyncio.sleep(self._random.uniform(*ROOM_S))
            disk = self._random.choice(self._victims.disks)
            async with self._files:
                await asyncio.to_thread(disk.fill)
                self.suffered.disks_filled += 1
                with contextlib.ExitStack() as full:
                    full.callback(disk.empty)
                    await asyncio.sleep(self._random.uniform(*FULL_S))
            await self.start_all()

    async def _set_clock(self) -> None:
        while True:
            self._victims.clock.set(self._random.randint(*WRONG_S))
            self.suffered.clock_set += 1
            await asyncio.sleep(self._random.uniform(*SET_S))
