"""Who waits for a voucher, or for anything, to change: woken the moment this process has committed something about it.

Another process of the same head office is not heard here, so whoever waits looks by itself now and then.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What is watched by who waits for a change of any voucher; no voucher is called so.
EVERY = ""


class Changes:
    """The waiting of one process. ``tell`` and ``close`` may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, list[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = {}
        self.closed = False

    @contextmanager
    def watch(self, voucher: str) -> Iterator[asyncio.Event]:
        """Give what is set at each change of a voucher, or of EVERY one, and when nobody is to wait any more."""
        waiter = asyncio.get_running_loop(), asyncio.Event()
        with self._lock:
            self._waiting.setdefault(voucher, []).append(waiter)
        try:
            yield waiter[1]
        finally:
            with self._lock:
                self._waiting[voucher].remove(waiter)
                if not self._waiting[voucher]:
                    del self._waiting[voucher]

    def tell(self, voucher: str) -> None:
        """Wake those who wait for this voucher, or for any."""
        with self._lock:
            waiting = [*self._waiting.get(voucher, ()), *self._waiting.get(EVERY, ())]
        self._wake(waiting)

    def close(self) -> None:
        """Send everybody away: the process ends."""
        with self._lock:
            self.closed = True
            waiting = [waiter for some in self._waiting.values() for waiter in some]
        self._wake(waiting)

    @staticmethod
    def _wake(waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]]) -> None:
        for loop, event in waiting:
            loop.call_soon_threadsafe(event.set)
