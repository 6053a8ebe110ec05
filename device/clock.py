"""What time it is at the counter, as well as a machine without a clock of its own can know.

A Pi boots in 1970, or at its last shutdown. Until the gateway has said the time, the kiosk takes its own clock's word,
but never goes back behind the newest time in its journal; from then on it counts on from what the gateway said. Nothing
rests on it but the times in the books: order is the journal's, time-outs are monotonic.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def _system_time() -> datetime:
    return datetime.now().astimezone()


class StoreClock:
    """The store's local time."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        system: Callable[[], datetime] = _system_time,
    ) -> None:
        """Keep the clocks to go by."""
        self._monotonic = monotonic
        self._system = system
        self._floor: datetime | None = None
        self._told: tuple[datetime, float] | None = None

    @property
    def trusted(self) -> bool:
        """Whether the gateway has said the time in this run."""
        return self._told is not None

    def never_before(self, moment: str | None) -> None:
        """Take an ISO 8601 time that has certainly passed; one that cannot be read is passed over."""
        self._floor = _read(moment)

    def learn(self, moment: str) -> None:
        """Take the gateway's word for the time, in ISO 8601 with offset; one that cannot be read changes nothing."""
        told = _read(moment)
        if told is not None:
            self._told = told, self._monotonic()

    def now(self) -> datetime:
        """Return the time, with offset."""
        if self._told is not None:
            told, at = self._told
            return told + timedelta(seconds=self._monotonic() - at)
        system = self._system()
        return system if self._floor is None else max(system, self._floor)

    def stamp(self) -> str:
        """Return the time as books hold it: ISO 8601, whole seconds, with offset."""
        return self.now().isoformat(timespec="seconds")


def _read(moment: str | None) -> datetime | None:
    try:
        read = datetime.fromisoformat(moment or "")
    except ValueError:
        return None
    return read if read.tzinfo is not None else None
