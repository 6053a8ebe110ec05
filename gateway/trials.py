"""How the stores are that are tried out (测试中), told to the head office whenever it changes: their self-check."""

from __future__ import annotations

import asyncio
import time
from importlib.metadata import version
from typing import TYPE_CHECKING

from gateway.changes import Topic
from protocol.status import MOST_KIOSKS, KioskStatus, StoreStatus

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from gateway.changes import Changes, Watcher
    from gateway.places import Kiosk
    from gateway.presence import Attendance
    from gateway.registry import Registry
    from protocol.messages import Hello

#: Told so often though nothing has changed, so that silence is noticed.
EVERY_S = 30.0
#: Changes within this time are told at once.
GATHER_S = 0.5


class Trials:
    """Tells of the stores that are tried out; where there are none it says nothing."""

    def __init__(
        self,
        *,
        registry: Registry,
        attendance: Attendance,
        hellos: Mapping[str, tuple[float, Hello]],
        changes: Changes,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Keep what is looked at; ``hellos`` is what each kiosk has said last, ``wall`` seconds since 1970."""
        self._registry = registry
        self._attendance = attendance
        self._hellos = hellos
        self._changes = changes
        self._wall = wall
        self._software = version("hexiao")

    async def run(self, tell: Callable[[StoreStatus], Awaitable[bool]]) -> None:
        """Look and tell, again and again; one that nobody has taken is told anew with the next."""
        with self._changes.watching() as watcher:
            while not watcher.ended:
                for status in self.look():
                    await tell(status)
                await asyncio.sleep(GATHER_S)
                await _changed(watcher)

    def look(self) -> Iterator[StoreStatus]:
        """Yield each store that is tried out, as it is now."""
        for store in self._registry.stores:
            if store.testing:
                here = [kiosk for kiosk in self._registry.kiosks if kiosk.store == store.id and kiosk.is_active]
                kiosks = tuple(map(self._status, here[:MOST_KIOSKS]))
                yield StoreStatus(store=store.id, at=self._wall(), software=self._software, kiosks=kiosks)

    def _status(self, kiosk: Kiosk) -> KioskStatus:
        here, (_, hello) = self._attendance.of(kiosk.id), self._hellos.get(kiosk.id, (0.0, None))
        return KioskStatus(
            id=kiosk.id,
            name=kiosk.name,
            online=here is not None and here.online,
            since=None if here is None else here.since,
            software="" if hello is None else hello.software,
            camera="" if hello is None else hello.camera,
        )


async def _changed(watcher: Watcher) -> None:
    """Return once something has changed of the kiosks or their stores, or it is time to tell of them anyway."""
    loop = asyncio.get_running_loop()
    due = loop.time() + EVERY_S
    while not watcher.ended and (left_s := due - loop.time()) > 0:
        if Topic.KIOSKS in await watcher.next(left_s):
            return
