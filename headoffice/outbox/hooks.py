"""Webhooks: where they are, what they want to hear of, and the secret that their receivers know."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sqlalchemy import delete, func, insert, select, update

from headoffice.errors import NotFoundError, RefusedError
from headoffice.outbox.telling import State
from headoffice.outbox.types import ALARM, ALL, TYPES
from headoffice.tables.outbox import deliveries, webhook_types, webhooks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

#: For so long what is sent is also signed with the secret before the newest one.
ROTATION = timedelta(days=2)
PREFIX = "whsec_"
_SECRET_BYTES = 32
_TOLD = webhooks.c.paused.is_(False)


class Form(StrEnum):
    """What is sent to a webhook."""

    EVENT = "event"
    """The event as JSON, signed: for programs."""
    WECOM = "wecom"
    """An alarm as a message of a 企业微信 group's bot."""
    DINGTALK = "dingtalk"
    """An alarm as a message of a 钉钉 group's bot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A receiver as it is sent to."""

    id: str
    url: str
    form: Form
    secrets: tuple[str, ...]
    """With which it is signed, the newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A webhook to add."""

    url: str
    types: Sequence[str]
    form: Form = Form.EVENT
    secret: str | None = None
    """None: one is drawn."""


def draw_secret() -> str:
    """Return a fresh secret in the form in which receivers keep it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def add(connection: Connection, wanted: Wanted, at: datetime) -> tuple[str, str]:
    """Add a webhook; return its id and secret. Raises RefusedError."""
    types = _checked(wanted.types)
    check_form(wanted.form, types)
    drawn = draw_secret() if wanted.form is Form.EVENT else ""
    name, secret = secrets.token_hex(6), wanted.secret or drawn
    row = {"id": name, "url": wanted.url, "form": wanted.form, "secret": secret, "paused": False, "added_at": at}
    connection.execute(insert(webhooks), row)
    connection.execute(insert(webhook_types), [{"type": type_, "webhook": name} for type_ in types])
    return name, secret


def change(connection: Connection, name: str, types: Sequence[str], *, paused: bool) -> None:
    """Say what a webhook is told from now on, and whether at once or later; raise NotFoundError, RefusedError."""
    wanted = _checked(types)
    form = connection.execute(select(webhooks.c.form).where(webhooks.c.id == name)).scalar()
    if form is not None:
        check_form(Form(form), wanted)
    if not connection.execute(update(webhooks).where(webhooks.c.id == name).values(paused=paused)).rowcount:
        raise NotFoundError(_no_such(name))
    connection.execute(delete(webhook_types).where(webhook_types.c.webhook == name))
    connection.execute(insert(webhook_types), [{"type": type_, "webhook": name} for type_ in wanted])


def check_form(form: Form, types: Sequence[str]) -> None:
    """Raise RefusedError where a bot is to be told what is for programs."""
    if form is not Form.EVENT and (others := [type_ for type_ in types if not type_.startswith(ALARM)]):
        msg = f"a bot is told of alarms alone, not of {', '.join(others)}"
        raise RefusedError(msg)


def remove(connection: Connection, name: str) -> None:
    """Remove a webhook with all that it was not told yet; raise NotFoundError."""
    connection.execute(delete(webhook_types).where(webhook_types.c.webhook == name))
    if not connection.execute(delete(webhooks).where(webhooks.c.id == name)).rowcount:
        raise NotFoundError(_no_such(name))
    connection.execute(delete(deliveries).where(deliveries.c.webhook == name))


def rotate(connection: Connection, name: str, at: datetime) -> str:
    """Give a webhook a new secret and return it; the one before signs too for a while.

    Raises NotFoundError, RefusedError.
    """
    row = connection.execute(select(webhooks).where(webhooks.c.id == name).with_for_update()).first()
    if row is None:
        raise NotFoundError(_no_such(name))
    if row.form != Form.EVENT:
        msg = "a bot's secret is given out where the bot was made; remove this webhook and add it with the new one"
        raise RefusedError(msg)
    fresh = draw_secret()
    values = {"secret": fresh, "old_secret": row.secret, "old_until": at + ROTATION}
    connection.execute(update(webhooks).where(webhooks.c.id == name).values(**values))
    return fresh


def not_paused(connection: Connection) -> list[str]:
    """Return the ids of the webhooks that are told at once."""
    return list(connection.execute(select(webhooks.c.id).where(_TOLD).order_by(webhooks.c.id)).scalars())


def find(connection: Connection, name: str, at: datetime) -> Webhook | None:
    """Return a webhook as it is sent to; None where it is paused, or there is none."""
    row = connection.execute(select(webhooks).where(_TOLD, webhooks.c.id == name)).first()
    if row is None:
        return None
    old = (row.old_secret,) if row.old_until is not None and at < row.old_until else ()
    return Webhook(id=row.id, url=row.url, form=Form(row.form), secrets=(row.secret, *old))


def shown(connection: Connection, name: str | None = None) -> list[dict[str, Any]]:
    """Return all webhooks, or one, without secrets, with how many deliveries wait and are parked.

    Raises NotFoundError.
    """
    chosen = select(webhooks).order_by(webhooks.c.added_at, webhooks.c.id)
    found = connection.execute(chosen if name is None else chosen.where(webhooks.c.id == name)).mappings().all()
    if name is not None and not found:
        raise NotFoundError(_no_such(name))
    types: dict[str, list[str]] = {row["id"]: [] for row in found}
    for row in connection.execute(select(webhook_types).order_by(webhook_types.c.type)):
        if row.webhook in types:
            types[row.webhook].append(row.type)
    counts = {
        (row.webhook, row.state): row
        for row in connection.execute(
            select(
                deliveries.c.webhook,
                deliveries.c.state,
                func.count().label("number"),
                func.min(deliveries.c.at).label("oldest"),
            )
            .where(deliveries.c.state != State.DELIVERED)
            .group_by(deliveries.c.webhook, deliveries.c.state)
        )
    }
    return [
        {
            **{key: row[key] for key in ("id", "form", "paused", "added_at")},
            "url": without_key(row["url"]),
            "events": types[row["id"]],
            **_backlog(counts, row["id"]),
        }
        for row in found
    ]


def without_key(url: str) -> str:
    """Return an address without its query, which of a bot holds the key."""
    parts = urlsplit(url)
    return parts._replace(query="…" if parts.query else "").geturl()


def _backlog(counts: dict[tuple[str, str], Any], name: str) -> dict[str, Any]:
    waiting, parked = (counts.get((name, state)) for state in (State.WAITING, State.PARKED))
    return {
        "waiting": waiting.number if waiting else 0,
        "waiting_since": waiting.oldest if waiting else None,
        "parked": parked.number if parked else 0,
    }


def _checked(types: Sequence[str]) -> list[str]:
    wanted = list(dict.fromkeys(types))
    if unknown := [type_ for type_ in wanted if type_ != ALL and type_ not in TYPES]:
        msg = f"there is no event {', '.join(unknown)}; there are {', '.join(TYPES)}, and {ALL} for all of them"
        raise RefusedError(msg)
    if not wanted:
        msg = "a webhook that is told nothing is none; name its events, or pause it"
        raise RefusedError(msg)
    # One event is written once for a webhook, whatever it names beside all of them.
    return [ALL] if ALL in wanted else wanted


def _no_such(name: str) -> str:
    return f"there is no webhook {name}; GET /api/v1/webhooks lists them"
