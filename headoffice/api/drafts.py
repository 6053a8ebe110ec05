"""Drafts of voucher types, and the decision about them by a second person (审核)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from pydantic import Field
from sqlalchemy import Connection

from headoffice.api.access import TheOffice, part_of_api
from headoffice.api.fields import GivenReason, Id, Model, Name
from headoffice.api.problems import problems
from headoffice.api.voucher_types import TypeIn, TypeOut
from headoffice.outbox.telling import Event, tell
from headoffice.outbox.types import APPROVED
from headoffice.vouchers import drafts
from headoffice.vouchers import types as voucher_types
from headoffice.vouchers.drafts import Decision, DraftState

router = part_of_api("voucher types")


class DraftIn(TypeIn):
    """A type as its author draws it up."""

    author: Name = Field(description="Who draws it up; somebody else approves it.", examples=["李经理"])


class DraftOut(Model):
    """A type, or its next version, that is not in force."""

    id: Id
    state: DraftState = Field(description="`reviewing` (审核中), or `rejected` (审核不通过) until it is put again.")
    author: Name
    at: datetime = Field(description="When it was put, or rejected.")
    decided_by: Name | None
    reason: str | None
    type: TypeIn

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Return a draft from its row."""
        same = {name: row[name] for name in ("state", "author", "at", "decided_by", "reason")}
        return cls(id=row["type"], type=TypeIn.model_validate_json(row["body"]), **same)


class Approval(Model):
    """Who approves."""

    by: Name


class Rejection(Approval):
    """Who rejects, and what has to change."""

    reason: GivenReason


@router.put("/types/{id}", status_code=202, summary="Draw up a voucher type, or its change")
def put_draft(id: Id, wanted: DraftIn, here: TheOffice) -> DraftOut:  # noqa: A002 - the path's own word
    """Draw up a type, change one, or submit a rejected one again; it is in force once somebody else approves it."""
    body = TypeIn.model_validate(wanted.model_dump(by_alias=True, exclude={"author"}))

    def write(connection: Connection) -> None:
        voucher_types.check_type(connection, body.columns(), body.stores)
        drafts.submit(connection, id, body.model_dump_json(by_alias=True), wanted.author, here.clock())

    here.database.write(write)
    return _draft(id, here)


@router.get("/drafts", summary="Voucher types that wait for approval, or were rejected")
def get_drafts(here: TheOffice) -> list[DraftOut]:
    """List the drafts."""
    return [DraftOut.of(row) for row in here.database.read(drafts.all_drafts)]


@router.post("/types/{id}/approve", summary="Approve a draft", responses=problems(404, 409))
def approve(id: Id, decision: Approval, here: TheOffice) -> TypeOut:  # noqa: A002
    """Put a draft in force (审核通过); 409 where its author does it, and where it changes terms while the type is lent.

    Vouchers that were issued keep their dates and their uses; the rest changes for them too, and an offer that stands
    on a kiosk's screen at that moment becomes void.
    """

    def write(connection: Connection) -> None:
        at = here.clock()
        body = drafts.approve(connection, id, Decision(by=decision.by, at=at))
        wanted = TypeIn.model_validate_json(body)
        voucher_types.put_type(connection, id, wanted.columns(), wanted.stores)
        facts = {"by": decision.by, "voucher_type": {"id": id, "title": wanted.title, "kind": wanted.kind}}
        tell(connection, Event(type=APPROVED, at=at, subject=f"type {id}", facts=facts))

    here.database.write(write)
    rows = here.database.read(voucher_types.all_types)
    return next(TypeOut.of(row) for row in rows if row["id"] == id)


@router.post("/types/{id}/reject", summary="Reject a draft", responses=problems(404, 409))
def reject(id: Id, decision: Rejection, here: TheOffice) -> DraftOut:  # noqa: A002
    """Send a draft back to its author (审核不通过), who may put it again (重新提交)."""
    said = Decision(by=decision.by, at=here.clock(), reason=decision.reason)
    here.database.write(lambda connection: drafts.reject(connection, id, said))
    return _draft(id, here)


def _draft(type_id: str, here: TheOffice) -> DraftOut:
    return next(draft for draft in get_drafts(here) if draft.id == type_id)
