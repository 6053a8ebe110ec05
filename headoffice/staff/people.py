"""Who may use the desk: made by others, let in by a link that works once, slowed down after wrong passwords."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, or_, select, update

from headoffice.errors import NotAllowedError, NotFoundError, RefusedError, TakenError
from headoffice.registry import known_stores
from headoffice.staff.roles import RIGHTS, Right, Role
from headoffice.tables.desk import desk_sessions, people, person_links, person_stores

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection

LINK_FOR = timedelta(hours=48)
#: Wrong passwords that cost nothing; each one after them doubles the pause.
FREE_TRIES = 3
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(hours=1)
SESSION_FOR = timedelta(hours=12)
IDLE_FOR = timedelta(hours=2)

_LOGIN = re.compile(r"[a-z][a-z0-9.-]{0,62}")
_ADMINISTRATORS = (
    select(people.c.login)
    .where(people.c.role == Role.ADMINISTRATOR, people.c.disabled.is_(False))
    .order_by(people.c.login)
)
_FIRST_LINKS = select(person_links.c.digest).where(person_links.c.person.is_(None)).order_by(person_links.c.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who is signed in; ``stores`` None means all of the chain's."""

    login: str
    name: str
    role: Role
    stores: frozenset[str] | None

    def may(self, right: Right) -> bool:
        """Whether this person has a right."""
        return right in RIGHTS[self.role]

    def sees(self, store: str) -> bool:
        """Whether a store is one of theirs."""
        return self.stores is None or store in self.stores


def checked_login(login: str) -> str:
    """Return a login as it is kept; raise RefusedError. It begins with a letter: clerks are called by numbers."""
    if not _LOGIN.fullmatch(found := login.casefold()):
        msg = "a login is a letter, then letters, digits, dots and dashes, such as li.lei"
        raise RefusedError(msg)
    return found


def digest_of(token: str) -> bytes:
    """Return what is kept of a link or a cookie; 256 random bits need no salt."""
    return hashlib.sha256(token.encode()).digest()


# --- people -----------------------------------------------------------------------------------------------------------


def add_person(connection: Connection, login: str, name: str, role: Role, works_at: Iterable[str]) -> None:
    """Add a person, who comes in once they have followed a link; raise TakenError, RefusedError."""
    if connection.execute(select(people.c.login).where(people.c.login == login)).first() is not None:
        msg = f"{login} is there already"
        raise TakenError(msg)
    row = {"login": login, "name": name, "role": role, "disabled": False, "failures": 0}
    connection.execute(insert(people), row)
    _bind(connection, login, role, works_at)


def put_person(  # noqa: PLR0913 - a row's columns
    connection: Connection, login: str, name: str, role: Role, works_at: Iterable[str], *, disabled: bool
) -> None:
    """Change what a person is; raise NotFoundError, RefusedError, NotAllowedError. Who is disabled is signed out."""
    # Held, so that of two administrators who remove each other one is second, and refused.
    connection.execute(_ADMINISTRATORS.with_for_update()).all()
    changed = update(people).where(people.c.login == login).values(name=name, role=role, disabled=disabled)
    if not connection.execute(changed).rowcount:
        raise NotFoundError(_nobody(login))
    if not any_administrator(connection):
        msg = f"{login} is the last administrator; make another one first"
        raise NotAllowedError(msg)
    _bind(connection, login, role, works_at)
    if disabled:
        sign_out_everywhere(connection, login)
        connection.execute(delete(person_links).where(person_links.c.person == login))


def all_people(connection: Connection) -> list[dict[str, Any]]:
    """Return everybody with their stores, without secrets."""
    found: dict[str, dict[str, Any]] = {
        row.login: {**row._mapping, "came": row.password_hash is not None, "stores": []}  # noqa: SLF001 - its public name
        for row in connection.execute(select(people).order_by(people.c.login))
    }
    for row in connection.execute(select(person_stores).order_by(person_stores.c.store)):
        found[row.person]["stores"].append(row.store)
    for one in found.values():
        del one["password_hash"]
    return list(found.values())


def any_administrator(connection: Connection) -> bool:
    """Whether somebody can let others in."""
    return connection.execute(_ADMINISTRATORS.limit(1)).first() is not None


def _bind(connection: Connection, login: str, role: Role, works_at: Iterable[str]) -> None:
    where = known_stores(connection, works_at) if role is Role.MANAGER else []
    if role is Role.MANAGER and not where:
        msg = "a store manager is one of at least one store"
        raise RefusedError(msg)
    connection.execute(delete(person_stores).where(person_stores.c.person == login))
    if where:
        connection.execute(insert(person_stores), [{"person": login, "store": store} for store in where])


# --- links ------------------------------------------------------------------------------------------------------------


def make_link(connection: Connection, login: str | None, at: datetime) -> str:
    """Return a token that sets a password once; raise NotFoundError. None: it makes the first administrator."""
    if login is None:
        if any_administrator(connection):
            msg = "there is an administrator, who lets others in; `hexiao headoffice invite LOGIN` helps one in again"
            raise NotAllowedError(msg)
    elif connection.execute(select(people.c.login).where(people.c.login == login)).first() is None:
        raise NotFoundError(_nobody(login))
    token = secrets.token_urlsafe(32)
    old = person_links.c.until <= at
    if login is not None:  # each process that starts without an administrator prints one of its own
        old = or_(old, person_links.c.person == login)
    connection.execute(delete(person_links).where(old))
    connection.execute(insert(person_links), {"digest": digest_of(token), "person": login, "until": at + LINK_FOR})
    return token


def link_of(connection: Connection, token: str, at: datetime) -> str | None:
    """Return whose link this is, None: it makes the first administrator; raise NotFoundError where it is worth nothing.

    The link is held until the transaction ends, so of two who follow it one is first.
    """
    # All that could make a first administrator are held: two different links make no two of them.
    connection.execute(_FIRST_LINKS.with_for_update()).all()
    row = connection.execute(
        select(person_links).where(person_links.c.digest == digest_of(token)).with_for_update()
    ).first()
    if row is None or row.until <= at or (row.person is None and any_administrator(connection)):
        msg = "this link was used or is too old; ask for another one"
        raise NotFoundError(msg)
    return None if row.person is None else str(row.person)


def follow_link(connection: Connection, token: str, first: tuple[str, str], password_hash: str, at: datetime) -> str:
    """Set the password of a link's person and return their login; raise NotFoundError, TakenError.

    ``first`` is login and name of the first administrator, where the link makes one.
    """
    login = link_of(connection, token, at)
    if login is None:
        login, name = first
        add_person(connection, login, name, Role.ADMINISTRATOR, ())
        connection.execute(delete(person_links).where(person_links.c.person.is_(None)))
    connection.execute(delete(person_links).where(person_links.c.digest == digest_of(token)))
    set_password(connection, login, password_hash)
    return login


def set_password(connection: Connection, login: str, password_hash: str) -> None:
    """Replace a password; whoever is signed in with the old one is not any more."""
    fresh = {"password_hash": password_hash, "failures": 0, "paused_until": None}
    connection.execute(update(people).where(people.c.login == login).values(**fresh))
    sign_out_everywhere(connection, login)


# --- signing in -------------------------------------------------------------------------------------------------------


def begin_try(connection: Connection, login: str, at: datetime) -> str | None:
    """Count a try before its password is looked at, and return the hash to compare with; raise NotAllowedError.

    Counted first, however many try at once no more of them are looked at. None: nobody comes in by this name.
    """
    row = connection.execute(select(people).where(people.c.login == login).with_for_update()).first()
    if row is None:
        return None
    if row.paused_until is not None and row.paused_until > at:
        msg = f"too many wrong passwords; try again in {_words(row.paused_until - at)}"
        raise NotAllowedError(msg)
    beyond = row.failures - FREE_TRIES + 1
    pause = None if beyond < 0 else min(FIRST_PAUSE * 2 ** min(beyond, 20), LONGEST_PAUSE)
    counted = {"failures": row.failures + 1, "paused_until": None if pause is None else at + pause}
    connection.execute(update(people).where(people.c.login == login).values(**counted))
    return None if row.disabled else row.password_hash


def sign_in(connection: Connection, login: str, at: datetime) -> str:
    """Begin a session of somebody whose password was right, and return its token."""
    connection.execute(update(people).where(people.c.login == login).values(failures=0, paused_until=None))
    connection.execute(delete(desk_sessions).where(desk_sessions.c.at <= at - SESSION_FOR))
    token = secrets.token_urlsafe(32)
    row = {"digest": digest_of(token), "person": login, "at": at, "heard_at": at}
    connection.execute(insert(desk_sessions), row)
    return token


def signed_in(connection: Connection, token: str, at: datetime) -> Person | None:
    """Return whose session this is; None where it is none, or has ended."""
    found = select(people.c.login, people.c.name, people.c.role).join(desk_sessions)
    row = connection.execute(
        found.where(
            desk_sessions.c.digest == digest_of(token),
            desk_sessions.c.at > at - SESSION_FOR,
            desk_sessions.c.heard_at > at - IDLE_FOR,
            people.c.disabled.is_(False),
        )
    ).first()
    if row is None:
        return None
    role, stores = Role(row.role), None
    if role is Role.MANAGER:
        mine = select(person_stores.c.store).where(person_stores.c.person == row.login)
        stores = frozenset(connection.execute(mine).scalars())
    return Person(login=row.login, name=row.name, role=role, stores=stores)


def hear(connection: Connection, token: str, at: datetime) -> None:
    """Note that somebody is still there."""
    mine = desk_sessions.c.digest == digest_of(token)
    connection.execute(update(desk_sessions).where(mine).values(heard_at=at))


def sign_out(connection: Connection, token: str) -> None:
    """End a session."""
    connection.execute(delete(desk_sessions).where(desk_sessions.c.digest == digest_of(token)))


def sign_out_everywhere(connection: Connection, login: str) -> None:
    """End all sessions of a person."""
    connection.execute(delete(desk_sessions).where(desk_sessions.c.person == login))


def session_count(connection: Connection, login: str) -> int:
    """Return how many browsers a person is signed in with."""
    mine = select(func.count()).select_from(desk_sessions).where(desk_sessions.c.person == login)
    return connection.execute(mine).scalar_one()


def _words(left: timedelta) -> str:
    seconds = int(left.total_seconds()) + 1
    return f"{seconds} s" if seconds < 100 else f"{-(-seconds // 60)} min"  # noqa: PLR2004 - where minutes read better


def _nobody(login: str) -> str:
    return f"nobody is called {login} here"
