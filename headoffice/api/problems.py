"""How the API says no: always ``{"error", "hint"}``, a word for machines and a sentence for people."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from headoffice.errors import (
    BehindError,
    DatabaseError,
    HeadOfficeError,
    NotAllowedError,
    NotFoundError,
    RefusedError,
    TakenError,
)

_ANSWERS: tuple[tuple[type[HeadOfficeError], int, str], ...] = (
    (NotFoundError, 404, "not_found"),
    (TakenError, 409, "taken"),
    (NotAllowedError, 409, "not_allowed"),
    (RefusedError, 422, "refused"),
    (BehindError, 503, "restoring"),
    (DatabaseError, 503, "unavailable"),
)


class Problem(BaseModel):
    """Why a call did nothing."""

    error: str = Field(description="A word for machines.", examples=["not_allowed"])
    hint: str = Field(
        description="A sentence for people: what is the matter, or what to do.",
        examples=["gift is not possible: the voucher has been used"],
    )


class ProblemError(Exception):
    """An answer that says no."""

    def __init__(self, status: int, error: str, hint: str) -> None:
        """Keep status, word and sentence."""
        super().__init__(hint)
        self.status = status
        self.error = error
        self.hint = hint


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI's description of the refusals that a call has, beside 401 and 422."""
    return {status: {"model": Problem} for status in (401, 422, *statuses)}


def answer_problems(app: FastAPI) -> None:
    """Make an application say no in this one way, whatever the reason."""

    @app.exception_handler(ProblemError)
    async def known(_: Request, error: ProblemError) -> JSONResponse:
        return _problem(error.status, error.error, error.hint)

    @app.exception_handler(HeadOfficeError)
    async def ours(_: Request, error: HeadOfficeError) -> JSONResponse:
        found = next((answer for answer in _ANSWERS if isinstance(error, answer[0])), None)
        if found is None:
            raise error
        return _problem(found[1], found[2], str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        # What was sent is not repeated: it may hold a code.
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        return _problem(422, "invalid", "; ".join(faults))

    @app.exception_handler(HTTPException)
    async def plain(_: Request, error: HTTPException) -> JSONResponse:
        hint = "there is nothing at this address; GET /openapi.json lists what there is"
        return _problem(error.status_code, str(error.detail).lower().replace(" ", "_"), hint)


def word_of(error: HeadOfficeError) -> str:
    """Return the word for machines of what went wrong."""
    return next((word for kind, _, word in _ANSWERS if isinstance(error, kind)), "fault")


def _problem(status: int, error: str, hint: str) -> JSONResponse:
    headers = {"www-authenticate": "Bearer"} if status == 401 else None  # noqa: PLR2004 - HTTP's own number
    return JSONResponse({"error": error, "hint": hint}, status, headers)
