"""What the head office knows of customers, how little of it people are shown, and how it is forgotten.

A customer is known by what the shop has called them, mostly a telephone number, and by how they want to be reached:
both stand with the wallet that their vouchers are in. Once that is forgotten the vouchers stay whose they are, and
nobody knows who that is.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING

from sqlalchemy import or_, select, update

from headoffice.errors import DatabaseError
from headoffice.notices import contacts
from headoffice.redemptions import parcels
from headoffice.tables.pages import holdings, wallets

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from headoffice.database import Database
    from headoffice.workers import Workers

_log = logging.getLogger(__name__)

PERIOD_S = 3600.0
_HEAD, _TAIL = 3, 4
_SHORT = _HEAD + _TAIL
#: A mainland mobile number, with or without its country, once blanks and hyphens are out.
_MOBILE = re.compile(r"(?:\+?86|0086)?(1\d{10})")
_GAPS = re.compile(r"[\s-]")


def hidden(customer: str) -> str:
    """Return as much of a customer's name or number as tells two apart: ``138****5678``."""
    if len(customer) <= _SHORT:
        return f"{customer[:1]}***"
    return f"{customer[:_HEAD]}****{customer[-_TAIL:]}"


def spellings(asked: str) -> set[str]:
    """Return how a shop may have written the customer who is asked for: a mobile number in each of its usual ways.

    Few words that an index finds, where a comparison that ignores blanks would read every customer.
    """
    bare = _GAPS.sub("", asked)
    found = {asked, bare}
    if mobile := _MOBILE.fullmatch(bare):
        number = mobile[1]
        parts = number[:3], number[3:7], number[7:]
        alone = {number, " ".join(parts), "-".join(parts)}
        found |= alone | {f"{country}{one}" for country in ("+86", "+86 ", "+86-", "86", "0086") for one in alone}
    return found


def customer_of(connection: Connection, voucher: str) -> str | None:
    """Return whose a voucher is; None where nobody knows."""
    found = select(wallets.c.customer).join(holdings, holdings.c.wallet == wallets.c.id)
    return connection.execute(found.where(holdings.c.voucher == voucher)).scalar()


def forget(connection: Connection, voucher: str) -> bool:
    """Forget whose a voucher is, how they are reached, and the same of all that the same customer has, however written.

    Returns whether anything was known.
    """
    holder = connection.execute(select(holdings.c.wallet).where(holdings.c.voucher == voucher)).scalar()
    customer = customer_of(connection, voucher)
    theirs = wallets.c.id == holder
    if customer is not None:
        theirs = or_(theirs, wallets.c.customer.in_(spellings(customer)))
    of = select(holdings.c.voucher).join(wallets, wallets.c.id == holdings.c.wallet).where(theirs)
    parcels.forget(connection, connection.execute(of).scalars().all())
    reached = contacts.forget(connection, select(wallets.c.id).where(theirs))
    connection.execute(update(wallets).where(theirs).values(customer=None))
    return customer is not None or reached > 0


def forget_old(connection: Connection, before: datetime) -> int:
    """Forget every customer to whom the last voucher came before this; return how many they were."""
    fresh = select(holdings.c.voucher).where(holdings.c.wallet == wallets.c.id, holdings.c.at >= before).exists()
    parcels.forget_old(connection, before)
    old = wallets.c.at < before, ~fresh
    contacts.forget(connection, select(wallets.c.id).where(*old))
    named = update(wallets).where(wallets.c.customer.is_not(None), *old)
    return connection.execute(named.values(customer=None)).rowcount


class Forgetting:
    """Forgets customers as long after their last voucher as the merchant has set, for as long as the process runs."""

    def __init__(self, database: Database, workers: Workers, clock: Callable[[], datetime], keep: timedelta) -> None:
        """Keep the parts; ``keep`` is how long after the last voucher a customer is known."""
        self._database = database
        self._workers = workers
        self._clock = clock
        self._keep = keep

    async def start(self) -> None:
        """Nothing is to be made ready."""

    async def run(self) -> None:
        """Forget whose time has come, again and again, until cancelled."""
        while True:
            try:
                many = await self._workers.write(self.round)
                _log.info("event=customers_forgotten number=%s", many)
            except DatabaseError as error:
                _log.error("event=customers_not_forgotten error=%s", error)
            await asyncio.sleep(PERIOD_S)

    async def close(self) -> None:
        """Nothing is held open."""

    def round(self) -> int:
        """Forget once, and return how many were forgotten."""
        before = self._clock() - self._keep
        return self._database.write(lambda connection: forget_old(connection, before))
