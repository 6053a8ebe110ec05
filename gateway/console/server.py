"""Serves the console: the handlers put together, and the socket they are reached at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from gateway.console.clerks import Clerks
from gateway.console.counter import Counter
from gateway.console.days import Days
from gateway.console.pages import Pages
from gateway.console.records import Records
from gateway.console.technician import Technician

if TYPE_CHECKING:
    from gateway.config import Console
    from gateway.console.access import Access
    from gateway.console.parts import Parts

#: Bodies are forms of a few fields.
LARGEST_BODY = 64 * 1024
#: How long requests under way may go on once the gateway stops.
GRACE_S = 1.0


def application(parts: Parts, access: Access) -> web.Application:
    """Return the console's application."""
    app = web.Application(middlewares=[access.middleware], client_max_size=LARGEST_BODY)
    pages = Pages(parts, access)
    rooms = (
        Records(parts, access),
        Days(parts, pages),
        Counter(parts, access),
        Technician(parts),
        Clerks(parts),
        pages,
    )
    for handlers in rooms:
        app.router.add_routes(handlers.routes())
    return app


class ConsoleServer:
    """The console at its address."""

    def __init__(self, settings: Console, parts: Parts, access: Access) -> None:
        """Keep the parts."""
        self._settings = settings
        self._parts = parts
        self._access = access
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Begin to serve; raise OSError where the address cannot be had."""
        # No access log: it would hold every path and add nothing to the log of what was done.
        self._runner = web.AppRunner(
            application(self._parts, self._access), access_log=None, shutdown_timeout=GRACE_S, handle_signals=False
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, self._settings.host, self._settings.port).start()

    async def close(self) -> None:
        """Let watchers go and stop serving; safe to call twice."""
        self._parts.changes.end()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
