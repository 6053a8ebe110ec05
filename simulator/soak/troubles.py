"""What is done to a rehearsal: kills, broken cables, full disks, a clock that is set, and old copies put back."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from simulator.layout import Layout
from simulator.soak.copies import Copies
from simulator.soak.killing import PARTS, Killing
from simulator.soak.suffered import BOOKS, Suffered
from simulator.together import beside, together

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from simulator.postgresql import Postgresql
    from simulator.soak.clock import WallClock
    from simulator.soak.disk import SmallDisk
    from simulator.soak.shop import Shop
    from simulator.soak.underway import Underway

OFFICE_LINK = "gateway-headoffice"
LINKS = ("kiosk-broker", "gateway-broker", OFFICE_LINK, "headoffice-platform", "headoffice-database")
#: How long a cable is whole, and how long there is room on every disk; seconds.
WHOLE_S, ROOM_S = (0.5, 8.0), (4.0, 15.0)
#: How long a cable is out, a disk full; seconds.
CABLE_S, FULL_S = (0.2, 4.0), (0.3, 3.0)
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
        self,
        victims: Victims,
        kiosks: Sequence[str],
        underway: Underway,
        seed: int,
        told: Callable[[Suffered], None],
    ) -> None:
        """Keep whom to trouble; ``told`` is called after each kill."""
        self._shop = victims.shop
        self._victims = victims
        self._kiosks = kiosks
        self._random = Random(seed)  # noqa: S311 - what happens when, not a secret
        self._copies = Copies(Layout(victims.data), victims.data.parent / "copies", self._random.random)
        self.suffered = Suffered(disks=len(victims.disks))
        self._killing = Killing(
            victims=victims,
            kiosks=kiosks,
            copies=self._copies,
            underway=underway,
            suffered=self.suffered,
            random=self._random,
            told=told,
        )

    async def run(self, kills: int) -> None:
        """Trouble everybody; what goes on beside the kills ends with them. Raises ShopError."""
        endless = {"the breaking of cables": self._break_cables(), "the setting of the clock": self._set_clock()}
        if self._victims.disks:
            endless["the filling of disks"] = self._fill_disks()
        killing = together((self._killing.kill_parts(kills), self._killing.kill_kiosks(kills)))
        await beside(killing, endless)

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
        """Return the gateways whose journals the restored books wait for; raise DatabaseError."""
        return await self._copies.awaited(self._victims.database)

    async def _break_cables(self) -> None:
        while True:
            link, how = self._random.choice(LINKS), self._random.choice(("cut", "stall", "drop"))
            await asyncio.sleep(self._random.uniform(*WHOLE_S))
            await self._shop.call("POST", f"/api/links/{link}/{how}")
            self.suffered.cables[f"{link} {how}"] += 1
            alone = link == OFFICE_LINK and self._random.random() < ALONE
            await asyncio.sleep(self._random.uniform(*(ALONE_S if alone else CABLE_S)))
            await self._shop.call("POST", f"/api/links/{link}/restore")

    async def _fill_disks(self) -> None:
        """Fill one disk after the other; the first at once, so that no run is too short for it."""
        while True:
            disk = self._random.choice(self._victims.disks)
            async with self._killing.files:
                await asyncio.to_thread(disk.fill)
                self.suffered.disks_filled += 1
                with contextlib.ExitStack() as full:
                    full.callback(disk.empty)
                    await asyncio.sleep(self._random.uniform(*FULL_S))
            await self.start_all()
            await asyncio.sleep(self._random.uniform(*ROOM_S))

    async def _set_clock(self) -> None:
        while True:
            self._victims.clock.set(self._random.randint(*WRONG_S))
            self.suffered.clock_set += 1
            await asyncio.sleep(self._random.uniform(*SET_S))
