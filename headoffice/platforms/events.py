"""Where platforms tell by themselves what was consumed: ``POST /platforms/{name}/event`` at the public door.

No token opens it: what is believed is what the platform has signed, and only its connector can tell. An event that was
not answered with 200 comes again, so that is said only once its step is in the books.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from headoffice.platforms.ports import ForgedError
from headoffice.redemptions.rids import SEPARATOR

if TYPE_CHECKING:
    from starlette.requests import Request

    from headoffice.platforms.driver import Driver

_log = logging.getLogger(__name__)

LARGEST_EVENT = 64 << 10


def routes(driver: Driver) -> list[Route]:
    """Return the address."""

    async def take(request: Request) -> Response:
        name = request.path_params["name"]
        connector = driver.connectors.named(name)
        if connector is None:
            return PlainTextResponse("no such platform", 404)
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LARGEST_EVENT:
                return PlainTextResponse(f"more than {LARGEST_EVENT} bytes are no event", 413)
        try:
            event = connector.event(request.headers, request.query_params, body)
        except ForgedError as error:
            _log.warning("event=event_refused platform=%s why=%s", name, error)
            return PlainTextResponse("not signed by the platform", 403)
        if event is not None:
            await driver.reported(f"{name}{SEPARATOR}{event.voucher}", ours=event.ours)
        return PlainTextResponse("")

    return [Route("/platforms/{name}/event", take, methods=["POST"])]
