"""The books over HTTP: today, a day as CSV, what is open, everything, and word of every change."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from aiohttp import web

from gateway.console.answers import answer, bad_request, row, store_named
from gateway.console.sheet import Wanted, as_sheet, as_workbook, rows
from service import xlsx

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gateway.console.access import Access
    from gateway.console.parts import Parts
    from gateway.places import Store
    from gateway.usage import Usage
    from protocol.records import Row

#: Rows of today that the page gets; totals count all of them.
ROWS_SHOWN = 300
#: Changes within this time make one event.
GATHER_S = 0.15
#: After so long without a change a line is sent all the same, so that proxies keep the connection.
KEEPALIVE_S = 15.0


class Records:
    """Handlers that only read."""

    def __init__(self, parts: Parts, access: Access) -> None:
        """Keep the parts."""
        self._parts = parts
        self._access = access

    def routes(self) -> Iterable[web.RouteDef]:
        """Return where these handlers are found."""
        return (
            web.get("/api/today", self.today),
            web.get("/api/open", self.open),
            web.get("/api/books", self.books),
            web.get("/api/records.csv", self.sheet),
            web.get("/api/records.xlsx", self.workbook),
            web.get("/api/events", self.events),
        )

    async def today(self, request: web.Request) -> web.Response:
        """Return each store's day so far: totals by verdict, and the newest rows of all stores together."""
        stores = self._stores(request)
        days = {store.id: store.day_of(time.time()) for store in stores}
        await self._parts.journal.flush()
        found = await asyncio.to_thread(self._read_today, stores, days)
        registry = self._parts.registry
        newest = sorted((usage for _, usages in found for usage in usages), key=lambda usage: usage.at, reverse=True)
        return answer(
            {
                "now": datetime.now(UTC).isoformat(),
                "stores": [
                    {
                        "id": store.id,
                        "name": store.name,
                        "day": days[store.id],
                        "totals": totals,
                        "undo_s": store.undo_s,
                        "testing": store.testing,
                    }
                    for store, (totals, _) in zip(stores, found, strict=True)
                ],
                "rows": [row(usage, registry) for usage in newest[:ROWS_SHOWN]],
            }
        )

    async def open(self, _request: web.Request) -> web.Response:
        """Return the requests without an end, and those redeemed of which nobody said that they were handed over.

        ``call`` says whom to call where one does not end.
        """
        await self._parts.journal.flush()
        pending, unsettled = self._parts.journal.unfinished()
        registry = self._parts.registry
        return answer(
            {
                "open": [row(usage, registry) for usage in pending],
                "awaiting": [row(usage, registry) for usage in unsettled],
                "call": self._parts.call,
            }
        )

    async def books(self, _request: web.Request) -> web.Response:
        """Return every row of the journal, newest first."""
        registry = self._parts.registry
        await self._parts.journal.flush()
        everything = await asyncio.to_thread(self._parts.books.everything)
        return await asyncio.to_thread(answer, {"rows": [row(usage, registry) for usage in everything]})

    async def sheet(self, request: web.Request) -> web.StreamResponse:
        """Return one day as CSV: ``?day=YYYY-MM-DD`` (today without it); ``store``, ``clerk``, ``kiosk`` for some."""
        found = await self._rows(request)
        return await self._download(request, as_sheet(found), "text/csv; charset=utf-8", "csv")

    async def workbook(self, request: web.Request) -> web.StreamResponse:
        """Return one day as XLSX, asked for as ``sheet`` is."""
        found = await self._rows(request)
        return await self._download(request, as_workbook(found), xlsx.MEDIA_TYPE, "xlsx")

    async def _rows(self, request: web.Request) -> Iterator[Row]:
        asked = day_in(request.query.get("day"))
        wanted = Wanted(
            days={store.id: asked or store.day_of(time.time()) for store in self._stores(request)},
            clerk=request.query.get("clerk") or None,
            kiosk=request.query.get("kiosk") or None,
        )
        await self._parts.journal.flush()
        return rows(self._parts.books, self._parts.registry, wanted)

    async def _download(
        self, request: web.Request, content: Iterator[bytes], kind: str, ending: str
    ) -> web.StreamResponse:
        """Send a file while it is made, as fast as the browser takes it."""
        name = f"hexiao-{request.query.get('day') or 'today'}.{ending}"
        disposition = {"Content-Type": kind, "Content-Disposition": f'attachment; filename="{name}"'}
        response = web.StreamResponse(headers={**self._access.stream_headers(), **disposition})
        await response.prepare(request)
        while (part := await asyncio.to_thread(next, content, None)) is not None:
            await response.write(part)
        return response

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Send the name of what changed, as server-sent events, until the browser goes or the gateway stops."""
        response = web.StreamResponse(headers={**self._access.stream_headers(), "Content-Type": "text/event-stream"})
        # A browser that goes away is how this ends, no error.
        with self._parts.changes.watching() as watcher, suppress(ConnectionResetError):
            await response.prepare(request)
            await response.write(b"retry: 1000\n\n")
            while not watcher.ended:
                topics = await watcher.next(KEEPALIVE_S)
                lines = "".join(f"event: {topic}\ndata: {{}}\n\n" for topic in sorted(topics))
                await response.write(lines.encode() or b": still here\n\n")
                await asyncio.sleep(GATHER_S)
        return response

    def _stores(self, request: web.Request) -> Sequence[Store]:
        asked = request.query.get("store")
        registry = self._parts.registry
        return registry.stores if asked is None else [store_named(registry, asked)]

    def _read_today(self, stores: Sequence[Store], days: dict[str, date]) -> list[tuple[dict[str, int], list[Usage]]]:
        books = self._parts.books
        return [(books.totals(store, days[store.id]), books.day(store, days[store.id], ROWS_SHOWN)) for store in stores]


def day_in(text: str | None) -> date | None:
    """Return the day that was asked for, None where none was; raise 400 where it is none."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        msg = f"{text!r} is no day; write it as 2026-01-31"
        raise bad_request(msg) from error
