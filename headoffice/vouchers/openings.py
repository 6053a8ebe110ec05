"""Pages that show changing codes: opened by a tap, heard of while they are there, folded after five minutes.

A code is sixteen letters as every own code is, so its number can be read aloud and typed: eight name the opening, eight
are made of its key and the step (HMAC-SHA256, 40 bits). Nothing in it says which voucher it is.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, update

from headoffice.tables.pages import openings, shares
from headoffice.tables.schema import redemptions, uses
from headoffice.vouchers.codes import HALF, half_of, mint_half, understood
from protocol.showing import OFFER, OPEN, STEP, STEPS, Showing

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

_KEY_BYTES = 32
#: For so long a code says that it is stale, and not that nobody knows it.
_KEPT = timedelta(days=7)
_USE = (
    select(redemptions.c.at, redemptions.c.code_tail)
    .join(uses, uses.c.rid == redemptions.c.rid)
    .where(uses.c.voucher == bindparam("voucher"))
)
_FIND = select(openings).where(openings.c.id == bindparam("id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A page that shows codes, and the one that it shows now."""

    id: str
    code: str
    voucher: str
    showing: Showing


def open_page(connection: Connection, voucher: str, at: datetime, share: str | None = None) -> Opening:
    """Begin to show codes of a voucher; the caller has seen that it can be used. ``share``: on that friend's page."""
    connection.execute(delete(openings).where(openings.c.voucher == voucher, openings.c.opened_at < at - _KEPT))
    opening = {"id": mint_half(), "voucher": voucher, "key": secrets.token_bytes(_KEY_BYTES), "share": share}
    connection.execute(insert(openings), {**opening, "opened_at": at, "heard_at": at, "closed": False})
    row = connection.execute(_FIND, {"id": opening["id"]}).one()
    return _at_step(row, 0)


def hear(connection: Connection, voucher: str, opening: str, at: datetime) -> Opening | None:
    """Note that a page is still there and return what it shows now; None where it is to be folded."""
    row = connection.execute(_FIND.with_for_update(), {"id": opening}).first()
    if row is None or row.voucher != voucher:
        return None
    now = _at_step(row, (at - row.opened_at) // STEP)
    if not now.showing.is_open(at):
        return None
    connection.execute(update(openings).where(openings.c.id == opening).values(heard_at=at))
    return now


def close_page(connection: Connection, voucher: str, opening: str) -> None:
    """Note that a page is gone."""
    gone = update(openings).where(openings.c.id == opening, openings.c.voucher == voucher)
    connection.execute(gone.values(closed=True))


def opening_of(connection: Connection, code: str) -> Opening | None:
    """Return the opening of which this is a code, whether it still counts or not; None where it is of none."""
    meant = understood(code)
    row = None if meant is None else connection.execute(_FIND, {"id": meant[:HALF]}).first()
    if row is None:
        return None
    steps = (_at_step(row, step) for step in range(STEPS))
    return next((found for found in steps if hmac.compare_digest(found.code, str(meant))), None)


def friend_who_used(connection: Connection, voucher: str) -> str | None:
    """Return the name of the friend on whose page the code stood that spent a voucher.

    Empty: it stood on its owner's page. None: on none that is known, as where a manager typed the voucher's number.
    """
    use = connection.execute(_USE, {"voucher": voucher}).first()
    if use is None:
        return None
    then = openings.c.opened_at <= use.at, openings.c.opened_at > use.at - OPEN - OFFER
    pages = {
        row.share
        for row in connection.execute(select(openings).where(openings.c.voucher == voucher, *then))
        if any(_at_step(row, step).code.endswith(use.code_tail) for step in range(STEPS))
    }
    if len(pages) != 1:
        return None
    return connection.execute(select(shares.c.name).where(shares.c.token.in_(pages))).scalar() or ""


def _at_step(row: Row[*tuple[Any, ...]], step: int) -> Opening:
    made = hmac.digest(row.key, step.to_bytes(4), "sha256")
    showing = Showing(
        opened_at=row.opened_at, heard_at=row.heard_at, step_at=row.opened_at + step * STEP, closed=row.closed
    )
    return Opening(id=row.id, code=row.id + half_of(made), voucher=row.voucher, showing=showing)
