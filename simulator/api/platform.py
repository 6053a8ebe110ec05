"""What the platform of cards sells, who consumes it elsewhere, and how it fails: passed on to its process."""

from __future__ import annotations

import http
from typing import TYPE_CHECKING

import msgspec

from simulator.api.context import COUNTER
from simulator.api.errors import ApiError, passed_on
from simulator.counter import CARDS

if TYPE_CHECKING:
    from aiohttp import web


def add_routes(router: web.UrlDispatcher) -> None:
    """Put these addresses on the counter."""
    router.add_post("/api/platform/{call:cards|troubles|consume|events}", pass_on)
    router.add_get("/api/platform/{call:consumed}", pass_on)


async def pass_on(request: web.Request) -> web.Response:
    """Tell the platform, and answer what it answers."""
    counter = request.app[COUNTER]
    if CARDS not in counter.parts:
        hint = "begin the rehearsal with --platform"
        raise ApiError(http.HTTPStatus.NOT_FOUND, "no platform takes part in this rehearsal", hint)
    try:
        body = msgspec.json.decode(await request.read()) if request.can_read_body else {}
    except msgspec.DecodeError as error:
        hint = "send a JSON object as the body"
        raise ApiError(http.HTTPStatus.BAD_REQUEST, f"the body cannot be read: {error}", hint) from error
    path = f"/rehearsal/{request.match_info['call']}"
    return passed_on(await counter.platform.call(request.method, path, body))
