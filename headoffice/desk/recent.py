"""The newest redemptions, undos and refusals, and the totals of a day: few rows, read along an index."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, null, select

from headoffice.tables.schema import clerks, redemptions, refusals, stores, voucher_types, vouchers
from protocol import days
from protocol.messages import Action
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from datetime import datetime, time

    from sqlalchemy import ColumnElement, Connection, Select, Table

MOST_ROWS = 60
MOST_REFUSALS = 300
_A_DAY = timedelta(days=1)
#: Of a chain without a store yet.
_ZONE = "Asia/Shanghai"
_SHARED = ("at", "verdict", "code_tail", "clerk", "method", "store", "voucher", "platform")
_OF_REDEMPTIONS = ("rid", "action", "quantity", "amount", "undone_by", "settled_at", "reason")


@dataclass(frozen=True, slots=True)
class Totals:
    """What a day came to so far."""

    redeemed: int
    received: int
    """Fen that were received with them, where an amount was recorded."""
    undone: int
    refused: int


def newest(connection: Connection, scope: frozenset[str] | None) -> list[dict[str, Any]]:
    """Return the newest of everything that happened at these stores (None: all), the newest first."""
    both = [*_rows(connection, redemptions, scope, MOST_ROWS), *_rows(connection, refusals, scope, MOST_ROWS)]
    return sorted(both, key=lambda row: row["at"], reverse=True)[:MOST_ROWS]


def newest_refusals(
    connection: Connection, scope: frozenset[str] | None, store: str, at: datetime
) -> list[dict[str, Any]]:
    """Return the newest refused looks, and the redemptions that a day has refused; ``store`` empty: of all in scope.

    Hardly any redemption is refused, so how far back they are looked for is bounded by time.
    """
    looks = _rows(connection, refusals, scope, MOST_REFUSALS, store)
    asked = select(redemptions).where(
        redemptions.c.verdict.not_in([Verdict.REDEEMED, Verdict.UNDONE, Verdict.ACCEPTED_OFFLINE]),
        redemptions.c.at > at - _A_DAY,
    )
    both = [*looks, *_rows(connection, redemptions, scope, MOST_REFUSALS, store, asked)]
    return sorted(both, key=lambda row: row["at"], reverse=True)[:MOST_REFUSALS]


def handed_over(connection: Connection, scope: frozenset[str] | None, before: datetime) -> list[dict[str, Any]]:
    """Return redemptions of two days of which nobody has said that the answer was seen (是否已交付)."""
    unsettled = select(redemptions).where(
        redemptions.c.verdict == Verdict.REDEEMED,
        redemptions.c.settled_at.is_(None),
        redemptions.c.undone_by.is_(None),
        redemptions.c.at < before,
        redemptions.c.at > before - 2 * _A_DAY,
    )
    return _rows(connection, redemptions, scope, MOST_ROWS, chosen=unsettled)


def of_voucher(connection: Connection, voucher: str) -> list[dict[str, Any]]:
    """Return what happened to a voucher at counters, the newest first."""
    both = [
        row
        for table in (redemptions, refusals)
        for row in _rows(connection, table, None, MOST_REFUSALS, chosen=select(table).where(table.c.voucher == voucher))
    ]
    return sorted(both, key=lambda row: row["at"], reverse=True)


def totals(connection: Connection, scope: frozenset[str] | None, at: datetime) -> Totals:
    """Return what today came to so far, at the stores in scope."""
    since = today(connection, scope, at)
    done = (
        select(
            func.count().filter(redemptions.c.undone_by.is_(None)),
            func.coalesce(func.sum(redemptions.c.amount).filter(redemptions.c.undone_by.is_(None)), 0),
            func.count().filter(redemptions.c.undone_by.is_not(None)),
        )
        .where(redemptions.c.at >= since, redemptions.c.verdict == Verdict.REDEEMED)
        .where(redemptions.c.action == Action.REDEEM)
    )
    refused = select(func.count()).select_from(refusals).where(refusals.c.at >= since)
    if scope is not None:
        done = done.where(redemptions.c.store.in_(scope))
        refused = refused.where(refusals.c.store.in_(scope))
    redeemed, received, undone = connection.execute(done).one()
    return Totals(redeemed, int(received), undone, connection.execute(refused).scalar_one())


def zone_of(connection: Connection, scope: frozenset[str] | None) -> ZoneInfo:
    """Return the time zone that most of these stores have."""
    return ZoneInfo(_commonest(connection, stores.c.timezone, scope) or _ZONE)


def today(connection: Connection, scope: frozenset[str] | None, at: datetime) -> datetime:
    """Return when today began, as the days of most of these stores begin."""
    zone, ends = zone_of(connection, scope), day_ends(connection, scope)
    return days.bounds(days.day_of(at, zone, ends), zone, ends)[0]


def day_ends(connection: Connection, scope: frozenset[str] | None) -> time:
    """Return when the business day of most of these stores ends."""
    return _commonest(connection, stores.c.day_ends, scope) or days.MIDNIGHT


def _commonest(connection: Connection, column: ColumnElement[Any], scope: frozenset[str] | None) -> Any:  # noqa: ANN401 - a column's
    found = select(column).group_by(column).order_by(func.count().desc(), column).limit(1)
    return connection.execute(found if scope is None else found.where(stores.c.id.in_(scope))).scalar()


def _rows(  # noqa: PLR0913, PLR0917 - what a list is narrowed by
    connection: Connection,
    table: Table,
    scope: frozenset[str] | None,
    most: int,
    store: str = "",
    chosen: Select[Any] | None = None,
) -> list[dict[str, Any]]:
    rows = (select(table) if chosen is None else chosen).order_by(table.c.at.desc()).limit(most)
    if scope is not None:
        rows = rows.where(table.c.store.in_(scope))
    if store:
        rows = rows.where(table.c.store == store)
    some = rows.subquery()
    names = _SHARED + _OF_REDEMPTIONS
    statement = (
        select(
            *(some.c[name] if name in some.c else null().label(name) for name in names),
            some.c.requester.label("kiosk"),
            stores.c.name.label("store_name"),
            stores.c.timezone,
            clerks.c.name.label("clerk_name"),
            voucher_types.c.title,
            voucher_types.c.kind,
        )
        .join(stores, stores.c.id == some.c.store)
        .outerjoin(clerks, clerks.c.number == some.c.clerk)
        .outerjoin(vouchers, vouchers.c.id == some.c.voucher)
        .outerjoin(voucher_types, voucher_types.c.id == vouchers.c.type)
        .order_by(some.c.at.desc())
    )
    found = connection.execute(statement).mappings()
    return [{**row, "at": row["at"].astimezone(ZoneInfo(row["timezone"]))} for row in found]
