"""What happens at the counters as it happens, and the word by which an open page hears of it."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from headoffice.changes import EVERY
from headoffice.desk import recent
from headoffice.desk.app import ROOT
from headoffice.desk.visit import Page, Shown, Visit
from headoffice.staff.roles import Right

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

    from headoffice.desk.app import Desk

#: What another process has committed is found out by looking.
LOOK_AGAIN_S = 2.0
ALIVE_LOOKS = 8
#: However busy the counters are, a page is not told more often.
REST_S = 0.5
_PRIVATE = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def live(visit: Visit) -> Shown:
    """Show the newest, and today's totals."""
    scope, at = visit.person.stores, visit.now
    read = visit.office.database.read
    return Shown(
        template="live_part.html" if "part" in visit.query else "live.html",
        values={
            "rows": read(lambda connection: recent.newest(connection, scope)),
            "totals": read(lambda connection: recent.totals(connection, scope, at)),
        },
    )


PAGE = Page(path="", right=Right.SEE_SALES, show=live, name="live")


def events_of(desk: Desk) -> Route:
    """Return the address at which the page hears that there is something new, as long as its session lasts."""

    def look(visit: Visit) -> object:
        return desk.office.database.read(lambda connection: recent.newest(connection, visit.person.stores))

    return told_at(desk, "/events", Right.SEE_SALES, look)


def told_at(desk: Desk, path: str, right: Right, look: Callable[[Visit], object]) -> Route:
    """Return an address that tells a page whenever what ``look`` finds has changed; ``look`` None: not theirs."""

    def seal_of(request: Request) -> str | None:
        visit = desk.visit(request)
        if visit is None or not visit.person.may(right):
            return None
        found = look(visit)
        return None if found is None else hashlib.sha256(repr(found).encode()).hexdigest()[:16]

    async def events(request: Request) -> Response:
        if await run_in_threadpool(seal_of, request) is None:
            return Response(status_code=403, headers=_PRIVATE)
        return StreamingResponse(told(request), 200, _PRIVATE, "text/event-stream")

    async def told(request: Request) -> AsyncIterator[str]:
        seal, quiet = "", 0
        with desk.office.changes.watch(EVERY) as changed:
            while not desk.office.changes.closed:
                changed.clear()
                now = await run_in_threadpool(seal_of, request)
                if now is None:
                    return
                quiet = 0 if now != seal else quiet + 1
                if now != seal:
                    seal = now
                    yield f"data: {seal}\n\n"
                elif quiet % ALIVE_LOOKS == 0:
                    yield ":\n\n"
                await asyncio.sleep(REST_S)
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), LOOK_AGAIN_S)

    return Route(f"{ROOT}{path}", events)
