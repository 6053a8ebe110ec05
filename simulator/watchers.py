"""Those who watch a kiosk through server-sent events: each gets every change, in order, however slowly it reads."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Who has fallen this far behind is let go; a browser comes back by itself.
MOST_BEHIND = 2000


class Watchers:
    """Passes what happens to whoever watches."""

    def __init__(self) -> None:
        self._watchers: set[Watcher] = set()

    @contextmanager
    def watch(self) -> Iterator[Watcher]:
        """Give a watcher that misses nothing from now on."""
        watcher = Watcher()
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    def tell(self, kind: str, value: Any) -> None:  # noqa: ANN401 - whatever the kind holds
        """Pass an event on."""
        for watcher in self._watchers:
            watcher.add(kind, value)

    def tell_changed(self, kind: str) -> None:
        """Pass on that something has changed that is looked up when needed; several changes may be one event."""
        for watcher in self._watchers:
            watcher.add_change(kind)


class Watcher:
    """One who watches."""

    def __init__(self) -> None:
        self._events: deque[tuple[str, Any]] = deque()
        self._changed: set[str] = set()
        self._some = asyncio.Event()
        self.is_lost = False
        """Whether events were left out because too many waited."""

    def add(self, kind: str, value: Any) -> None:  # noqa: ANN401
        """Keep an event until it is taken."""
        if len(self._events) >= MOST_BEHIND:
            self.is_lost = True
        else:
            self._events.append((kind, value))
        self._some.set()

    def add_change(self, kind: str) -> None:
        """Keep a change until it is taken, once."""
        if kind not in self._changed:
            self._changed.add(kind)
            self.add(kind, None)

    async def next(self) -> tuple[str, Any]:
        """Return the next event as (kind, value)."""
        while not self._events:
            self._some.clear()
            await self._some.wait()
        event = self._events.popleft()
        self._changed.discard(event[0])
        return event
