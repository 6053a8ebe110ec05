"""Kills: of the parts, of PostgreSQL and of the kiosks; while each is dead its journal may be copied, or put back."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

from simulator.soak.restoring import Restoring
from simulator.soak.shop import ShopError
from simulator.soak.suffered import BOOKS, GATEWAY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from simulator.soak.copies import Copies
    from simulator.soak.suffered import Suffered
    from simulator.soak.troubles import Victims
    from simulator.soak.underway import Underway

PARTS = ("broker", "headoffice", GATEWAY)
DATABASE = "PostgreSQL"
#: How long there is calm before a kill, and how long what was killed is down; seconds.
BEFORE_S, DOWN_S = (0.5, 4.5), (0.0, 0.4)
#: The calm is longer by what the last start took, up to this: else nothing would be served on a slow machine, seconds.
SLOWEST_S = 8.0
#: How many kills wait for somebody to confirm a redemption, and for how long at most, seconds.
AIMED, AIMED_S = 0.6, 8.0
#: How long they let it go on, seconds.
ON_ITS_WAY_S = (0.0, 0.15)
#: How often ``restore`` is said before what was put back is started, as documented; else it has to find out by itself.
SAID_FIRST = 0.5
#: So many attempts in a row that find nothing alive to kill end the soak: it would prove nothing.
MOST_IN_VAIN = 30


class Killing:
    """Kills, each at a random moment or while somebody waits for an end, until there are enough."""

    def __init__(  # noqa: PLR0913 - whom it kills, and whom it tells
        self,
        *,
        victims: Victims,
        kiosks: Sequence[str],
        copies: Copies,
        underway: Underway,
        suffered: Suffered,
        random: Random,
        told: Callable[[Suffered], None],
    ) -> None:
        """Keep who is killed; ``told`` is called after each kill."""
        self._shop = victims.shop
        self._database = victims.database
        self._kiosks = kiosks
        self._copies = copies
        self._underway = underway
        self._suffered = suffered
        self._random = random
        self._told = told
        self._in_vain = 0
        self.files = asyncio.Lock()
        """Held by whoever fills a disk, or copies or writes what lies on it."""
        self._restoring = Restoring(victims, suffered, self.files)

    async def kill_parts(self, wanted: int) -> None:
        """Kill one part after the other until so many processes were killed; raise ShopError where none lives."""
        took_s = 0.0
        while self._suffered.kills.total() < wanted:
            part = self._random.choice((*PARTS, *PARTS, DATABASE))
            await self._moment(took_s)
            if part == DATABASE:
                await self._kill_database()
                continue
            await self._kill(part, f"/api/parts/{part}/kill")
            quietly = part == GATEWAY and await self._meddle(part)
            took_s = await self._start(f"/api/parts/{part}/start")
            if quietly:
                await self._restoring.find_out(part)

    async def kill_kiosks(self, wanted: int) -> None:
        """Do the same to kiosks."""
        took_s = 0.0
        while self._suffered.kills.total() < wanted:
            kiosk = self._random.choice(self._kiosks)
            await self._moment(took_s)
            await self._kill("kiosk", f"/api/kiosks/{kiosk}/power/cut")
            quietly = await self._meddle(kiosk)
            took_s = await self._start(f"/api/kiosks/{kiosk}/power/restore")
            if quietly:
                await self._restoring.find_out(kiosk)

    async def _start(self, path: str) -> float:
        """Start what was killed, after a while; return how long it took until it was ready, or was none."""
        await asyncio.sleep(self._random.uniform(*DOWN_S))
        begun = time.monotonic()
        await self._shop.call("POST", path)
        return time.monotonic() - begun

    async def _moment(self, took_s: float) -> None:
        await asyncio.sleep(self._random.uniform(*BEFORE_S) + min(took_s, SLOWEST_S))
        if self._random.random() < AIMED:
            await self._underway.some(AIMED_S)
            await asyncio.sleep(self._random.uniform(*ON_ITS_WAY_S))

    async def _kill(self, what: str, path: str) -> None:
        met = len(self._underway) > 0
        said = await self._shop.call("POST", path)
        self._count(what, None if said is None else said["killed"], met=met)

    async def _kill_database(self) -> None:
        met = len(self._underway) > 0
        self._count(DATABASE, await asyncio.to_thread(self._database.kill), met=met)
        await asyncio.sleep(self._random.uniform(*DOWN_S))
        back = await asyncio.to_thread(self._copies.meddle_with_books, self._database)
        if back is None:
            return
        self._suffered.put_back.append(back)
        self._copies.forget(GATEWAY)  # what its older journal has forgotten would be known to nobody
        if self._random.random() < SAID_FIRST:
            await self._restoring.say(BOOKS)
        else:
            await self._restoring.find_out(BOOKS)

    async def _meddle(self, part: str) -> bool:
        """Copy the journal of a part that is dead, or put its copy back; whether it is to find out that by itself."""
        if self.files.locked():
            return False
        async with self.files:
            if part == GATEWAY and await self._copies.awaited(self._database):
                return False
            if (back := await asyncio.to_thread(self._copies.meddle, part)) is None:
                return False
            self._suffered.put_back.append(back)
            if part == GATEWAY:
                self._copies.forget(BOOKS)
            if self._random.random() < SAID_FIRST:
                await self._restoring.say(part)
                return False
            return True

    def _count(self, what: str, killed: int | None, *, met: bool) -> None:
        """Count a kill of a process that was alive and is gone."""
        if killed is None or _is_alive(killed):
            self._in_vain += 1
            if self._in_vain >= MOST_IN_VAIN:
                msg = f"{MOST_IN_VAIN} times in a row nothing was alive that could be killed, {what} the last time"
                raise ShopError(msg)
            return
        self._in_vain = 0
        self._suffered.kills[what] += 1
        self._suffered.met += met
        self._told(self._suffered)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
