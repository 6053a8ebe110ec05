"""One-time codes by which clerks set their own PINs, at a kiosk of one of their stores: the first one, or a new one.

Of a code only a hash is kept, of a PIN only the slow hash that a gateway has made. A code works once, for three days;
a newer one of the same clerk ends it.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from headoffice.errors import NotFoundError
from headoffice.staff.clerks import set_pin
from headoffice.tables.schema import activations, clerk_stores, clerks
from protocol.classify import ACTIVATION_PREFIX
from protocol.duty import Activated
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from protocol.duty import AskActivate

VALID = timedelta(days=3)
_BYTES = 16


@dataclass(frozen=True, slots=True)
class Activation:
    """What is handed to a clerk, once: the text of the code's QR, and until when it works."""

    number: str
    name: str
    code: str
    until: datetime


def issue(connection: Connection, number: str, at: datetime) -> Activation:
    """Make a clerk's one-time code; an earlier one is nobody's from now on. Raises NotFoundError."""
    name = connection.execute(select(clerks.c.name).where(clerks.c.number == number)).scalar()
    if name is None:
        msg = f"there is no clerk {number}; GET /api/v1/clerks lists them"
        raise NotFoundError(msg)
    made = Activation(number, name, ACTIVATION_PREFIX + secrets.token_hex(_BYTES).upper(), at + VALID)
    revoke(connection, number)
    digest = hashlib.sha256(made.code.encode()).digest()
    connection.execute(insert(activations), {"clerk": number, "code_digest": digest, "until": made.until})
    return made


def revoke(connection: Connection, number: str) -> None:
    """Let a clerk's one-time code, if there is one, work no more."""
    connection.execute(delete(activations).where(activations.c.clerk == number))


def activate(connection: Connection, ask: AskActivate, at: datetime) -> Activated:
    """Say whose code is shown; where a PIN comes with it, spend the code and set that.

    What was set is not set again: a repeat of the very same, whose answer was lost, is answered alike.
    """
    found = (
        select(activations, clerks.c.name, clerks.c.disabled)
        .join(clerks, clerks.c.number == activations.c.clerk)
        .where(activations.c.code_digest == bytes.fromhex(ask.code))
        .with_for_update(of=activations)
    )
    row = connection.execute(found).first()
    if row is None or (row.pin_hash is None and at >= row.until) or row.pin_hash not in {None, ask.pin}:
        return Activated(verdict=Verdict.BAD_CODE)
    if row.disabled:
        return Activated(verdict=Verdict.CLERK_DISABLED)
    here = clerk_stores.c.clerk == row.clerk, clerk_stores.c.store == ask.store
    if connection.execute(select(clerk_stores.c.clerk).where(*here)).first() is None:
        return Activated(verdict=Verdict.CLERK_WRONG_STORE)
    if ask.pin is not None and row.pin_hash is None:
        connection.execute(update(activations).where(activations.c.clerk == row.clerk).values(pin_hash=ask.pin))
        set_pin(connection, row.clerk, ask.pin)
    return Activated(clerk=row.clerk, name=row.name)
