"""All of the counter's addresses as one application, and the server that offers it to this machine alone."""

from __future__ import annotations

import asyncio
import http
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from simulator.api import books, events, kiosks, pages, parts, platform, rehearsal, vouchers
from simulator.api.context import CLOSING, COUNTER
from simulator.api.errors import errors_as_json, refusal
from simulator.layout import HOST

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from simulator.counter import Counter

#: A photograph of a large phone camera, and room.
LARGEST_BODY = 64 << 20
_OWN_NAMES = {"127.0.0.1", "localhost", "::1"}
_SHUTDOWN_S = 1.0


def application(counter: Counter) -> web.Application:
    """Return the application for a counter."""
    app = web.Application(middlewares=[only_this_machine, errors_as_json], client_max_size=LARGEST_BODY)
    app[COUNTER] = counter
    app[CLOSING] = asyncio.Event()
    for room in (rehearsal, kiosks, events, vouchers, books, parts, platform, pages):
        room.add_routes(app.router)
    return app


class Server:
    """The counter's HTTP server, on loopback; its port is its own from the beginning, answered at from ``start``.

    Raises OSError where the port is taken.
    """

    def __init__(self, counter: Counter, port: int) -> None:
        self._app = application(counter)
        self._door = socket.socket()
        self._door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._door.bind((HOST, port))
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen."""
        self._runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=_SHUTDOWN_S)
        await self._runner.setup()
        await web.SockSite(self._runner, self._door).start()

    async def close(self) -> None:
        """Let those who watch go, and stop listening."""
        self._app[CLOSING].set()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        self._door.close()


@web.middleware
async def only_this_machine(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse what a foreign web page makes a browser of this machine ask: by its name for us, or by its origin."""
    origin = request.headers.get("Origin", "")
    foreign = origin not in {"", "null"} and urlsplit(origin).hostname not in _OWN_NAMES
    if urlsplit(f"//{request.host}").hostname not in _OWN_NAMES or foreign:
        hint = f"open http://{HOST}:{request.url.port}/ on this machine"
        return refusal(http.HTTPStatus.FORBIDDEN, "the rehearsal counter serves this machine only", hint)
    return await handler(request)
