"""Webhooks: who is told what, what has not arrived, and telling it again."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field, StringConstraints
from sqlalchemy import Connection

from headoffice.api.access import TheOffice, part_of_api
from headoffice.api.fields import Line, Model, Moment
from headoffice.api.problems import problems
from headoffice.errors import RefusedError
from headoffice.outbox import hooks, queue
from headoffice.outbox.bodies import body_of
from headoffice.outbox.hooks import Form, Wanted
from headoffice.outbox.queue import Again
from headoffice.outbox.signature import key_of
from headoffice.outbox.telling import State, tell_test
from headoffice.outbox.types import ALL, LOOK_REFUSED, REDEEMED, TYPES

router = part_of_api("webhooks")

MOST_LISTED = 1000

Url = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[\x21-\x7e]*$")]
_EVENTS = f"Names of events, as GET /api/v1/webhooks/events lists them; `{ALL}` for all, those of later versions too."


class WebhookIn(Model):
    """A webhook to add."""

    url: Url = Field(description="Where events are posted to; https.", examples=["https://erp.example/hexiao"])
    events: list[str] = Field(description=_EVENTS, examples=[[REDEEMED, LOOK_REFUSED]])
    form: Form = Field(Form.EVENT, description="What is posted.")
    secret: Line | None = Field(
        None, description="`whsec_` and base64; left out, one is drawn. Of a 钉钉 bot the one that begins with SEC."
    )


class WebhookChange(Model):
    """What a webhook is told from now on."""

    events: list[str] = Field(description=_EVENTS)
    paused: bool = Field(default=False, description="What happens meanwhile is told once it is not paused any more.")


class Added(Model):
    """A webhook's id, and its secret, which is told here only."""

    id: str
    secret: str


class WebhookOut(Model):
    """A webhook and what it was not told yet."""

    id: str
    url: str = Field(description="Without its query, which may hold a key.")
    events: list[str]
    form: Form
    paused: bool
    added_at: datetime
    waiting: int = Field(description="Deliveries that are still to arrive.")
    waiting_since: datetime | None = Field(description="When the oldest of them happened.")
    parked: int = Field(description="Deliveries that were tried for days; a replay has them tried again.")


class DeliveryOut(Model):
    """One event and how far it has come."""

    event: str = Field(description="The event's id, which is in the header `webhook-id`.")
    state: State
    tries: int
    due: datetime | None = Field(description="When it is tried next, at the earliest.")
    delivered_at: datetime | None
    error: str = Field(description="Why the last try came to nothing.")
    body: dict[str, Any]


class Replay(Model):
    """Which deliveries are made again: exactly one of an event, what is parked, or a time."""

    event: str | None = None
    parked: bool = False
    since: Moment | None = Field(None, description="Of what happened from this moment on.")
    until: Moment | None = Field(None, description="The first moment after that time.")


class Replayed(Model):
    """How many deliveries are made again."""

    deliveries: int


class Tested(Model):
    """The id of the event that tries a webhook."""

    event: str


@router.get("/webhooks/events", summary="The events that there are")
def get_events() -> dict[str, str]:
    """List the names of events, and what each tells."""
    return TYPES


@router.get("/webhooks", summary="Webhooks and what they were not told yet")
def get_webhooks(here: TheOffice) -> list[WebhookOut]:
    """List the webhooks."""
    return [WebhookOut.model_validate(row) for row in here.database.read(hooks.shown)]


@router.post("/webhooks", status_code=201, summary="Add a webhook")
def post_webhook(wanted: WebhookIn, here: TheOffice) -> Added:
    """Add a webhook: from now on it is told of the events that it names. Keep the secret: it is not told again."""
    here.reach.check(wanted.url)
    if wanted.secret is not None and wanted.form is Form.EVENT:
        key_of(wanted.secret)
    given = Wanted(url=wanted.url, types=wanted.events, form=wanted.form, secret=wanted.secret)
    name, secret = here.database.write(lambda connection: hooks.add(connection, given, here.clock()))
    return Added(id=name, secret=secret)


@router.get("/webhooks/{id}", summary="A webhook", responses=problems(404))
def get_webhook(id: str, here: TheOffice) -> WebhookOut:  # noqa: A002 - the path's own word
    """Return one webhook."""
    (row,) = here.database.read(lambda connection: hooks.shown(connection, id))
    return WebhookOut.model_validate(row)


@router.put("/webhooks/{id}", summary="Change what a webhook is told, or pause it", responses=problems(404))
def put_webhook(id: str, wanted: WebhookChange, here: TheOffice) -> WebhookOut:  # noqa: A002
    """Change it. What was written down for it before stays as it is."""
    here.database.write(lambda connection: hooks.change(connection, id, wanted.events, paused=wanted.paused))
    return get_webhook(id, here)


@router.delete("/webhooks/{id}", status_code=204, summary="Remove a webhook", responses=problems(404))
def delete_webhook(id: str, here: TheOffice) -> None:  # noqa: A002
    """Remove it, with all that it was not told yet."""
    here.database.write(lambda connection: hooks.remove(connection, id))


@router.post("/webhooks/{id}/rotate", summary="Give a webhook a new secret", responses=problems(404))
def rotate(id: str, here: TheOffice) -> Added:  # noqa: A002
    """Draw a new secret. For two days everything is signed with the old one too."""
    return Added(id=id, secret=here.database.write(lambda connection: hooks.rotate(connection, id, here.clock())))


@router.post("/webhooks/{id}/test", status_code=202, summary="Send a webhook a test", responses=problems(404))
def test(id: str, here: TheOffice) -> Tested:  # noqa: A002
    """Have an event `webhook.test` delivered to it, as any other; its deliveries say what came of it."""

    def write(connection: Connection) -> str:
        hooks.shown(connection, id)
        return tell_test(connection, id, here.clock())

    return Tested(event=here.database.write(write))


@router.get("/webhooks/{id}/deliveries", summary="Deliveries to a webhook", responses=problems(404))
def get_deliveries(
    id: str,  # noqa: A002
    here: TheOffice,
    state: State | None = None,
    event: str | None = None,
    most: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 100,
) -> list[DeliveryOut]:
    """List the newest of them, the oldest first, with what each says."""

    def read(connection: Connection) -> list[dict[str, Any]]:
        hooks.shown(connection, id)
        return queue.listed(connection, id, state, event, most)

    return [_delivery(row) for row in here.database.read(read)]


@router.post("/webhooks/{id}/replay", summary="Deliver again", responses=problems(404))
def replay(id: str, wanted: Replay, here: TheOffice) -> Replayed:  # noqa: A002
    """Have deliveries made again, under the same ids and in order. What arrived is kept for 14 days."""
    if sum((wanted.event is not None, wanted.parked, wanted.since is not None)) != 1:
        msg = "say one of event, parked and since"
        raise RefusedError(msg)

    def write(connection: Connection) -> int:
        hooks.shown(connection, id)
        again = Again(event=wanted.event, parked=wanted.parked, since=wanted.since, until=wanted.until)
        return queue.replay(connection, id, again, here.clock())

    return Replayed(deliveries=here.database.write(write))


def _delivery(row: dict[str, Any]) -> DeliveryOut:
    same = {name: row[name] for name in ("event", "state", "tries", "delivered_at", "error")}
    return DeliveryOut(due=row["due"] if row["state"] == State.WAITING else None, body=body_of(row), **same)
