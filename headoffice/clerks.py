"""Clerks: number, name, PIN and badge, and the stores where each works.

Only hashes of PIN and badge are kept; both are shown once, when the clerk is made.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, update

from headoffice.errors import NotFoundError, TakenError
from headoffice.registry import known_stores
from headoffice.schema import clerk_stores, clerks, gateway_stores
from protocol.classify import BADGE_PREFIX
from protocol.pins import PIN_DIGITS, hash_pin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

FIRST_NUMBER = 1001


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is handed to a clerk, once, and what is kept of it."""

    pin: str
    badge: str
    """The text of the badge's QR."""
    pin_hash: str
    badge_digest: bytes


def draw_secrets() -> Secrets:
    """Return a random PIN and badge. It takes a moment, so not while the database waits."""
    pin = "".join(secrets.choice("0123456789") for _ in range(PIN_DIGITS))
    badge = BADGE_PREFIX + secrets.token_hex(16).upper()
    # The badge's 128 random bits need no salt, and are looked up by what is kept of them.
    return Secrets(pin, badge, hash_pin(pin), hashlib.sha256(badge.encode()).digest())


def add_clerk(connection: Connection, number: str | None, name: str, works_at: Iterable[str], drawn: Secrets) -> str:
    """Add a clerk and return the number: the given one, else the next free one. Raises TakenError, RefusedError."""
    where = known_stores(connection, works_at)
    given = number or _next_number(connection)
    if connection.execute(select(clerks.c.number).where(clerks.c.number == given)).first() is not None:
        msg = f"clerk number {given} is taken"
        raise TakenError(msg)
    connection.execute(
        insert(clerks),
        {
            "number": given,
            "name": name,
            "pin_hash": drawn.pin_hash,
            "badge_digest": drawn.badge_digest,
            "disabled": False,
        },
    )
    if where:
        connection.execute(insert(clerk_stores), [{"clerk": given, "store": store} for store in where])
    return given


def put_clerk(connection: Connection, number: str, name: str, works_at: Iterable[str], *, disabled: bool) -> None:
    """Change what is known of a clerk, and where they work; raise NotFoundError, RefusedError."""
    where = known_stores(connection, works_at)
    _change(connection, number, name=name, disabled=disabled)
    connection.execute(delete(clerk_stores).where(clerk_stores.c.clerk == number))
    if where:
        connection.execute(insert(clerk_stores), [{"clerk": number, "store": store} for store in where])


def reset_clerk(connection: Connection, number: str, drawn: Secrets) -> None:
    """Give a clerk a new PIN and badge; the old ones are nobody's from now on. Raises NotFoundError."""
    _change(connection, number, pin_hash=drawn.pin_hash, badge_digest=drawn.badge_digest)


def _change(connection: Connection, number: str, **values: object) -> None:
    if not connection.execute(update(clerks).where(clerks.c.number == number).values(**values)).rowcount:
        msg = f"there is no clerk {number}; GET /api/v1/clerks lists them"
        raise NotFoundError(msg)


def all_clerks(connection: Connection) -> list[dict[str, Any]]:
    """Return every clerk with the stores where each works, without secrets."""
    found: dict[str, dict[str, Any]] = {
        row.number: {"number": row.number, "name": row.name, "disabled": row.disabled, "stores": []}
        for row in connection.execute(
            select(clerks.c.number, clerks.c.name, clerks.c.disabled).order_by(clerks.c.number)
        )
    }
    for row in connection.execute(select(clerk_stores).order_by(clerk_stores.c.store)):
        found[row.clerk]["stores"].append(row.store)
    return list(found.values())


def clerks_of(connection: Connection, gateway: str) -> list[dict[str, Any]]:
    """Return the clerks of the stores that a gateway speaks for, with what it needs to know them by."""
    found: dict[str, dict[str, Any]] = {}
    for row in connection.execute(
        select(clerks, clerk_stores.c.store)
        .join(clerk_stores, clerk_stores.c.clerk == clerks.c.number)
        .join(gateway_stores, gateway_stores.c.store == clerk_stores.c.store)
        .where(gateway_stores.c.gateway == gateway)
        .order_by(clerks.c.number, clerk_stores.c.store)
    ):
        clerk = {
            "number": row.number,
            "name": row.name,
            "badge": row.badge_digest.hex(),
            "pin": row.pin_hash,
            "disabled": row.disabled,
            "stores": [],
        }
        found.setdefault(row.number, clerk)["stores"].append(row.store)
    return list(found.values())


def _next_number(connection: Connection) -> str:
    count = connection.execute(select(func.count()).select_from(clerks)).scalar_one()
    taken = set(connection.execute(select(clerks.c.number)).scalars())
    return next(number for at in range(count + 1) if (number := str(FIRST_NUMBER + at)) not in taken)
