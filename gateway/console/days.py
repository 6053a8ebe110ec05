"""A store's day closed (日结), for programs and as a page that can be printed."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import msgspec
from aiohttp import web
from msgspec import Meta

from gateway.closing import Closing, Since, since, totals_of
from gateway.console.answers import answer, bad_request, body_of, refuse, row, store_named
from gateway.console.day_words import words_of_day
from gateway.console.pages import language_of
from gateway.console.records import day_in
from gateway.console.texts import verdict_names
from protocol.comparing import WHAT_TO_DO
from protocol.records import TIME_FORMAT, yuan

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from gateway.closing import Totals
    from gateway.console.pages import Pages
    from gateway.console.parts import Parts
    from gateway.places import Store
    from gateway.usage import Usage

By = Annotated[str, Meta(min_length=1, max_length=100)]


class CloseBody(msgspec.Struct, frozen=True, kw_only=True):
    """Who closes the day; the name is kept."""

    by: By


class Days:
    """Handlers of closed days, and of days that can be closed."""

    def __init__(self, parts: Parts, pages: Pages) -> None:
        """Keep the parts; ``pages`` draws a page in the reader's language."""
        self._parts = parts
        self._pages = pages

    def routes(self) -> Iterable[web.RouteDef]:
        """Return where these handlers are found."""
        return (
            web.get("/api/days/{store}/{day}", self.one),
            web.post("/api/days/{store}/{day}/close", self.close),
            web.post("/api/days/{store}/{day}/compare", self.compare),
            web.get("/days", self.find),
            web.get("/days/{store}/{day}", self.page),
            web.post("/days/{store}/{day}", self.close_by_form),
        )

    async def one(self, request: web.Request) -> web.Response:
        """Return a day: its totals now, and where it is closed, its closing and what has changed since."""
        store, day = self._asked(request)
        return answer(await self._day(store, day))

    async def close(self, request: web.Request) -> web.Response:
        """Close a day; one that is closed already stays as it is. 409 where the day has not begun."""
        store, day = self._asked(request)
        asked = await body_of(request, CloseBody)
        await self._close(store, day, asked.by)
        return answer(await self._day(store, day))

    async def compare(self, request: web.Request) -> web.Response:
        """Compare a day with the head office's books now; 503 where it does not answer."""
        store, day = self._asked(request)
        found = await self._parts.comparing.compare(store, day)
        if found is None:
            return refuse(HTTPStatus.SERVICE_UNAVAILABLE, "the head office does not answer: nothing was compared")
        listed = [{"do": WHAT_TO_DO[each.what], **msgspec.to_builtins(each)} for each in found.differing]
        return answer({"compared": found.compared, "differing": listed, "silent": found.silent})

    async def find(self, request: web.Request) -> web.Response:
        """Go to the page of a day that a form names."""
        store = store_named(self._parts.registry, request.query.get("store", ""))
        day = day_in(request.query.get("day")) or store.day_of(time.time())
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": _path(store, day)})

    async def page(self, request: web.Request) -> web.Response:
        """Return a day as a page; ``?compare`` holds it against the head office first, ``?clerk=`` lists one's."""
        store, day = self._asked(request)
        clerk = request.query.get("clerk")
        wanted = "compare" in request.query
        compared = await self._parts.comparing.compare(store, day) if wanted else None
        closing, found, totals = await self._read(store, day)
        language = language_of(request)
        shown = totals if closing is None else closing.totals
        return self._pages.page(
            "day.html",
            language,
            store=store,
            stores=[other for other in self._parts.registry.stores if other.id != store.id],
            day=day,
            closing=closing,
            closed_at=None if closing is None else _local(closing.at, store),
            d=words_of_day(language),
            totals=shown,
            tables=[
                ("by_type", [(name or "—", each) for name, each in shown.by_type.items()]),
                ("by_clerk", [(self._clerk(number), each) for number, each in shown.by_clerk.items()]),
                ("by_kiosk", [(self._kiosk(identity), each) for identity, each in shown.by_kiosk.items()]),
            ],
            refused=[(verdict_names(language)[name]["name"], count) for name, count in shown.refused.items()],
            open=[self._listed(usage, store, language) for usage in shown.open],
            since=[
                (name, [self._listed(usage, store, language) for usage in rows])
                for name, rows in (("late", found.late), ("ended", found.ended), ("given_back", found.given_back))
                if rows
            ],
            clerk=None if clerk is None else self._clerk(clerk),
            history=await asyncio.to_thread(self._history, store, day, clerk, language),
            wanted=wanted,
            compared=compared,
            kiosk_name=self._kiosk,
            what_to_do={what: both[language != "zh"] for what, both in WHAT_TO_DO.items()},
            names=verdict_names(language),
            money=_money,
        )

    async def close_by_form(self, request: web.Request) -> web.Response:
        """Close a day on the word of whoever has filled in the page's form."""
        store, day = self._asked(request)
        form = await request.post()
        try:
            by = msgspec.convert(str(form.get("by", "")).strip(), By)
        except msgspec.ValidationError as error:
            msg = f"say who closes the day: {error}"
            raise bad_request(msg) from error
        await self._close(store, day, by)
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": _path(store, day)})

    def _asked(self, request: web.Request) -> tuple[Store, date]:
        store = store_named(self._parts.registry, request.match_info["store"])
        day = day_in(request.match_info["day"])
        return store, day or store.day_of(time.time())

    async def _close(self, store: Store, day: date, by: str) -> None:
        now = time.time()
        if day > store.day_of(now):
            raise web.HTTPConflict(text='{"error":"this day has not begun"}', content_type="application/json")
        await self._parts.journal.flush()
        newest = self._parts.journal.sequence

        def count() -> Totals:
            rows = self._parts.books.rows(store, day)
            return totals_of(usage for usage in rows if usage.rid is None or usage.n <= newest)

        totals = await asyncio.to_thread(count)
        closing = Closing(store=store.id, day=day, at=now, by=by, sequence=newest, totals=totals)
        await self._parts.journal.close_day(closing)

    async def _read(self, store: Store, day: date) -> tuple[Closing | None, Since, Totals]:
        """Return a day's closing, what has changed since, and what it comes to now."""
        await self._parts.journal.flush()
        books = self._parts.books

        def read() -> tuple[Closing | None, Since, Totals]:
            closing = books.closing(store, day)
            changed = Since() if closing is None else since(closing, books.rows(store, day))
            return closing, changed, totals_of(books.rows(store, day))

        return await asyncio.to_thread(read)

    async def _day(self, store: Store, day: date) -> dict[str, object]:
        closing, changed, totals = await self._read(store, day)
        registry = self._parts.registry
        lists = {"late": changed.late, "ended": changed.ended, "given_back": changed.given_back}
        return {
            "store": store.id,
            "day": day,
            "closing": closing,
            "since": {name: [row(usage, registry) for usage in rows] for name, rows in lists.items()},
            "now": totals,
        }

    def _history(self, store: Store, day: date, clerk: str | None, language: str) -> list[dict[str, str]]:
        if clerk is None:
            return []
        rows = self._parts.books.rows(store, day)
        return [self._listed(usage, store, language) for usage in rows if (usage.clerk or "") == clerk]

    def _clerk(self, number: str) -> str:
        clerk = self._parts.registry.clerk(number)
        return number or "—" if clerk is None else f"{clerk.name} {number}"

    def _kiosk(self, identity: str) -> str:
        kiosk = self._parts.registry.kiosk(identity)
        return identity if kiosk is None else f"{kiosk.name} · {identity}"

    def _listed(self, usage: Usage, store: Store, language: str) -> dict[str, str]:
        return {
            "at": _local(usage.at, store),
            "title": usage.detail.title or "",
            "tail": f"····{usage.code_tail}" if usage.code_tail else "",
            "verdict": verdict_names(language)[usage.verdict]["name"],
            "kiosk": self._kiosk(usage.kiosk),
            "clerk": self._clerk(usage.clerk or ""),
            "amount": _money(usage.amount or 0) if usage.amount else "",
        }


def _money(fen: int) -> str:
    return f"¥{yuan(fen)}"


def _local(at: float, store: Store) -> str:
    return datetime.fromtimestamp(at, store.zone).strftime(TIME_FORMAT)


def _path(store: Store, day: date) -> str:
    return f"/days/{quote(store.id)}/{day.isoformat()}"
