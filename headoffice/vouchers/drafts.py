"""Drafts of voucher types: what somebody draws up is in force only once somebody else has approved it (审核).

So is every change: until then vouchers go by the type as it was approved last.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from headoffice.errors import NotAllowedError, NotFoundError
from headoffice.registry import put
from headoffice.tables.schema import type_drafts

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


class DraftState(StrEnum):
    """How far a draft has come; one that is approved is a type."""

    REVIEWING = "reviewing"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who decided about a draft, when, and why."""

    by: str
    at: datetime
    reason: str | None = None


def submit(connection: Connection, type_id: str, body: str, author: str, at: datetime) -> None:
    """Draw up a type, its next version, or a draft anew (重新提交); ``body`` is the type as the API takes it."""
    fresh = {"state": DraftState.REVIEWING, "body": body, "author": author.strip(), "at": at}
    put(connection, type_drafts, {"type": type_id}, {**fresh, "decided_by": None, "reason": None})


def approve(connection: Connection, type_id: str, decision: Decision) -> str:
    """Take a draft off the list because it is approved, and return its body; raise NotFoundError, NotAllowedError.

    The caller puts the type in force in the same transaction.
    """
    body = _decided(connection, type_id, decision)
    connection.execute(delete(type_drafts).where(type_drafts.c.type == type_id))
    return body


def reject(connection: Connection, type_id: str, decision: Decision) -> None:
    """Keep a draft from coming in force; raise NotFoundError, NotAllowedError."""
    _decided(connection, type_id, decision)
    said = {"state": DraftState.REJECTED, "decided_by": decision.by.strip(), "reason": decision.reason}
    put(connection, type_drafts, {"type": type_id}, {**said, "at": decision.at})


def all_drafts(connection: Connection) -> list[dict[str, Any]]:
    """Return every draft that waits or was rejected."""
    return [dict(row) for row in connection.execute(select(type_drafts).order_by(type_drafts.c.type)).mappings()]


def _decided(connection: Connection, type_id: str, decision: Decision) -> str:
    """Return the body of a draft that this person may decide about; it is held until the transaction ends."""
    held = select(type_drafts).where(type_drafts.c.type == type_id).with_for_update()
    draft = connection.execute(held).first()
    if draft is None:
        msg = f"there is no draft of a voucher type {type_id}"
        raise NotFoundError(msg)
    if draft.state != DraftState.REVIEWING:
        msg = f"the draft of {type_id} was rejected by {draft.decided_by}; submit it again first"
        raise NotAllowedError(msg)
    if draft.author.casefold() == decision.by.strip().casefold():
        msg = f"{draft.author} has drawn up {type_id}; somebody else decides about it"
        raise NotAllowedError(msg)
    return str(draft.body)
