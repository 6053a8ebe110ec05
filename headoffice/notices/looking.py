"""Notices as people look at them: what waits, what was sent, and what is not sent any more, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text, update

from headoffice.errors import NotFoundError
from headoffice.notices.kinds import Channel, occasion_of
from headoffice.outbox.telling import State
from headoffice.tables.outbox import IS_NOTICE, deliveries

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

_IS_NOTICE = text(IS_NOTICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which notices; None: any."""

    state: State | None = None
    channel: Channel | None = None
    voucher: str | None = None
    most: int = 100


def listed(connection: Connection, wanted: Wanted) -> list[dict[str, Any]]:
    """Return the newest notices, the oldest of them first."""
    asked = {
        deliveries.c.state: wanted.state,
        deliveries.c.webhook: wanted.channel,
        deliveries.c.subject: wanted.voucher,
    }
    chosen = [column == value for column, value in asked.items() if value is not None]
    newest = select(deliveries).where(_IS_NOTICE, *chosen).order_by(deliveries.c.id.desc()).limit(wanted.most)
    return [_told(row) for row in reversed(connection.execute(newest).mappings().all())]


def again(connection: Connection, event: str, at: datetime) -> dict[str, Any]:
    """Have a notice tried at once that was not sent, and return it; raise NotFoundError."""
    here = deliveries.c.event == event, _IS_NOTICE, deliveries.c.state.in_([State.WAITING, State.DROPPED])
    fresh = {"state": State.WAITING, "since": at, "due": at, "tries": 0}
    connection.execute(update(deliveries).where(*here).values(**fresh))
    row = connection.execute(select(deliveries).where(*here)).mappings().first()
    if row is None:
        msg = f"there is no notice {event} that was not sent; GET /api/v1/notices lists them"
        raise NotFoundError(msg)
    return _told(row)


def _told(row: RowMapping) -> dict[str, Any]:
    same = {name: row[name] for name in ("at", "state", "tries")}
    return {
        **same,
        "id": row["event"],
        "occasion": occasion_of(row["type"]),
        "channel": Channel(row["webhook"]),
        "voucher": row["subject"],
        "due": row["due"] if row["state"] == State.WAITING else None,
        "sent_at": row["delivered_at"],
        "why": row["error"],
    }
