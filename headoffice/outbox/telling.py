"""Writes down what is to be told, in the transaction of what it tells of: it happened if and only if it is told.

One statement an event, which writes a row for each webhook that wants to hear of it, and none where there is no such
webhook.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, Text, bindparam, insert, literal, null, select

from headoffice.outbox.types import ALL, ISSUED, LOOK_REFUSED, TEST, of_ruling
from headoffice.tables.columns import NAME, Utc
from headoffice.tables.outbox import SUBJECT, TYPE, deliveries, webhook_types

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, FromClause

    from headoffice.redemptions.rids import Record
    from protocol.messages import Answer
    from protocol.upstream import AskLook, Looked


class State(StrEnum):
    """How far a delivery has come."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    PARKED = "parked"
    """Tried for days: only a person has it tried again."""
    DROPPED = "dropped"
    """A notice to a customer that is not sent any more: it is true no longer, or nothing sends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that others may want to hear of.

    Events of one ``subject`` are told one after the other: the id of a voucher, of one that a platform owns the
    platform's name and behind a slash its own. Names are looked up when it is told.
    """

    type: str
    at: datetime
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    subject: str | None = None
    store: str | None = None
    clerk: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)


_COLUMNS = (
    "webhook",
    "event",
    "type",
    "at",
    "subject",
    "store",
    "clerk",
    "facts",
    "state",
    "since",
    "due",
    "tries",
    "error",
)
_WAITING, _UNTRIED, _NO_ERROR = literal(State.WAITING.value), literal(0), literal("")
_TYPE = bindparam("type", type_=TYPE)
_AT = bindparam("at", type_=Utc())
_TELL = insert(deliveries).from_select(
    _COLUMNS,
    select(
        webhook_types.c.webhook,
        bindparam("id", type_=String(32)),
        _TYPE,
        _AT,
        bindparam("subject", type_=SUBJECT),
        bindparam("store", type_=String(63)),
        bindparam("clerk", type_=NAME),
        bindparam("facts", type_=Text()),
        _WAITING,
        _AT,
        _AT,
        _UNTRIED,
        _NO_ERROR,
    ).where(webhook_types.c.type.in_([_TYPE, ALL])),
)


def tell(connection: Connection, event: Event) -> None:
    """Write an event down for everybody who wants to hear of it."""
    connection.execute(_TELL, _row(event))


def tell_issued(connection: Connection, table: FromClause, *which: ColumnElement[bool]) -> None:
    """Tell of vouchers that are issued, all of them with one statement; the event's id is the voucher's.

    ``table`` has the columns of the vouchers' own, ``which`` says which of its rows.
    """
    issued = table.c
    connection.execute(
        insert(deliveries).from_select(
            _COLUMNS,
            select(
                webhook_types.c.webhook,
                issued.id,
                literal(ISSUED),
                issued.issued_at,
                issued.id,
                null(),
                null(),
                literal('{"state": "') + issued.state + literal('"}'),
                _WAITING,
                issued.issued_at,
                issued.issued_at,
                _UNTRIED,
                _NO_ERROR,
            )
            .select_from(webhook_types.join(table, webhook_types.c.type.in_([ISSUED, ALL])))
            .where(*which),
        )
    )


def tell_ruling(connection: Connection, entry: Record, answer: Answer) -> None:
    """Tell what became of a rid. Its id is the event's: books that were put back and take it up again repeat that."""
    intent = entry.ask.intent
    facts = {
        "rid": intent.rid,
        "action": intent.action,
        "verdict": answer.verdict,
        "method": intent.method,
        "kiosk": entry.ask.requester,
        "quantity": answer.detail.quantity or intent.quantity,
        "uses": answer.uses,
        "amount": intent.amount,
        "undoes": intent.undoes,
        "reason": entry.decision.why if entry.decision else intent.reason,
        "platform": entry.platform,
        "code_tail": answer.detail.code_tail,
    }
    event = Event(
        type=of_ruling(answer.verdict),
        at=entry.at,
        id=intent.rid,
        subject=entry.voucher or answer.voucher,
        store=entry.ask.store,
        clerk=intent.clerk,
        facts=facts,
    )
    tell(connection, event)


def tell_refusal(connection: Connection, ask: AskLook, looked: Looked, platform: str | None, at: datetime) -> None:
    """Tell of a look that ended in a refusal."""
    facts = {
        "verdict": looked.verdict,
        "method": ask.method,
        "kiosk": ask.requester,
        "platform": platform,
        "code_tail": looked.detail.code_tail,
    }
    event = Event(type=LOOK_REFUSED, at=at, subject=looked.voucher, store=ask.store, clerk=ask.clerk, facts=facts)
    tell(connection, event)


def tell_test(connection: Connection, webhook: str, at: datetime) -> str:
    """Write an event down that tells one webhook nothing but that it is told; return the event's id."""
    event = Event(type=TEST, at=at)
    values = {"webhook": webhook, "event": event.id, "type": TEST, "at": at, "facts": "{}"}
    waiting = {"state": State.WAITING, "since": at, "due": at, "tries": 0, "error": ""}
    connection.execute(insert(deliveries), {**values, **waiting})
    return event.id


def _row(event: Event) -> dict[str, Any]:
    # PostgreSQL holds no NUL, and what a kiosk has sent may hold one.
    clerk = None if event.clerk is None else event.clerk.replace("\0", "")[: NAME.length]
    return {
        "id": event.id,
        "type": event.type,
        "at": event.at,
        "subject": event.subject,
        "store": event.store,
        "clerk": clerk,
        "facts": json.dumps(event.facts, ensure_ascii=False),
    }
