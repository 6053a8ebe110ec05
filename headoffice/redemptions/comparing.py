"""A day's redemptions told to the gateway that compares them with its journal, and what it has found, kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import select, tuple_

from headoffice.registry import put
from headoffice.tables.comparison import comparisons
from headoffice.tables.schema import gateway_stores, redemptions, stores
from protocol import days
from protocol.comparing import AskRecorded, Differing, Recorded, Recordings, TellDiffering
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from datetime import date, datetime

    from sqlalchemy import Connection

    from headoffice.redemptions.standing import Peer

#: Of some 110 bytes each; a message has 16 KiB.
TOLD_AT_ONCE = 120
#: Comparisons that a person is shown, the newest day first.
MOST_LISTED = 1000

_LISTED = msgspec.json.Decoder(tuple[Differing, ...])
_COLUMNS = (redemptions.c.rid, redemptions.c.verdict, redemptions.c.undone_by)


def recorded(connection: Connection, peer: Peer, ask: AskRecorded) -> Recordings:
    """Return how rids of a store's day have ended that came through this gateway, a page of them; or these rids.

    Who names a rid has it in its journal. Its store there is another one than here where a kiosk that was moved has
    brought what was accepted elsewhere.
    """
    here = (
        select(stores.c.timezone, stores.c.day_ends)
        .join(gateway_stores, gateway_stores.c.store == stores.c.id)
        .where(gateway_stores.c.gateway == peer.id, stores.c.id == ask.store)
    )
    store = connection.execute(here).first()
    if store is None:
        return Recordings(last=True)  # of another's store nothing is told
    if ask.of:
        named = select(*_COLUMNS).where(redemptions.c.rid.in_(ask.of))
        return Recordings(records=_read(connection, named), last=True)
    found = select(*_COLUMNS).where(redemptions.c.store == ask.store)
    begin, end = days.bounds(ask.day, ZoneInfo(store.timezone), store.day_ends)
    found = found.where(redemptions.c.gateway == peer.id, redemptions.c.at >= begin, redemptions.c.at < end)
    if ask.after is not None:
        last = select(redemptions.c.at).where(redemptions.c.rid == ask.after).scalar_subquery()
        found = found.where(tuple_(redemptions.c.at, redemptions.c.rid) > tuple_(last, ask.after))
    records = _read(connection, found.order_by(redemptions.c.at, redemptions.c.rid).limit(TOLD_AT_ONCE))
    return Recordings(records=records, last=len(records) < TOLD_AT_ONCE)


def keep(connection: Connection, peer: Peer, told: TellDiffering, at: datetime) -> None:
    """Keep what a gateway has found, in place of what it had found of that day before."""
    mine = select(gateway_stores).where(gateway_stores.c.gateway == peer.id, gateway_stores.c.store == told.store)
    if connection.execute(mine).first() is None:
        return
    values = {
        "at": at,
        "compared": told.compared,
        "differing": told.count,
        "listed": msgspec.json.encode(told.differing).decode(),
    }
    put(connection, comparisons, {"gateway": peer.id, "store": told.store, "day": told.day}, values)


def found(connection: Connection, store: str | None, day: date | None) -> list[dict[str, Any]]:
    """Return the newest comparison of each day, the newest day first; ``listed`` as Differing."""
    statement = select(comparisons).order_by(comparisons.c.day.desc(), comparisons.c.store, comparisons.c.gateway)
    if store is not None:
        statement = statement.where(comparisons.c.store == store)
    if day is not None:
        statement = statement.where(comparisons.c.day == day)
    rows = connection.execute(statement.limit(MOST_LISTED)).mappings()
    return [{**row, "listed": _LISTED.decode(row["listed"])} for row in rows]


def _read(connection: Connection, statement: Any) -> tuple[Recorded, ...]:  # noqa: ANN401 - a select of _COLUMNS
    return tuple(
        Recorded(rid=row.rid, verdict=Verdict(row.verdict), undone_by=row.undone_by)
        for row in connection.execute(statement)
    )
