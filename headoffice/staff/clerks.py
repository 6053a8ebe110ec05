"""Clerks: number, name, PIN and badge, and the stores where each works.

Only hashes of PIN and badge are kept; both are shown once, when the clerk is made.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, update

from headoffice.errors import NotFoundError, TakenError
from headoffice.registry import known_stores
from headoffice.tables.schema import activations, clerk_stores, clerks, gateway_stores
from protocol.classify import BADGE_PREFIX
from protocol.pins import NO_PIN, PIN_DIGITS, hash_pin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

FIRST_NUMBER = 1001


class Role(StrEnum):
    """What a clerk may do beside redeeming: a manager approves what others do."""

    CLERK = "clerk"
    MANAGER = "manager"


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
    badge = _draw_badge()
    return Secrets(pin, badge, hash_pin(pin), _digest(badge))


def without_pin() -> Secrets:
    """Return what is kept of a clerk who sets the PIN alone: no PIN is theirs yet."""
    badge = _draw_badge()
    return Secrets("", badge, NO_PIN, _digest(badge))


def new_badge(connection: Connection, number: str) -> str:
    """Give a clerk a new badge and return its text; the old one is nobody's from now on. Raises NotFoundError."""
    badge = _draw_badge()
    change_clerk(connection, number, badge_digest=_digest(badge))
    return badge


def _draw_badge() -> str:
    return BADGE_PREFIX + secrets.token_hex(16).upper()


def _digest(badge: str) -> bytes:
    # Its 128 random bits need no salt, and are looked up by what is kept of them.
    return hashlib.sha256(badge.encode()).digest()


def add_clerk(  # noqa: PLR0913, PLR0917 - all that is known of a clerk
    connection: Connection,
    number: str | None,
    name: str,
    works_at: Iterable[str],
    drawn: Secrets,
    role: Role = Role.CLERK,
) -> str:
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
            "role": role,
        },
    )
    if where:
        connection.execute(insert(clerk_stores), [{"clerk": given, "store": store} for store in where])
    return given


def put_clerk(connection: Connection, number: str, works_at: Iterable[str], **known: object) -> None:
    """Change what is ``known`` of a clerk (name, role, disabled), and where they work.

    Raises NotFoundError, RefusedError.
    """
    where = known_stores(connection, works_at)
    change_clerk(connection, number, **known)
    connection.execute(delete(clerk_stores).where(clerk_stores.c.clerk == number))
    if where:
        connection.execute(insert(clerk_stores), [{"clerk": number, "store": store} for store in where])


def reset_clerk(connection: Connection, number: str, drawn: Secrets) -> None:
    """Give a clerk a new PIN and badge; the old ones, and a one-time code, count no more. Raises NotFoundError."""
    change_clerk(connection, number, pin_hash=drawn.pin_hash, badge_digest=drawn.badge_digest)
    connection.execute(delete(activations).where(activations.c.clerk == number))


def set_pin(connection: Connection, number: str, pin_hash: str) -> None:
    """Keep the hash of the PIN that a clerk has chosen. Raises NotFoundError."""
    change_clerk(connection, number, pin_hash=pin_hash)


def find_clerk(connection: Connection, number: str | None) -> dict[str, Any] | None:
    """Return what is known of a clerk (name, role, disabled); None where there is none of this number."""
    found = select(clerks.c.name, clerks.c.role, clerks.c.disabled).where(clerks.c.number == number)
    row = connection.execute(found).mappings().first()
    return None if row is None else dict(row)


def change_clerk(connection: Connection, number: str, **values: object) -> None:
    """Change columns of a clerk's row. Raises NotFoundError."""
    if not connection.execute(update(clerks).where(clerks.c.number == number).values(**values)).rowcount:
        msg = f"there is no clerk {number}; GET /api/v1/clerks lists them"
        raise NotFoundError(msg)


def all_clerks(connection: Connection) -> list[dict[str, Any]]:
    """Return every clerk with the stores where each works, without secrets."""
    found: dict[str, dict[str, Any]] = {
        row.number: {**row._mapping, "stores": []}  # noqa: SLF001 - SQLAlchemy's own name for it
        for row in connection.execute(
            select(clerks.c.number, clerks.c.name, clerks.c.role, clerks.c.disabled).order_by(clerks.c.number)
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
            "manager": row.role == Role.MANAGER,
            "stores": [],
        }
        found.setdefault(row.number, clerk)["stores"].append(row.store)
    return list(found.values())


def _next_number(connection: Connection) -> str:
    count = connection.execute(select(func.count()).select_from(clerks)).scalar_one()
    taken = set(connection.execute(select(clerks.c.number)).scalars())
    return next(number for at in range(count + 1) if (number := str(FIRST_NUMBER + at)) not in taken)
