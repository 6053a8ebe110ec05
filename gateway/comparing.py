"""A gateway's journal held against the head office's books and its kiosks', a store's day at a time.

What was undone there is taken over here: it is the owner's word. Everything else is for people to look at, and the
head office is told of it, too.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from protocol.comparing import AskRecorded, Differing, Recorded, Recordings, TellDiffering, What, compare, compare_kiosk

if TYPE_CHECKING:
    from datetime import date

    from gateway.books import Books
    from gateway.journal import Journal
    from gateway.kioskbooks import KioskBooks
    from gateway.places import Store
    from gateway.ports import Owner
    from gateway.registry import Registry
    from gateway.relays import Relays
    from gateway.usage import Usage

log = logging.getLogger(__name__)

#: Today and yesterday are compared so often by themselves.
EVERY_S = 3600.0
#: Rids that one question names, and differences that the head office is told of at once: some 130 bytes each.
AT_ONCE = 100


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """A store's day, compared."""

    compared: int
    """Rids that were looked at."""
    differing: tuple[Differing, ...]
    silent: tuple[str, ...] = ()
    """Kiosks whose journals were not compared, because they did not answer."""


class Comparing:
    """Compares days with the head office."""

    def __init__(  # noqa: PLR0913 - the parts that it holds against each other
        self,
        *,
        registry: Registry,
        journal: Journal,
        books: Books,
        owner: Owner,
        relays: Relays,
        kiosks: KioskBooks,
    ) -> None:
        """Keep the parts."""
        self._registry = registry
        self._journal = journal
        self._books = books
        self._owner = owner
        self._relays = relays
        self._kiosks = kiosks

    async def run(self) -> None:
        """Compare today and yesterday of every store, again and again."""
        while True:
            await asyncio.sleep(EVERY_S)
            for store in self._registry.stores:
                today = store.day_of(time.time())
                for day in (today - timedelta(days=1), today):
                    await self.compare(store, day)

    async def run_contradicted(self) -> None:
        """Compare the day of each rid that turns out to have two ends, so that people find it listed at once."""
        listed: set[str] = set()
        while True:
            rid = await self._relays.contradicted.get()
            usage = self._journal.usage(rid)
            store = None if usage is None else self._registry.store(usage.store)
            if usage is None or store is None or rid in listed:
                continue
            if await self.compare(store, store.day_of(usage.at)) is not None:
                listed.add(rid)

    async def compare(self, store: Store, day: date) -> Compared | None:
        """Compare a day; None where the head office does not answer, and then nothing is known.

        A request that has no end here yet is no difference: its end is being asked for.
        """
        await self._journal.flush()
        rows = await asyncio.to_thread(self._ended, store, day)
        mine = {rid: _recorded(rid, usage) for rid, usage in rows.items()}
        theirs = await self._told(store, day)
        if theirs is None or not await self._ask_for(store, day, [rid for rid in mine if rid not in theirs], theirs):
            return None
        rids = sorted(mine.keys() | theirs.keys())
        open_here = {usage.rid for usage in self._journal.unfinished()[0]}
        pairs = ((mine.get(rid) or self._known(rid), theirs.get(rid)) for rid in rids if rid not in open_here)
        differing = tuple(found for here, there in pairs if (found := compare(here, there)) is not None)
        for found in differing:
            there = theirs.get(found.rid)
            if found.what is What.UNDONE_AT_HEADOFFICE and there is not None and there.undone_by is not None:
                self._relays.mark_undone(found.rid, by=there.undone_by)
        at_kiosks, silent = await self._compare_kiosks(store, day, rows)
        differing += at_kiosks
        log.info("day_compared store=%s day=%s rids=%s differing=%s", store.id, day, len(rids), len(differing))
        told = TellDiffering(
            store=store.id, day=day, compared=len(rids), count=len(differing), differing=differing[:AT_ONCE]
        )
        await self._owner.ask(told)
        return Compared(compared=len(rids), differing=differing, silent=silent)

    async def _compare_kiosks(
        self, store: Store, day: date, rows: dict[str, Usage]
    ) -> tuple[tuple[Differing, ...], tuple[str, ...]]:
        """Compare a day with the journals of the store's kiosks; return what differs, and who did not answer."""
        begin, _ = store.bounds(day)
        kiosks = [kiosk.id for kiosk in self._registry.kiosks if kiosk.store == store.id]
        since = datetime.fromtimestamp(begin, store.zone)
        told = await asyncio.gather(*(self._kiosks.since(kiosk, since) for kiosk in kiosks))
        differing: list[Differing] = []
        for kiosk, book in zip(kiosks, told, strict=True):
            if book is not None:
                differing += self._differing_at(kiosk, book, rows)
        silent = tuple(kiosk for kiosk, book in zip(kiosks, told, strict=True) if book is None)
        return tuple(differing), silent

    def _differing_at(self, kiosk: str, book: dict[str, Recorded], rows: dict[str, Usage]) -> list[Differing]:
        """Hold a kiosk's journal against this one; there may be more in it than this day."""
        theirs = {rid for rid, usage in rows.items() if usage.kiosk == kiosk}
        pairs = [(book.get(rid), self._known(rid)) for rid in sorted(theirs | book.keys())]
        return [found for there, here in pairs if (found := compare_kiosk(kiosk, there, here)) is not None]

    async def _told(self, store: Store, day: date) -> dict[str, Recorded] | None:
        """Return what the head office has of a day, page by page; None where it does not answer."""
        told: dict[str, Recorded] = {}
        after: str | None = None
        while True:
            page = await self._owner.ask(AskRecorded(store=store.id, day=day, after=after))
            if not isinstance(page, Recordings):
                return None
            told |= {record.rid: record for record in page.records}
            if page.last or not page.records:
                return told
            after = page.records[-1].rid

    async def _ask_for(self, store: Store, day: date, rids: list[str], told: dict[str, Recorded]) -> bool:
        """Ask for rids that the head office may have on another day, by its own clock; False: it did not answer."""
        for begin in range(0, len(rids), AT_ONCE):
            part = tuple(rids[begin : begin + AT_ONCE])
            page = await self._owner.ask(AskRecorded(store=store.id, day=day, of=part))
            if not isinstance(page, Recordings):
                return False
            told |= {record.rid: record for record in page.records}
        return True

    def _ended(self, store: Store, day: date) -> dict[str, Usage]:
        rows = self._books.rows(store, day)
        return {usage.rid: usage for usage in rows if usage.rid is not None and usage.final}

    def _known(self, rid: str) -> Recorded | None:
        """Return what the journal has of a rid on whatever day."""
        usage = self._journal.usage(rid)
        return None if usage is None else _recorded(rid, usage)


def _recorded(rid: str, usage: Usage) -> Recorded:
    return Recorded(rid=rid, verdict=usage.verdict, undone_by=usage.undone_by)
