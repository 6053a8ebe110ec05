"""Redemptions: undo, the books, the records of a day."""

import json
import secrets
from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse
from pydantic import Field

from headoffice import records
from headoffice.api.access import TheOffice
from headoffice.api.fields import Id, Model, Reason, Rid
from headoffice.api.problems import ProblemError, problems
from headoffice.errors import NotFoundError
from headoffice.records import PAGE, Record
from protocol.messages import Notice
from protocol.vocabulary import PHRASES, Verdict

router = APIRouter(tags=["redemptions"], responses=problems())


class UndoIn(Model):
    """Why a redemption is undone."""

    reason: Reason | None = Field(None, examples=["wrong voucher"])


class Undone(Model):
    """A redemption that was undone: its uses can be spent again."""

    rid: Rid = Field(description="The undo's own id.")
    undoes: Rid
    verdict: Verdict


@router.post("/redemptions/{rid}/undo", summary="Undo a redemption", responses=problems(404, 409))
def post_undo(
    rid: Rid,
    here: TheOffice,
    why: UndoIn | None = None,
    idempotency_key: Annotated[
        Rid | None,
        Header(description="The undo's own id: 32 hexadecimal digits. With it the call can be repeated safely."),
    ] = None,
) -> Undone:
    """Give back the uses that one redemption spent, inside the chain's window.

    409 with `undo_too_late`, `undo_unsupported` or `aborted` is a final answer; `fault`: the key was used for something
    else.
    """
    undo = idempotency_key or secrets.token_hex(16)
    answer = here.ledger.undo(undo, rid, why.reason if why else None)
    if answer is None:
        msg = "no redemption has this id"
        raise NotFoundError(msg)
    if isinstance(answer, Notice):
        raise ProblemError(409, answer.verdict, answer.hint or PHRASES[answer.verdict].en_name)
    if answer.verdict is not Verdict.UNDONE:
        raise ProblemError(409, answer.verdict, answer.detail.reason or " ".join(PHRASES[answer.verdict].en))
    return Undone(rid=undo, undoes=rid, verdict=answer.verdict)


@router.get("/books", summary="Every redemption, undo and refusal", response_model=list[dict[str, Any]])
def get_books(here: TheOffice, store: Id | None = None, day: date | None = None) -> StreamingResponse:
    """Return the books as a JSON array, oldest first; `rid` is null where a look was refused.

    `day` is a day of the store's own time.
    """
    found = records.books(here.database, store, day)
    return StreamingResponse(_as_json(found), media_type="application/json")


@router.get("/records.csv", summary="Usage records as CSV", responses=problems(404), response_class=StreamingResponse)
def get_csv(here: TheOffice, store: Id | None = None, day: date | None = None) -> StreamingResponse:
    """Return usage records as a spreadsheet opens them: UTF-8 with byte order mark, the store's own time."""
    found = records.books(here.database, store, day)
    name = "-".join(["records", *([store] if store else []), *([day.isoformat()] if day else [])])
    return StreamingResponse(
        records.as_csv(found),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}.csv"'},
    )


def _as_json(found: Iterator[Record]) -> Iterator[str]:
    separator = "["
    while page := list(islice(found, PAGE)):
        yield separator + ",".join(json.dumps(_row(record), ensure_ascii=False) for record in page)
        separator = ","
    yield "]" if separator == "," else "[]"


def _row(record: Record) -> dict[str, Any]:
    settled = record["settled_at"]
    return {
        **{name: value for name, value in record.items() if name not in {"id", "requester", "timezone"}},
        "at": record["at"].isoformat(),
        "settled_at": settled.isoformat() if settled else None,
    }
