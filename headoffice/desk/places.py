"""The stores that somebody may choose from, in filters and forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from headoffice.desk.shown import said
from headoffice.desk.words import LABELS
from headoffice.errors import NotAllowedError
from headoffice.registry import ONLINE_STORE
from headoffice.tables.schema import stores

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from headoffice.desk.visit import Visit

#: Stores or clerks on one page; the others are found by their names.
MOST_LISTED = 200


def options(connection: Connection, visit: Visit, *, every: bool = False) -> list[tuple[str, str]]:
    """Return id and name of each store that this person may choose.

    ``every``: all of them is the first choice, and where this person sees them all, customers' own pages are the last.
    """
    found = select(stores.c.id, stores.c.name).where(stores.c.id != ONLINE_STORE).order_by(stores.c.name, stores.c.id)
    if visit.person.stores is not None:
        found = found.where(stores.c.id.in_(visit.person.stores))
    chosen = [(row.id, row.name) for row in connection.execute(found)]
    if not every:
        return chosen
    pages = [(ONLINE_STORE, said("online", visit.lang))] if visit.person.stores is None else []
    return [("", LABELS[visit.lang]["all_stores"]), *chosen, *pages]


def narrowed(rows: list[dict[str, Any]], asked: str, *names: str) -> list[dict[str, Any]]:
    """Return the first of a long list of stores or clerks in whose columns a few words are found."""
    words = asked.casefold()
    return [row for row in rows if any(words in str(row[name]).casefold() for name in names)][:MOST_LISTED]


def require_own(visit: Visit, wanted: Iterable[str]) -> None:
    """Raise NotAllowedError where one of these stores is none of this person's."""
    if others := [store for store in wanted if not visit.person.sees(store)]:
        msg = f"{', '.join(others)}: not a store of yours"
        raise NotAllowedError(msg)
