"""Reading the journal for people: a store's day, its totals, and everything there is.

Each call opens the file for itself, so that it may run in any thread and a long table keeps nobody waiting.
"""

from __future__ import annotations

import heapq
from contextlib import contextmanager
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.closing import Closing
from gateway.schema import (
    CLOSING,
    COUNTED,
    COUNTED_REFUSAL,
    REFUSALS,
    USAGES,
    usage_in_refusal,
    usage_in_relay,
)
from service.database import open_for_reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from pathlib import Path

    import apsw

    from gateway.places import Store
    from gateway.usage import Usage

_IN_A_DAY = "WHERE store = ? AND at >= ? AND at < ? "
_COUNT_REQUESTS = "SELECT CASE WHEN undone_by IS NULL THEN verdict ELSE 'given_back' END, count(*) FROM relays "
_COUNT_REFUSALS = "SELECT count(*) FROM refusals "
_NEXT_PAGE = "WHERE store = ? AND at < ? AND (at, n) > (?, ?) ORDER BY at, n LIMIT ?"
PAGE = 500
_CLOSING = msgspec.json.Decoder(Closing)
_NEWEST_FIRST = "ORDER BY at DESC, n DESC LIMIT ?"


class Books:
    """What the journal's file holds, for reading."""

    def __init__(self, path: Path) -> None:
        """Keep the journal's path."""
        self._path = path

    def day(self, store: Store, day: date, limit: int = -1) -> list[Usage]:
        """Return a store's rows of one day in its own time, newest first; ``limit`` -1 means all."""
        with self._reading() as reader:
            return _newest_first(reader, _IN_A_DAY, (store.id, *store.bounds(day)), limit)

    def rows(self, store: Store, day: date) -> Iterator[Usage]:
        """Yield what counts of a store's day, oldest first, in the same memory however many rows there are.

        Practice counts as nothing: not in a sheet, a closing, a comparison.
        """
        with self._reading() as reader:
            relays = _pages(reader, USAGES, usage_in_relay, store, day)
            refusals = _pages(reader, REFUSALS, usage_in_refusal, store, day)
            yield from heapq.merge(relays, refusals, key=attrgetter("at"))

    def closing(self, store: Store, day: date) -> Closing | None:
        """Return a day as it was when somebody closed it; None where nobody has."""
        with self._reading() as reader:
            rows = reader.execute(CLOSING, (store.id, day.isoformat()))
            return next((_CLOSING.decode(closing) for (closing,) in rows), None)

    def totals(self, store: Store, day: date) -> dict[str, int]:
        """Return a store's day in numbers: requests by verdict, ``given_back`` redemptions, ``refused`` looks."""
        values = (store.id, *store.bounds(day))
        with self._reading() as reader:
            rows = reader.execute(f"{_COUNT_REQUESTS}{_IN_A_DAY}AND {COUNTED}GROUP BY 1", values)
            count = {str(name): int(number) for name, number in rows}
            refused = next(reader.execute(f"{_COUNT_REFUSALS}{_IN_A_DAY}AND {COUNTED_REFUSAL}", values))
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


def _pages(
    reader: apsw.Connection, rows: str, usage: Callable[[tuple[Any, ...]], Usage], store: Store, day: date
) -> Iterator[Usage]:
    """Yield one table's rows in order, each page behind the last row of the one before: no statement stays open."""
    begin, end = store.bounds(day)
    after = (begin, -1)
    while True:
        page = list(map(usage, reader.execute(rows + _NEXT_PAGE, (store.id, end, *after, PAGE))))
        yield from (one for one in page if not one.practice)
        if len(page) < PAGE:
            return
        after = (page[-1].at, page[-1].n)
