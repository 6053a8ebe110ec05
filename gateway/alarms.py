"""What people should know of: silent kiosks, no broker, amber that lasts, guessing, a full disk, an old certificate.

Looked for once a minute and told to the head office as a whole; whatever ends is simply not told any more.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from protocol.alarms import MOST_ALARMS, Alarm, AlarmKind, Report
from protocol.vocabulary import Verdict
from service.clock import since_boot_s

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from gateway.config import Alarms as Settings
    from gateway.journal import Journal
    from gateway.limits import Limit
    from gateway.presence import Attendance
    from gateway.registry import Registry

log = logging.getLogger(__name__)

PERIOD_S = 60.0
#: Guessing is over once a kiosk has not come to its limit for so long.
GUESSED_S = 900.0
#: A certificate that ends sooner than that has to be renewed.
RENEW_DAYS = 30
#: A disk with less of itself free is full soon; it is not so any more once some more is free.
FULL, ROOM = 0.05, 0.07
_DAY_S = 86_400


class Watch:
    """What is wrong, as this gateway sees it."""

    def __init__(  # noqa: PLR0913 - what is looked at, once each
        self,
        *,
        identity: str,
        data: Path,
        settings: Settings,
        ends_at: datetime,
        registry: Registry,
        journal: Journal,
        attendance: Attendance,
        guesses: Limit,
        connected: Callable[[], bool],
        clock: Callable[[], float] = since_boot_s,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Keep what is looked at; ``ends_at`` is when this gateway's certificate ends, ``clock`` seconds since boot."""
        self._identity = identity
        self._data = data
        self._settings = settings
        self._ends_at = ends_at
        self._registry = registry
        self._journal = journal
        self._attendance = attendance
        self._guesses = guesses
        self._connected = connected
        self._clock = clock
        self._wall = wall
        self._silent: dict[str, float] = {}
        self._lost_at: float | None = None
        self._full_at: float | None = None

    async def run(self, tell: Callable[[Report], Awaitable[bool]]) -> None:
        """Look and tell, again and again."""
        while True:
            found = tuple(self.look())[:MOST_ALARMS]
            for alarm in found:
                log.debug("alarm kind=%s about=%s", alarm.kind, alarm.about)
            await tell(Report(alarms=found))
            await asyncio.sleep(PERIOD_S)

    def look(self) -> Iterator[Alarm]:
        """Yield everything that is wrong now."""
        now = self._clock()
        yield from self._silent_kiosks(now)
        yield from self._amber()
        for kiosk, at in self._guesses.lately(now, GUESSED_S).items():
            known = self._registry.kiosk(kiosk)
            yield Alarm(
                kind=AlarmKind.GUESSING, about=kiosk, store=known.store if known else None, since=self._since(at)
            )
        yield from self._disk(now)
        left_s = self._ends_at.timestamp() - self._wall()
        if left_s < RENEW_DAYS * _DAY_S:
            yield Alarm(
                kind=AlarmKind.CERTIFICATE_ENDS,
                about=self._identity,
                since=self._ends_at.timestamp() - RENEW_DAYS * _DAY_S,
                number=max(0, int(left_s // _DAY_S)),
            )

    def _silent_kiosks(self, now: float) -> Iterator[Alarm]:
        """Yield the kiosks that are away, or that the broker is: then nobody knows of the kiosks."""
        if not self._connected():
            self._lost_at = now if self._lost_at is None else self._lost_at
            self._silent.clear()
            if now - self._lost_at >= self._settings.kiosk_silent_s:
                yield Alarm(kind=AlarmKind.BROKER_LOST, about=self._identity, since=self._since(self._lost_at))
            return
        self._lost_at = None
        away = [kiosk for kiosk in self._registry.kiosks if kiosk.is_active and not self._is_here(kiosk.id)]
        self._silent = {kiosk.id: self._silent.get(kiosk.id, now) for kiosk in away}
        for kiosk in away:
            since = self._silent[kiosk.id]
            if now - since >= self._settings.kiosk_silent_s and self._is_open(kiosk.store):
                yield Alarm(kind=AlarmKind.KIOSK_SILENT, about=kiosk.id, store=kiosk.store, since=self._since(since))

    def _amber(self) -> Iterator[Alarm]:
        """Yield the stores in which a redemption has been open for too long: one alarm, however many there are."""
        pending, _ = self._journal.unfinished()
        # What was accepted offline was handed over, and waits for the network only.
        amber = [usage for usage in pending if usage.verdict is not Verdict.ACCEPTED_OFFLINE]
        old = [usage for usage in amber if self._wall() - usage.at >= self._settings.amber_open_s]
        for store in sorted({usage.store for usage in old}):
            at = [usage.at for usage in old if usage.store == store]
            yield Alarm(kind=AlarmKind.AMBER_OPEN, about=store, store=store, since=min(at), number=len(at))

    def _disk(self, now: float) -> Iterator[Alarm]:
        usage = shutil.disk_usage(self._data)
        free = usage.free / usage.total
        if free >= (FULL if self._full_at is None else ROOM):
            self._full_at = None
            return
        self._full_at = now if self._full_at is None else self._full_at
        yield Alarm(
            kind=AlarmKind.DISK_FULL,
            about=self._identity,
            since=self._since(self._full_at),
            number=int(100 * free),
        )

    def _is_here(self, kiosk: str) -> bool:
        here = self._attendance.of(kiosk)
        return here is not None and here.online

    def _is_open(self, store_id: str) -> bool:
        """Whether it is a time of day at which this store's kiosks should be on."""
        store = self._registry.store(store_id)
        here = datetime.fromtimestamp(self._wall(), store.zone if store else UTC).time()
        begin, end = self._settings.hours_from, self._settings.hours_until
        return begin <= here < end if begin < end else here >= begin or here < end

    def _since(self, at: float) -> float:
        """Return when a moment of the clock was, by the wall's as it is now; whole seconds."""
        return float(round(self._wall() - (self._clock() - at)))
