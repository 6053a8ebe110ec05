"""Copies of journals and books, put back later in place of what was written since; ``restore`` is said elsewhere."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from typing import TYPE_CHECKING

from headoffice.redemptions import standing
from simulator.soak.memory import books_at
from simulator.soak.suffered import BOOKS, GATEWAY, PutBack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from simulator.layout import Layout
    from simulator.postgresql import Postgresql

#: How often a copy is made of a journal whose process is dead, and how often the last one is put back.
COPIED, PUT_BACK = 0.3, 0.4
#: For how long a copy is kept at least before it is put back, drawn for each; seconds.
KEPT_S = (0.0, 0.0, 0.0, 600.0)


class Copies:
    """The last copy of each journal. One is put back once: then its next generation is one that nobody has seen."""

    def __init__(self, layout: Layout, kept: Path, chance: Callable[[], float]) -> None:
        """Keep where the journals lie, a folder for their copies, and the die: from 0 to 1."""
        self._layout = layout
        self._kept = kept
        self._chance = chance
        self._lock = threading.Lock()
        """Held while a copy is made, used or dropped: parts die side by side, and one may drop another's."""
        self._copied_at: dict[str, float] = {}
        """When each copy was made, monotonic seconds; of those that are there."""
        self._due: dict[str, float] = {}
        """Before when each is not put back."""

    def meddle(self, part: str) -> PutBack | None:
        """Copy the journal of a part that is dead, or put its copy back, or leave it as it is.

        Returns what was put back.
        """
        with self._lock:
            return self._meddle(part)

    def _meddle(self, part: str) -> PutBack | None:
        journal = self._layout.gateway_journal if part == GATEWAY else self._layout.kiosk(part).journal
        kept = self._kept / part
        if kept.is_dir():
            if not self._comes_back(part):
                return None
            for file in journal.parent.glob(f"{journal.name}*"):
                file.unlink()
            shutil.copytree(kept, journal.parent, dirs_exist_ok=True)
            return self._used(part)
        if self._chance() < COPIED:
            kept.mkdir(parents=True)
            for file in journal.parent.glob(f"{journal.name}*"):
                shutil.copy2(file, kept)
            self._copied(part)
        return None

    def meddle_with_books(self, server: Postgresql) -> PutBack | None:
        """Do the same with the books of the head office, whose server is dead; it is alive again in the end."""
        kept = self._kept / BOOKS
        with self._lock:
            back = None
            if kept.is_dir() and self._comes_back(BOOKS):
                server.put_back(kept)
                back = self._used(BOOKS)
            elif not kept.is_dir() and self._chance() < COPIED:
                server.copy(kept)
                self._copied(BOOKS)
        server.start()
        return back

    async def awaited(self, server: Postgresql) -> list[str]:
        """Return the gateways whose journals the restored books wait for; raise DatabaseError."""
        return await asyncio.to_thread(_awaited, server.url)

    def forget(self, part: str) -> None:
        """Drop the copy of a part, where there is one."""
        with self._lock:
            shutil.rmtree(self._kept / part, ignore_errors=True)
            self._copied_at.pop(part, None)

    def _copied(self, part: str) -> None:
        self._copied_at[part] = now = time.monotonic()
        self._due[part] = now + KEPT_S[int(self._chance() * len(KEPT_S))]

    def _comes_back(self, part: str) -> bool:
        return time.monotonic() >= self._due[part] and self._chance() < PUT_BACK

    def _used(self, part: str) -> PutBack:
        shutil.rmtree(self._kept / part)
        return PutBack(part=part, copied_at=self._copied_at.pop(part), at=time.monotonic())


def _awaited(url: str) -> list[str]:
    with books_at(url) as books:
        return [str(gateway) for gateway in books.read(standing.status)["awaited"]]
