"""Offline leases, and what gateways accepted that the books cannot hold."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from headoffice.api.access import TheOffice, part_of_api
from headoffice.api.fields import Fen, Id, Model, Moment, Name, Reason, Rid
from headoffice.api.problems import problems
from headoffice.redemptions import accepted, leases
from headoffice.redemptions.leases import Wish
from protocol.lease import Cause

router = part_of_api("offline leases")


class LeaseIn(Model):
    """What a gateway may accept by itself, in one store."""

    type: Id = Field(description="All signed vouchers of this type that are free now go into the lease.")
    store: Id = Field(description="Their one home while it runs.")
    gateway: Id = Field(description="Who holds it: the gateway that speaks for the store.")
    until: Moment = Field(description="When the right to accept ends. What was accepted is redeemed later, too.")
    most_uses: Annotated[int, Field(ge=1, le=100_000)] = Field(
        description="Uses that may be accepted and not yet be redeemed here, at once."
    )
    most_value: Fen | None = Field(None, description="The same in fen of face value; null: uses alone are limited.")


class LeaseOut(LeaseIn):
    """A lease."""

    id: Rid
    at: datetime
    vouchers: int = Field(description="Vouchers that have it as their home now; none once it has ended.")
    recalled_at: datetime | None
    recalled_by: str | None
    ended_at: datetime | None
    ended_by: str | None = Field(description="Who declared its gateway lost; null where that gave it back.")
    why: str | None


class RecallIn(Model):
    """Whose word a recall is."""

    by: Name


class LostIn(Model):
    """Whose word it is that a gateway's journal will never come, and why."""

    by: Name
    why: Reason


class ConflictOut(Model):
    """Goods left a store for a use that the books could not give to it."""

    rid: Rid
    at: datetime
    cause: Cause
    store: Id
    gateway: Id | None
    requester: str
    voucher: Rid | None
    code_tail: str | None
    quantity: int


@router.post("/leases", status_code=201, summary="Lease vouchers to a gateway", responses=problems(404, 409, 503))
def post_lease(wanted: LeaseIn, here: TheOffice) -> LeaseOut:
    """Give a gateway the right to accept a type's signed vouchers by itself while it does not reach the head office.

    Until it has ended they are redeemed in that store only, and not given away, refunded or withdrawn by anybody; the
    terms of their type stay as they are.
    """
    wish = Wish(**wanted.model_dump())
    made = here.database.write(lambda connection: leases.grant(connection, wish, here.clock()))
    return _lease(here, made)


@router.get("/leases", summary="Every lease")
def get_leases(here: TheOffice) -> list[LeaseOut]:
    """List the leases, the newest first."""
    found = here.database.read(leases.all_leases)
    return [LeaseOut.model_validate({name: row[name] for name in LeaseOut.model_fields}) for row in found]


@router.post("/leases/{id}/recall", summary="Ask for a lease back", responses=problems(404, 409))
def post_recall(id: Rid, asked: RecallIn, here: TheOffice) -> LeaseOut:  # noqa: A002 - the path's own word
    """Ask the gateway to give a lease back before its time. It ends once the gateway has, which it says by itself."""
    here.database.write(lambda connection: leases.recall(connection, id, asked.by, here.clock()))
    return _lease(here, id)


@router.post("/leases/{id}/lost", summary="Declare a lease's gateway lost", responses=problems(404, 409))
def post_lost(id: Rid, said: LostIn, here: TheOffice) -> LeaseOut:  # noqa: A002
    """End a lease whose gateway will never give it back. What that accepted and never told may be redeemed again."""
    here.database.write(lambda connection: leases.declare_lost(connection, id, said.by, said.why, here.clock()))
    return _lease(here, id)


@router.get("/conflicts", summary="What was accepted offline and could not be redeemed")
def get_conflicts(here: TheOffice) -> list[ConflictOut]:
    """List the newest 500, each with its cause: journal lost, declared lost, the lease's clock, a revoked key."""
    return [ConflictOut.model_validate(row) for row in here.database.read(accepted.conflicts)]


def _lease(here: TheOffice, lease: str) -> LeaseOut:
    return next(found for found in get_leases(here) if found.id == lease)
