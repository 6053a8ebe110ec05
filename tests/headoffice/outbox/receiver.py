"""A receiver of webhooks that answers as a test tells it, over real HTTP on a free port of loopback."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping
    from contextlib import AbstractAsyncContextManager

Served = TypeVar("Served")
WAIT_S = 30


@dataclass
class Receiver:
    """What has come, in order."""

    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    answer: Callable[[web.Request, dict[str, Any]], web.Response] = lambda *_: web.Response(status=204)
    most_at_once: int = 0
    _now: int = 0

    def of(self, voucher: str) -> list[str]:
        """Return the types that were told of a voucher."""
        return [body["type"] for body in self.bodies if body["data"].get("voucher", {}).get("id") == voucher]

    async def take(self, request: web.Request) -> web.Response:
        """Take one event."""
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        raw = await request.read()
        await asyncio.sleep(0)
        self._now -= 1
        body = json.loads(raw)
        answer = self.answer(request, body)
        self.raw.append(raw)
        self.headers.append(request.headers.copy())
        self.bodies.append(body)
        return answer


@contextmanager
def served(block: AbstractAsyncContextManager[Served]) -> Iterator[Served]:
    """Keep an asynchronous block open in a thread with a loop of its own, until the end of this one."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        value = asyncio.run_coroutine_threadsafe(block.__aenter__(), loop).result(WAIT_S)
        try:
            yield value
        finally:
            asyncio.run_coroutine_threadsafe(block.__aexit__(None, None, None), loop).result(WAIT_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(WAIT_S)
        loop.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Run a receiver until the end of the block."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{tail:.*}", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hexiao"
    try:
        yield receiver
    finally:
        await runner.cleanup()
