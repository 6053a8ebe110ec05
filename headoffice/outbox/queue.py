"""Deliveries as the books keep them: which is tried next, and what came of it.

Several head offices deliver from one database. Who takes a delivery moves its next try behind the time in which this
one can be under way, in a transaction of its own; where the process then dies, another tries it again. A delivery is
taken only once everything of the same subject that was written before it has arrived.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, exists, literal_column, select, update

from headoffice.outbox.telling import State
from headoffice.tables.outbox import deliveries
from headoffice.tables.schema import clerks, stores, voucher_types, vouchers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ColumnElement, Connection

#: A try takes less than that, and clocks of several head offices differ by less than the rest.
TAKEN_FOR = timedelta(seconds=60)
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 900.0
#: After so long, and so many tries, a person has to look at it.
PARKED_AFTER = timedelta(days=3)
LEAST_TRIES = 10
#: What has arrived can be told again for so long, and what was dropped be looked at.
KEPT = timedelta(days=14)
PURGED_AT_ONCE = 1_000
LONGEST_ERROR = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event for one webhook, on its way."""

    id: int
    webhook: str
    event: str
    tries: int
    """This one counted."""
    since: datetime
    row: dict[str, Any]
    """Its columns, with the names of what it is about."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a try; ``error`` None: it has arrived."""

    delivery: Delivery
    error: str | None
    over: bool = False
    """Nothing is tried any more: the error says why."""
    again_at: datetime | None = None
    """When it is tried again; None: after a pause that grows with the tries."""
    instead: str | None = None
    """The lane in which it is tried from now on, at once; None: the same."""

    @property
    def failed(self) -> bool:
        """Whether the receiver is to blame, so that others to it would fare no better."""
        return self.error is not None and not self.over and self.again_at is None and self.instead is None


#: Word for word as the partial indexes have them: SQLite uses those for no other condition.
_WAITING = deliveries.c.state == literal_column(f"'{State.WAITING}'")
_earlier = deliveries.alias()
_FREE = ~exists().where(
    _earlier.c.webhook == deliveries.c.webhook,
    _earlier.c.subject == deliveries.c.subject,
    _earlier.c.id < deliveries.c.id,
    _earlier.c.state != literal_column(f"'{State.DELIVERED}'"),
    _earlier.c.state != literal_column(f"'{State.DROPPED}'"),
)
_DUE = (
    select(deliveries.c.id)
    .where(_WAITING, deliveries.c.webhook == bindparam("webhook"), deliveries.c.due <= bindparam("now"), _FREE)
    .order_by(deliveries.c.due, deliveries.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_NAMED = (
    select(
        deliveries,
        stores.c.name.label("store_name"),
        stores.c.timezone,
        clerks.c.name.label("clerk_name"),
        vouchers.c.code,
        vouchers.c.type.label("voucher_type"),
        voucher_types.c.title,
        voucher_types.c.kind,
    )
    .outerjoin(stores, stores.c.id == deliveries.c.store)
    .outerjoin(clerks, clerks.c.number == deliveries.c.clerk)
    .outerjoin(vouchers, vouchers.c.id == deliveries.c.subject)
    .outerjoin(voucher_types, voucher_types.c.id == vouchers.c.type)
    .order_by(deliveries.c.id)
)


def take(connection: Connection, webhook: str, most: int, now: datetime) -> list[Delivery]:
    """Take deliveries to a webhook that are to be tried now, at most one of a subject."""
    due = connection.execute(_DUE, {"webhook": webhook, "now": now, "most": most}).scalars().all()
    if not due:
        return []
    taken = deliveries.c.id.in_(due)
    connection.execute(update(deliveries).where(taken).values(due=now + TAKEN_FOR, tries=deliveries.c.tries + 1))
    return [
        Delivery(
            id=row["id"],
            webhook=row["webhook"],
            event=row["event"],
            tries=row["tries"],
            since=row["since"],
            row=dict(row),
        )
        for row in connection.execute(_NAMED.where(taken)).mappings()
    ]


def settle(
    connection: Connection, tried: Sequence[Tried], now: datetime, jitter: Callable[[], float] = random.random
) -> None:
    """Write down what came of deliveries that were taken.

    One that was taken again meanwhile, because this comes late, is only moved where it has arrived.
    """
    for outcome in tried:
        delivery = outcome.delivery
        this = deliveries.c.id == delivery.id
        if outcome.error is None:
            values: dict[str, Any] = {"state": State.DELIVERED, "delivered_at": now, "error": ""}
        else:
            this = and_(this, _WAITING, deliveries.c.tries == delivery.tries)
            values = {
                "state": _state_after(outcome, now),
                "due": outcome.again_at or now + timedelta(seconds=pause_s(delivery.tries, jitter())),
                "error": outcome.error[:LONGEST_ERROR],
            }
            if outcome.instead is not None:
                values |= {"webhook": outcome.instead, "due": now}
        connection.execute(update(deliveries).where(this).values(**values))


def _state_after(outcome: Tried, now: datetime) -> State:
    """Return what becomes of a delivery that has not arrived."""
    if outcome.over:
        return State.DROPPED
    delivery = outcome.delivery
    parked = delivery.tries >= LEAST_TRIES and now - delivery.since >= PARKED_AFTER
    return State.PARKED if parked else State.WAITING


def pause_s(tries: int, jitter: float) -> float:
    """Return how long to wait after so many tries: twice as long each time, and by chance up to half of it less."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(tries - 1, 20)) * (1 - jitter / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Which deliveries are made again: one event, what is parked, or what happened in some time."""

    event: str | None = None
    parked: bool = False
    since: datetime | None = None
    until: datetime | None = None


def replay(connection: Connection, webhook: str, again: Again, now: datetime) -> int:
    """Have deliveries made again, in the order in which they were written; return how many."""
    chosen: list[ColumnElement[bool]] = [deliveries.c.webhook == webhook]
    if again.event is not None:
        chosen.append(deliveries.c.event == again.event)
    if again.parked:
        chosen.append(deliveries.c.state == State.PARKED)
    if again.since is not None:
        chosen.append(deliveries.c.at >= again.since)
    if again.until is not None:
        chosen.append(deliveries.c.at < again.until)
    values = {"state": State.WAITING, "since": now, "due": now, "tries": 0, "delivered_at": None}
    return connection.execute(update(deliveries).where(*chosen).values(**values)).rowcount


def listed(
    connection: Connection, webhook: str, state: State | None, event: str | None, most: int
) -> list[dict[str, Any]]:
    """Return the newest deliveries to a webhook, with the names of what they are about."""
    chosen = [deliveries.c.webhook == webhook]
    if state is not None:
        chosen.append(deliveries.c.state == state)
    if event is not None:
        chosen.append(deliveries.c.event == event)
    newest = select(deliveries.c.id).where(*chosen).order_by(deliveries.c.id.desc()).limit(most)
    ids = connection.execute(newest).scalars().all()
    return [dict(row) for row in connection.execute(_NAMED.where(deliveries.c.id.in_(ids))).mappings()]


def purge(connection: Connection, now: datetime) -> int:
    """Forget some of what arrived, or was dropped, long ago; return how many rows."""
    old = (
        select(deliveries.c.id)
        .where(deliveries.c.at < now - KEPT, deliveries.c.state.in_([State.DELIVERED, State.DROPPED]))
        .order_by(deliveries.c.at)
        .limit(PURGED_AT_ONCE)
    )
    ids = connection.execute(old).scalars().all()
    return connection.execute(delete(deliveries).where(deliveries.c.id.in_(ids))).rowcount if ids else 0
