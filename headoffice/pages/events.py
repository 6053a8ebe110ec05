"""Server-sent events of a voucher's page: its seal, now and the moment it changes."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from headoffice.pages.html import PRIVATE
from headoffice.pages.view import see

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from headoffice.office import Office
    from headoffice.pages.view import Seen

#: What another process has committed is found out by looking; also time alone changes what a voucher is.
LOOK_AGAIN_S = 2.0
#: A line of comment so often shows both sides that the connection lives.
ALIVE_LOOKS = 8


def events_of(office: Office) -> Route:
    """Return the address at which a page hears of changes."""

    def look(token: str) -> Seen | None:
        at = office.clock()
        return office.database.read(lambda connection: see(connection, token, at))

    async def events(request: Request) -> Response:
        token = request.path_params["token"]
        seen = await run_in_threadpool(look, token)
        if seen is None:
            return JSONResponse({"seal": None}, 404, PRIVATE)
        return StreamingResponse(told(token, seen.voucher.id), 200, PRIVATE, "text/event-stream")

    async def told(token: str, voucher: str) -> AsyncIterator[str]:
        seal, quiet = "", 0
        with office.changes.watch(voucher) as changed:
            while not office.changes.closed:
                changed.clear()
                seen = await run_in_threadpool(look, token)
                if seen is None:
                    return
                quiet = 0 if seen.seal != seal else quiet + 1
                if seen.seal != seal:
                    seal = seen.seal
                    yield f"data: {json.dumps({'seal': seal, 'verdict': seen.verdict})}\n\n"
                elif quiet % ALIVE_LOOKS == 0:
                    yield ":\n\n"
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), LOOK_AGAIN_S)

    return Route("/v/{token}/events", events)
