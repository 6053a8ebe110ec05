"""Vouchers that are given away: a link that is good once, and the voucher that its receiver gets.

The receiver gets another voucher, with another number and another page: nothing that the giver has seen, copied or
photographed is worth anything then. The giver's own stays in the books as given, with its redemptions.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, insert, select, update

from headoffice.errors import NotAllowedError, NotFoundError
from headoffice.outbox.telling import tell_issued
from headoffice.tables.pages import gifts
from headoffice.tables.schema import vouchers
from headoffice.vouchers.codes import mint_code
from headoffice.vouchers.issued import change, held
from headoffice.vouchers.life import Coming, Objection, receive
from headoffice.vouchers.wallets import keep
from protocol.owner import VoucherState
from protocol.signed import read_signed

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from headoffice.vouchers.signing import Signer

_OFFERED = (
    select(vouchers.c.id, vouchers.c.code)
    .join(gifts, gifts.c.voucher == vouchers.c.id)
    .where(gifts.c.token == bindparam("token"))
)
_LINK = select(gifts.c.token).join(vouchers, vouchers.c.id == gifts.c.voucher).where(vouchers.c.code == bindparam("of"))


def link_of(connection: Connection, code: str) -> str | None:
    """Return the token of the link by which the voucher with this code is, or was, given away last."""
    found = connection.execute(_LINK, {"of": code}).scalar()
    return None if found is None else str(found)


def offered(connection: Connection, token: str) -> str | None:
    """Return the voucher that this link gives away, or has given; None: it never did, or another has replaced it."""
    row = connection.execute(_OFFERED, {"token": token}).first()
    return None if row is None else str(row.id)


def take(connection: Connection, token: str, wallet: str, at: datetime, signer: Signer | None = None) -> str:
    """Receive a gift into a wallet, and return the token of its new page.

    Raises NotFoundError, NotAllowedError, BehindError. Of two who follow the link, or of a receiver and a giver who
    takes it back, the one is first who holds the voucher's row first.
    """
    offer = connection.execute(_OFFERED, {"token": token}).first()
    if offer is None:
        msg = "this link gives nothing away, or another has replaced it"
        raise NotFoundError(msg)
    row, standing = held(connection, offer.code, at)
    if link_of(connection, offer.code) != token:
        msg = "the voucher was taken back and given away by another link meanwhile"
        raise NotAllowedError(msg)
    outcome = receive(standing)
    if isinstance(outcome, Objection):
        raise NotAllowedError(outcome.why)
    change(connection, row.id, Coming.RECEIVE, at, state=outcome)
    voucher = secrets.token_hex(16)
    fresh = {
        **row._mapping,  # noqa: SLF001 - SQLAlchemy's public name for it
        "id": voucher,
        "code": signer.code_of(voucher) if signer and read_signed(row.code) else mint_code(),
        "page_token": secrets.token_urlsafe(24),
        "state": VoucherState.ACTIVE,
        "uses": standing.left,
        "issued_at": at,
    }
    connection.execute(insert(vouchers), fresh)
    tell_issued(connection, vouchers, vouchers.c.id == voucher)
    connection.execute(update(gifts).where(gifts.c.voucher == row.id).values(became=voucher))
    keep(connection, wallet, voucher, at)
    return str(fresh["page_token"])
