"""The code of a voucher that changes: opened by the tap on 立即使用, heard of while its page is there, then folded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from headoffice.pages.html import PRIVATE
from headoffice.pages.qr import qr_svg
from headoffice.pages.view import see
from headoffice.pages.words import LABELS
from headoffice.vouchers.codes import grouped
from headoffice.vouchers.openings import close_page, hear, open_page
from protocol.showing import OPEN, STEP
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection
    from starlette.requests import Request

    from headoffice.office import Office
    from headoffice.vouchers.openings import Opening

#: A page says so often that it is there; three of these may be lost.
HEARD_EVERY_MS = 10_000


def openings_of(office: Office) -> list[Route]:
    """Return what a page that shows changing codes asks for. Each answers the code to show, or 410: fold."""

    def tap(request: Request) -> Response:
        return _answered(office, lambda connection, at: _open(connection, request.path_params["token"], at))

    def beat(request: Request) -> Response:
        token, opening = request.path_params["token"], request.path_params["opening"]
        return _answered(office, lambda connection, at: _hear(connection, token, opening, at))

    def gone(request: Request) -> Response:
        token, opening = request.path_params["token"], request.path_params["opening"]
        at = office.clock()

        def close(connection: Connection) -> None:
            seen = see(connection, token, at)
            if seen is not None:
                close_page(connection, seen.voucher.id, opening)

        office.database.write(close)
        return Response(status_code=204, headers=PRIVATE)

    return [
        Route("/v/{token}/open", tap, methods=["POST"]),
        Route("/v/{token}/open/{opening}", beat, methods=["POST"]),
        Route("/v/{token}/open/{opening}/close", gone, methods=["POST"]),
    ]


def _open(connection: Connection, token: str, at: datetime) -> Opening | None:
    seen = see(connection, token, at)
    if seen is None or not seen.voucher.dynamic or seen.verdict is not Verdict.REDEEMABLE:
        return None
    return open_page(connection, seen.voucher.id, at, share=None if seen.owners else token)


def _hear(connection: Connection, token: str, opening: str, at: datetime) -> Opening | None:
    """Return what a page is to show; a voucher that cannot be used any more shows nothing more."""
    seen = see(connection, token, at)
    if seen is None or seen.verdict is not Verdict.REDEEMABLE:
        return None
    return hear(connection, seen.voucher.id, opening, at)


def _answered(office: Office, ask: Callable[[Connection, datetime], Opening | None]) -> Response:
    at = office.clock()
    found = office.database.write(lambda connection: ask(connection, at))
    if found is None:
        return JSONResponse({"fold": True}, 410, PRIVATE)
    showing = found.showing
    next_ms = math.ceil((showing.step_at + STEP - at).total_seconds() * 1000)
    said = {
        "opening": found.id,
        "code": found.code,
        "groups": grouped(found.code).split(" "),
        "qr": qr_svg(found.code, LABELS["zh"]["qr"]),
        "again_ms": min(HEARD_EVERY_MS, next_ms),
        "left_ms": math.ceil((showing.opened_at + OPEN - at).total_seconds() * 1000),
    }
    return JSONResponse(said, headers=PRIVATE)
