"""Wallets (卡包): a customer's own vouchers under one secret address, without a password.

Whoever has a wallet's token has the vouchers in it. A customer whom the shop knows has one wallet; a browser in which
somebody claims or receives a voucher without being known has one of its own.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, insert, select, update

from headoffice.notices.queueing import came
from headoffice.registry import put
from headoffice.tables.pages import holdings, wallets
from headoffice.vouchers.customers import spellings

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

#: Vouchers that a wallet shows; the ones that came last.
MOST_SHOWN = 200

#: What ``mint_token`` makes: no wallet is under anything that is easier to guess.
TOKEN = re.compile(r"[\w-]{32}", re.ASCII)

_BY_TOKEN = select(wallets.c.id).where(wallets.c.token == bindparam("token"))
_IN_IT = (
    select(holdings.c.voucher)
    .where(holdings.c.wallet == bindparam("wallet"))
    .order_by(holdings.c.at.desc(), holdings.c.voucher)
    .limit(MOST_SHOWN)
)


def mint_token() -> str:
    """Return a token for a wallet: 192 random bits."""
    return secrets.token_urlsafe(24)


def wallet_with(connection: Connection, token: str) -> str | None:
    """Return the wallet under a token; None where there is none."""
    found = connection.execute(_BY_TOKEN, {"token": token}).scalar()
    return None if found is None else str(found)


def wallet_in(connection: Connection, token: str, at: datetime) -> str:
    """Return the wallet under a token that this head office has minted, made where there is none yet."""
    return wallet_with(connection, token) or _make(connection, token, None, at)


def wallet_of(connection: Connection, customer: str, at: datetime) -> str:
    """Return the wallet of a customer whom the shop knows, however they are written; made where there is none yet."""
    known = select(wallets.c.id).where(wallets.c.customer.in_(spellings(customer))).order_by(wallets.c.at)
    found = connection.execute(known).scalar()
    return str(found) if found is not None else _make(connection, mint_token(), customer, at)


def nameless(connection: Connection, at: datetime) -> str:
    """Return a fresh wallet of a customer whom nobody has named."""
    return _make(connection, mint_token(), None, at)


def wallet_holding(connection: Connection, voucher: str, at: datetime) -> str:
    """Return the wallet in which a voucher is; where it is in none, a fresh one."""
    found = connection.execute(select(holdings.c.wallet).where(holdings.c.voucher == voucher)).scalar()
    if found is not None:
        return str(found)
    wallet = nameless(connection, at)
    keep(connection, wallet, voucher, at)
    return wallet


def token_of(connection: Connection, wallet: str) -> str:
    """Return a wallet's token."""
    return str(connection.execute(select(wallets.c.token).where(wallets.c.id == wallet)).scalar_one())


def renew(connection: Connection, wallet: str) -> None:
    """Give a wallet another token: whoever has the old one has nothing any more."""
    connection.execute(update(wallets).where(wallets.c.id == wallet).values(token=mint_token()))


def keep(connection: Connection, wallet: str, voucher: str, at: datetime) -> None:
    """Put a voucher into a wallet; its customer hears of it where they want to."""
    put(connection, holdings, {"voucher": voucher}, {"wallet": wallet, "at": at})
    came(connection, voucher, at)


def vouchers_in(connection: Connection, wallet: str) -> list[str]:
    """Return the vouchers in a wallet, those that came last first."""
    return [str(voucher) for voucher in connection.execute(_IN_IT, {"wallet": wallet}).scalars()]


def holds(connection: Connection, token: str | None, voucher: str) -> bool:
    """Whether a voucher is in the wallet under a token."""
    here = holdings.c.voucher == voucher, holdings.c.wallet == wallets.c.id, wallets.c.token == token
    return token is not None and connection.execute(select(holdings.c.voucher).where(*here)).first() is not None


def _make(connection: Connection, token: str, customer: str | None, at: datetime) -> str:
    wallet = secrets.token_hex(16)
    connection.execute(insert(wallets), {"id": wallet, "token": token, "customer": customer, "at": at})
    return wallet
