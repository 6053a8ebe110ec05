"""What the handlers of the counter's addresses share."""

from __future__ import annotations

import asyncio

from aiohttp import web

from simulator.counter import Counter

COUNTER = web.AppKey("counter", Counter)
#: Set when the counter is closing: whoever watches is let go then.
CLOSING = web.AppKey("closing", asyncio.Event)
