"""Reading the journal for people: a store's day, its totals, and everything there is.

Each call opens the file for itself, so that it may run in any thread and a long table keeps nobody waiting.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from gateway.schema import REFUSALS, USAGES, usage_in_refusal, usage_in_relay
from service.database import open_for_reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    import apsw

    from gateway.places import Store
    from gateway.usage import Usage

_IN_A_DAY = "WHERE store = ? AND at >= ? AND at < ? "
_COUNT_REQUESTS = "SELECT CASE WHEN undone_by IS NULL THEN verdict ELSE 'given_back' END, count(*) FROM relays "
_COUNT_REFUSALS = "SELECT count(*) FROM refusals "
_NEWEST_FIRST = "ORDER BY at DESC, n DESC LIMIT ?"


class Books:
    """What the journal's file holds, for reading."""

    def __init__(self, path: Path) -> None:
        """Keep the journal's path."""
        self._path = path

    def day(self, store: Store, day: date, limit: int = -1) -> list[Usage]:
        """Return a store's rows of one day in its own time, newest first; ``limit`` -1 means all."""
        with self._reading() as reader:
            return _newest_first(reader, _IN_A_DAY, (store.id, *_bounds(store, day)), limit)

    def totals(self, store: Store, day: date) -> dict[str, int]:
        """Return a store's day in numbers: requests by verdict, ``given_back`` redemptions, ``refused`` looks."""
        values = (store.id, *_bounds(store, day))
        with self._reading() as reader:
            rows = reader.execute(_COUNT_REQUESTS + _IN_A_DAY + "GROUP BY 1", values)
            count = {str(name): int(number) for name, number in rows}
            refused = next(reader.execute(_COUNT_REFUSALS + _IN_A_DAY, values))
        return {**count, "refused": int(refused[0])}

    def everything(self) -> list[Usage]:
        """Return every row there is, newest first."""
        with self._reading() as reader:
            return _newest_first(reader, "", (), -1)

    @contextmanager
    def _reading(self) -> Iterator[apsw.Connection]:
        reader = open_for_reading(self._path)
        try:
            yield reader
        finally:
            reader.close()


def _newest_first(reader: apsw.Connection, where: str, values: tuple[Any, ...], limit: int) -> list[Usage]:
    """Return requests and refusals as one list; the two tables are merged here because only their times are alike."""
    relays = reader.execute(USAGES + where + _NEWEST_FIRST, (*values, limit))
    refusals = reader.execute(REFUSALS + where + _NEWEST_FIRST, (*values, limit))
    rows = [*map(usage_in_relay, relays), *map(usage_in_refusal, refusals)]
    rows.sort(key=lambda usage: usage.at, reverse=True)
    return rows if limit < 0 else rows[:limit]


def _bounds(store: Store, day: date) -> tuple[float, float]:
    """Return when a store's day begins and ends, in seconds since 1970; a day can have 23 or 25 hours."""
    start = datetime(day.year, day.month, day.day, tzinfo=store.zone)
    end = datetime.combine(day + timedelta(days=1), start.timetz())
    return start.timestamp(), end.timestamp()
