"""Redemptions: undo, the books, the records of a day."""

import json
import secrets
from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Annotated, Any

from fastapi import Depends, Header, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from headoffice.api.access import TheOffice, part_of_api
from headoffice.api.fields import Id, Model, Reason, Rid
from headoffice.api.problems import ProblemError, problems
from headoffice.errors import NotFoundError
from headoffice.redemptions import records
from headoffice.redemptions.records import PAGE, Record, Wanted
from protocol.messages import Notice
from protocol.vocabulary import PHRASES, Verdict
from service import xlsx

router = part_of_api("redemptions")


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


def _wanted(
    store: Id | None = None,
    clerk: Annotated[str | None, Query(description="By number.", max_length=100)] = None,
    kiosk: Id | None = None,
    day: Annotated[date | None, Query(description="A day of the store's own, which ends when the store says.")] = None,
) -> Wanted:
    return Wanted(store=store, clerk=clerk, kiosk=kiosk, day=day)


TheWanted = Annotated[Wanted, Depends(_wanted)]


@router.get("/books", summary="Every redemption, undo and refusal", response_model=list[dict[str, Any]])
def get_books(here: TheOffice, wanted: TheWanted) -> StreamingResponse:
    """Return the books as a JSON array, oldest first; `rid` is null where a look was refused."""
    found = records.books(here.database, wanted)
    return StreamingResponse(_as_json(found), media_type="application/json")


@router.get("/records.csv", summary="Usage records as CSV", responses=problems(404), response_class=StreamingResponse)
def get_csv(here: TheOffice, wanted: TheWanted) -> StreamingResponse:
    """Return usage records as a spreadsheet opens them: UTF-8 with byte order mark, the store's own time."""
    found = records.books(here.database, wanted)
    return _download(records.as_sheet(found), "text/csv; charset=utf-8", wanted, "csv")


@router.get("/records.xlsx", summary="Usage records as XLSX", responses=problems(404), response_class=StreamingResponse)
def get_workbook(here: TheOffice, wanted: TheWanted) -> StreamingResponse:
    """Return usage records as a workbook: times and amounts are numbers, everything else is text."""
    found = records.books(here.database, wanted)
    return _download(records.as_workbook(found), xlsx.MEDIA_TYPE, wanted, "xlsx")


def _download(content: Iterator[str] | Iterator[bytes], kind: str, wanted: Wanted, ending: str) -> StreamingResponse:
    parts = (wanted.store, wanted.kiosk, wanted.day)
    name = "-".join(["records", *(str(part) for part in parts if part is not None)])
    disposition = f'attachment; filename="{name}.{ending}"'
    return StreamingResponse(content, media_type=kind, headers={"content-disposition": disposition})


def _as_json(found: Iterator[Record]) -> Iterator[str]:
    separator = "["
    while page := list(islice(found, PAGE)):
        yield separator + ",".join(json.dumps(_row(record), ensure_ascii=False) for record in page)
        separator = ","
    yield "]" if separator == "," else "[]"


def _row(record: Record) -> dict[str, Any]:
    settled = record["settled_at"]
    return {
        **{name: value for name, value in record.items() if name not in {"id", "requester", "timezone", "day_ends"}},
        "at": record["at"].isoformat(),
        "settled_at": settled.isoformat() if settled else None,
    }
