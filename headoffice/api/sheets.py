"""Sheets: codes, stores and the stores of clerks as CSV, in and out."""

import json
import queue
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from enum import StrEnum
from typing import BinaryIO

from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from headoffice.api.access import TheOffice, part_of_api
from headoffice.api.problems import word_of
from headoffice.errors import HeadOfficeError
from headoffice.office import Office
from headoffice.sheets.giving import give
from headoffice.sheets.reading import BadLineError
from headoffice.sheets.taking import take

router = part_of_api("sheets")


class SheetName(StrEnum):
    """What a sheet is of."""

    CODES = "codes"
    STORES = "stores"
    CLERKS = "clerks"
    BINDINGS = "bindings"


@router.get("/sheets/{name}.csv", summary="A sheet as CSV", response_class=StreamingResponse)
def get_sheet(name: SheetName, here: TheOffice) -> StreamingResponse:
    """Return every code with its voucher's state, every store, every clerk, or which clerk works where.

    UTF-8 with byte order mark. A cell that a spreadsheet would run as a formula stands behind an apostrophe.
    """
    return StreamingResponse(
        give(here.database, name),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}.csv"'},
    )


@router.post(
    "/sheets/{name}",
    summary="Take a sheet in",
    response_class=StreamingResponse,
    openapi_extra={"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def post_sheet(name: SheetName, request: Request, here: TheOffice) -> StreamingResponse:
    """Take in a CSV: `codes` (code, type; valid_from, valid_until, booked_for, paid), `stores`, `clerks` or `bindings`.

    `clerks` has number, name; role, disabled; who is new there sets the PIN by a one-time code. All of it or nothing.
    Answers JSON, one object a line: `{"done": 5000}` as it goes on, and at the end `{"taken": 100000}`, or
    `{"error", "hint", "line"}` where nothing was taken. A clerk who is named in `bindings` works in the stores that the
    file says, and in no others.
    """
    with ExitStack() as unless_taken:
        file = unless_taken.enter_context(tempfile.TemporaryFile())
        async for chunk in request.stream():
            await run_in_threadpool(file.write, chunk)
        unless_taken.pop_all()
    return StreamingResponse(_told(name, file, here), media_type="application/x-ndjson")


def _told(name: SheetName, file: BinaryIO, here: Office) -> Iterator[str]:
    """Yield how far it has come, and how it ended. A caller who goes away does not stop it half-way."""
    said: queue.SimpleQueue[dict[str, object] | None] = queue.SimpleQueue()

    def work() -> None:
        with file:
            try:
                at, since = here.clock(), here.testing_since
                done = take(here.database, name, file, at, lambda lines: said.put({"done": lines}), since)
                said.put({"taken": done})
            except HeadOfficeError as error:
                line = error.number if isinstance(error, BadLineError) else None
                said.put({"error": word_of(error), "hint": str(error), "line": line})
            finally:
                said.put(None)

    threading.Thread(target=work, name="sheet").start()
    while (line := said.get()) is not None:
        yield json.dumps(line, ensure_ascii=False) + "\n"
