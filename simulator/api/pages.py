"""The counter's page, and beside it, under its own origin, the customer's page and the manager's console.

A page can look into a frame of its own origin only; so the phone's QR can be taken from the customer's real page.
"""

from __future__ import annotations

import http
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import aiohttp
from aiohttp import web

from simulator.api.context import COUNTER
from simulator.api.errors import ApiError
from simulator.services import ServiceDownError

if TYPE_CHECKING:
    from simulator.services import Reply, Service

WEB = Path(__file__).resolve().parent.parent / "web"
#: What a part's answer keeps on its way through; what forbids a frame does not pass: here it stands in ours.
_PASSED = ("Content-Type", "Cache-Control", "Content-Disposition", "ETag", "Location")
#: For a stream that goes on as long as somebody looks; a line at least every half minute shows that it lives.
_ENDLESS = aiohttp.ClientTimeout(total=None, connect=5, sock_read=30)
_SENT = ("Accept", "Accept-Language", "Content-Type", "If-None-Match", "Idempotency-Key")


def add_routes(router: web.UrlDispatcher) -> None:
    """Put these addresses on the counter."""
    router.add_get("/", index)
    router.add_get("/phone/{token}", phone)
    router.add_get("/v/{token}/events", events_of_the_phone)
    for path in ("/v/{rest:.+}", "/assets/{rest:.+}"):  # where that page finds what belongs to it
        router.add_get(path, of_the_phone)
    router.add_post("/v/{rest:.+}", of_the_phone)
    router.add_get("/console/", console)
    router.add_get("/{file:(?!api/).+}", static)


async def index(request: web.Request) -> web.StreamResponse:
    """Return the counter's page."""
    del request
    return _file("index.html")


async def static(request: web.Request) -> web.StreamResponse:
    """Return a file of the counter's page."""
    return _file(request.match_info["file"])


async def phone(request: web.Request) -> web.Response:
    """Return the customer's own page of a voucher, as the head office serves it to phones."""
    return await _passed_through(request, request.app[COUNTER].headoffice, f"/v/{request.match_info['token']}")


async def of_the_phone(request: web.Request) -> web.Response:
    """Return what belongs to the customer's page, under the path that it has at the head office."""
    return await _passed_through(request, request.app[COUNTER].headoffice, request.rel_url.raw_path)


async def events_of_the_phone(request: web.Request) -> web.StreamResponse:
    """Pass on what the head office tells the customer's page, as it is told."""
    headoffice = request.app[COUNTER].headoffice
    stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    try:
        async with headoffice.session.get(headoffice.url + request.rel_url.raw_path, timeout=_ENDLESS) as told:
            if told.status != http.HTTPStatus.OK:
                return web.Response(status=told.status)
            await stream.prepare(request)
            async for part in told.content.iter_any():
                await stream.write(part)
    except (aiohttp.ClientError, TimeoutError) as error:
        if not stream.prepared:
            raise ServiceDownError(headoffice.part, str(error)) from error
    return stream


async def console(request: web.Request) -> web.Response:
    """Sign the browser in to the gateway's console, and send it there; cookies know no ports, so ours is the console's.

    The token stays here. The console allows the counter's page to hold it in a frame.
    """
    counter = request.app[COUNTER]
    form = urlencode({"token": counter.gateway.token}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = await counter.gateway.send("POST", "/login", form, headers)
    if reply.status != http.HTTPStatus.SEE_OTHER:
        raise ApiError(http.HTTPStatus.BAD_GATEWAY, "the console did not take its own token", "start the gateway again")
    there = f"http://{urlsplit(f'//{request.host}').hostname}:{counter.ports.console}/"
    return web.Response(
        status=http.HTTPStatus.SEE_OTHER, headers={"Location": there, "Set-Cookie": reply.headers["Set-Cookie"]}
    )


def _file(name: str) -> web.StreamResponse:
    path = (WEB / name).resolve()
    if not path.is_relative_to(WEB) or not path.is_file():
        hint = "the addresses are listed in docs/rehearsal.md"
        raise ApiError(http.HTTPStatus.NOT_FOUND, f"there is no /{name}", hint)
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})


async def _passed_through(request: web.Request, service: Service, path: str) -> web.Response:
    if request.query_string:
        path = f"{path}?{request.query_string}"
    headers = {name: request.headers[name] for name in _SENT if name in request.headers}
    reply = await service.send(request.method, path, await request.read() or None, headers)
    return _answer(reply)


def _answer(reply: Reply) -> web.Response:
    lower = {name.lower(): value for name, value in reply.headers.items()}
    headers = {name: lower[name.lower()] for name in _PASSED if name.lower() in lower}
    return web.Response(status=reply.status, body=reply.body, headers=headers)
