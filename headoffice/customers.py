"""What the head office knows of customers, how little of it people are shown, and how it is forgotten.

A customer is known by what the shop has called them, mostly a telephone number, and by that alone: it stands with the
wallet that their vouchers are in. Once it is forgotten the vouchers stay whose they are, and nobody knows who that is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from headoffice.page_tables import holdings, wallets

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

_HEAD, _TAIL = 3, 4
_SHORT = _HEAD + _TAIL


def hidden(customer: str) -> str:
    """Return as much of a customer's name or number as tells two apart: ``138****5678``."""
    if len(customer) <= _SHORT:
        return f"{customer[:1]}***"
    return f"{customer[:_HEAD]}****{customer[-_TAIL:]}"


def customer_of(connection: Connection, voucher: str) -> str | None:
    """Return whose a voucher is; None where nobody knows."""
    found = select(wallets.c.customer).join(holdings, holdings.c.wallet == wallets.c.id)
    return connection.execute(found.where(holdings.c.voucher == voucher)).scalar()


def forget(connection: Connection, voucher: str) -> bool:
    """Forget whose a voucher is, and all others in the same wallet; whether somebody was known."""
    wallet = select(holdings.c.wallet).where(holdings.c.voucher == voucher).scalar_subquery()
    gone = update(wallets).where(wallets.c.id == wallet, wallets.c.customer.is_not(None)).values(customer=None)
    return bool(connection.execute(gone).rowcount)


def forget_old(connection: Connection, before: datetime) -> int:
    """Forget every customer to whom the last voucher came before this; return how many they were."""
    fresh = select(holdings.c.voucher).where(holdings.c.wallet == wallets.c.id, holdings.c.at >= before).exists()
    old = update(wallets).where(wallets.c.customer.is_not(None), wallets.c.at < before, ~fresh)
    return connection.execute(old.values(customer=None)).rowcount
