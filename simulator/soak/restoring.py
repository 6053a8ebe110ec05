"""``restore``, as documented, for what was put back: said before the start, or once the party has found out by itself.

Who finds out says so: a kiosk on its screen, a gateway in its status, the head office in that of its books.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from headoffice.redemptions import standing
from simulator.configurations import write
from simulator.layout import Layout
from simulator.soak.memory import Memory, books_at, memory_of
from simulator.soak.suffered import BOOKS, GATEWAY
from simulator.soak.verbs import hexiao

if TYPE_CHECKING:
    from simulator.soak.suffered import Suffered
    from simulator.soak.troubles import Victims

#: How long a party has to find out that another one remembers more of it than it does: longer than a cable is out and a
#: part needs for its start on a slow machine. How often it is asked. Seconds.
FINDS_OUT_S, ASKED_S = 120.0, 0.3


class Restoring:
    """Brings parties that were put back to their older copies into service again."""

    def __init__(self, victims: Victims, suffered: Suffered, files: asyncio.Lock) -> None:
        """Keep the victims; ``files`` is held while something is written where disks are filled."""
        self._shop = victims.shop
        self._database = victims.database
        self._layout = Layout(victims.data)
        self._suffered = suffered
        self._files = files

    async def say(self, part: str) -> None:
        """Say ``restore``; where its journal is on a small disk, the caller holds ``files``."""
        if part == BOOKS:
            # A technician sits at the database: the cable between it and the head office may be out.
            here = write(self._layout.headoffice / "at-the-database.toml", f'database_url = "{self._database.url}"\n')
            office = str(self._layout.headoffice / "headoffice.toml")
            await hexiao("headoffice", "restore", "-c", office, "-c", str(here), "--yes")
        elif part == GATEWAY:
            await hexiao("gateway", "restore", "-c", str(self._layout.gateway / "gateway.toml"), "--yes")
        else:
            await hexiao("device", "restore", "-c", str(self._layout.kiosk(part).configuration), "--yes")
        self._suffered.restored[part] += 1

    async def find_out(self, part: str) -> None:
        """Wait until a party that was started on an older copy says so by itself, then say ``restore``.

        It cannot find out once it has written as much as the others remember, or they have forgotten it: then
        ``restore`` is said all the same, late, on the word of the person who put the copy back.
        """
        end = time.monotonic() + FINDS_OUT_S
        while not await self._says_so(part):
            memory = await self._memory(part)
            if not memory.is_behind:
                self._suffered.unknowable += 1
                await self._restore(part)
                return
            if time.monotonic() > end:
                self._suffered.never_found_out.append(
                    f"{part} stands at {memory.own}, is remembered at {memory.remembered}, and does not say so"
                )
                return
            await asyncio.sleep(ASKED_S)
        self._suffered.found_out += 1
        await self._restore(part)

    async def _restore(self, part: str) -> None:
        if part == BOOKS:
            await self.say(part)
            return
        here = f"/api/parts/{part}" if part == GATEWAY else f"/api/kiosks/{part}/power"
        end, begin = ("kill", "start") if part == GATEWAY else ("cut", "restore")
        async with self._files:
            await self._shop.call("POST", f"{here}/{end}")
            await self.say(part)
        await self._shop.call("POST", f"{here}/{begin}")

    async def _says_so(self, part: str) -> bool:
        if part == BOOKS:
            return await asyncio.to_thread(self._stopped)
        if part == GATEWAY:
            said = await self._shop.ask(GATEWAY, "GET", "/api/status")
            return said is not None and said.is_good and bool(said.body["behind"])
        seen = await self._shop.call("GET", f"/api/kiosks/{part}/state")
        return seen is not None and seen["screen"] == "out_of_service" and "journal: restore" in seen["lines"]

    def _stopped(self) -> bool:
        with books_at(self._database.url) as books:
            return books.read(standing.status)["stopped"] is not None

    async def _memory(self, part: str) -> Memory:
        async with self._files:  # where a disk is full not even a dead party's journal can be opened
            return await asyncio.to_thread(memory_of, part, self._layout, self._database.url)
