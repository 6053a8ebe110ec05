"""Reminds customers of vouchers that are about to expire: once each, by day, and only where there is a use left."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select, update

from headoffice.errors import DatabaseError
from headoffice.notices import queueing
from headoffice.notices.composing import next_morning, zone_of
from headoffice.tables.columns import Utc
from headoffice.tables.pages import contacts, holdings
from headoffice.tables.schema import uses, voucher_types, vouchers
from protocol.owner import VoucherState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from headoffice.database import Database
    from headoffice.workers import Workers

_log = logging.getLogger(__name__)

PERIOD_S = 300.0
#: Written down in one transaction.
AT_ONCE = 200

_REMINDING = select(voucher_types.c.id, voucher_types.c.notices, voucher_types.c.remind_days).where(
    voucher_types.c.remind_days.is_not(None), voucher_types.c.notices != ""
)
_SPENT = select(func.count()).where(uses.c.voucher == vouchers.c.id).scalar_subquery()
_EXPIRING = (
    select(vouchers.c.id, vouchers.c.valid_until, holdings.c.wallet, holdings.c.at)
    .join(holdings, holdings.c.voucher == vouchers.c.id)
    .where(
        vouchers.c.type == bindparam("type"),
        vouchers.c.valid_until > bindparam("now", type_=Utc()),
        vouchers.c.valid_until <= bindparam("latest", type_=Utc()),
        vouchers.c.state == VoucherState.ACTIVE,
        vouchers.c.uses > _SPENT,
        holdings.c.reminded_at.is_(None),
        select(contacts.c.wallet).where(contacts.c.wallet == holdings.c.wallet, contacts.c.ended_at.is_(None)).exists(),
    )
    .order_by(vouchers.c.valid_until, vouchers.c.id)
    .limit(AT_ONCE)
)
_HELD = _EXPIRING.with_for_update(of=holdings, skip_locked=True)


class Reminders:
    """Reminds for as long as the process runs. Several head offices remind of each voucher once."""

    def __init__(self, database: Database, workers: Workers, clock: Callable[[], datetime]) -> None:
        """Keep the parts; ``clock`` tells the time (with its offset)."""
        self._database = database
        self._workers = workers
        self._clock = clock

    async def start(self) -> None:
        """Nothing is to be made ready."""

    async def run(self) -> None:
        """Look for vouchers that are about to expire, again and again, until cancelled."""
        while True:
            try:
                for kind in await self._workers.read(self._due):
                    while many := await self._workers.write(self._remind, kind):
                        _log.info("event=reminders_written type=%s number=%s", kind.id, many)
            except DatabaseError as error:
                _log.error("event=reminders_not_written error=%s", error)
            await asyncio.sleep(PERIOD_S)

    async def close(self) -> None:
        """Nothing is held open."""

    def round(self) -> int:
        """Write down what is to be reminded of now, and return how many vouchers were looked at."""
        return sum(iter(lambda: sum(self._remind(kind) for kind in self._due()), 0))

    def _due(self) -> list[Row[*tuple[Any, ...]]]:
        """Return the types of which there is something to do, and where it is day."""
        at = self._clock()

        def read(connection: Connection) -> list[Row[*tuple[Any, ...]]]:
            return [
                kind
                for kind in connection.execute(_REMINDING)
                if next_morning(at, zone_of(connection, kind.id)) is None
                and connection.execute(_EXPIRING, _asked(kind, at)).first() is not None
            ]

        return self._database.read(read)

    def _remind(self, kind: Row[*tuple[Any, ...]]) -> int:
        """Write down the next reminders of a type; return how many vouchers were looked at."""
        at = self._clock()

        def write(connection: Connection) -> int:
            found = connection.execute(_HELD, _asked(kind, at)).all()
            for row in found:
                # Whoever got it only then was told until when it is valid.
                if row.at <= row.valid_until - timedelta(days=kind.remind_days):
                    queueing.expiring(connection, row.id, at)
            done = update(holdings).where(holdings.c.voucher.in_([row.id for row in found]))
            connection.execute(done.values(reminded_at=at))
            return len(found)

        return self._database.write(write)


def _asked(kind: Row[*tuple[Any, ...]], at: datetime) -> dict[str, Any]:
    return {"type": kind.id, "now": at, "latest": at + timedelta(days=kind.remind_days)}
