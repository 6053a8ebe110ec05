"""Watching a kiosk through server-sent events."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from simulator.api.context import CLOSING
from simulator.api.kiosks import kiosk_of

if TYPE_CHECKING:
    from simulator.watchers import Watcher

#: A line of comment so often shows both sides that the connection lives.
ALIVE_S = 15.0
#: Pictures of the panel follow one another no faster than this; a real one needs 23 ms for a picture.
PICTURE_S = 0.03


def add_routes(router: web.UrlDispatcher) -> None:
    """Put these addresses on the counter."""
    router.add_get("/api/kiosks/{id}/events", events)
    router.add_get("/api/kiosks/{id}/live", live)


async def events(request: web.Request) -> web.StreamResponse:
    """Send the kiosk's state, now and at each change."""
    hub = kiosk_of(request).hub
    with hub.watchers.watch() as watcher:
        now = hub.state()  # taken together with the watch: nothing is missed, and nothing told twice
        stream = await _open(request)
        await _send(stream, now)
        while (event := await _next(request, watcher, stream)) is not None:
            kind, value = event
            if kind == "state":
                await _send(stream, value)
    return stream


async def live(request: web.Request) -> web.StreamResponse:
    """Send what a browser needs to show a kiosk.

    ``state``, ``pins``, ``panel`` (base64 of its 1024 bytes) and ``contrast`` (0 to 1).
    """
    hub = kiosk_of(request).hub
    with hub.watchers.watch() as watcher:
        now, pins, shown, bright = hub.state(), hub.pins, hub.pixels(), hub.contrast
        stream = await _open(request)
        await _send(stream, now, "state")
        await _send(stream, pins, "pins")
        await _send(stream, _encoded(shown), "panel")
        await _send(stream, bright, "contrast")
        while (event := await _next(request, watcher, stream)) is not None:
            kind, value = event
            if kind != "panel":
                await _send(stream, value, kind)
                continue
            await asyncio.sleep(PICTURE_S)  # lets the rest of a picture arrive that has begun
            pixels = hub.pixels()
            if pixels != shown:
                shown = pixels
                await _send(stream, _encoded(pixels), "panel")
            if hub.contrast != bright:
                bright = hub.contrast
                await _send(stream, bright, "contrast")
    return stream


async def _open(request: web.Request) -> web.StreamResponse:
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    stream = web.StreamResponse(headers=headers)
    await stream.prepare(request)
    return stream


async def _next(request: web.Request, watcher: Watcher, stream: web.StreamResponse) -> tuple[str, Any] | None:
    """Return the next event; None when the counter closes, the watcher has gone or has fallen too far behind."""
    closing = asyncio.ensure_future(request.app[CLOSING].wait())
    event = asyncio.ensure_future(watcher.next())
    try:
        while not watcher.is_lost:
            await asyncio.wait({closing, event}, timeout=ALIVE_S, return_when=asyncio.FIRST_COMPLETED)
            if closing.done():
                return None
            if event.done():
                return event.result()
            with contextlib.suppress(ConnectionError):
                await stream.write(b": alive\n\n")
        return None
    finally:
        closing.cancel()
        event.cancel()


async def _send(stream: web.StreamResponse, value: Any, kind: str = "") -> None:  # noqa: ANN401 - plain values
    head = f"event: {kind}\n" if kind else ""
    await stream.write(f"{head}data: {json.dumps(value, ensure_ascii=False)}\n\n".encode())


def _encoded(pixels: bytes) -> str:
    return base64.b64encode(pixels).decode("ascii")
