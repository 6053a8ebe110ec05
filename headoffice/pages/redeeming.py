"""A voucher that is redeemed on its own page (线上): ``POST /v/{token}/redeem``, by the rules of every counter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from headoffice.pages.html import PRIVATE
from headoffice.pages.view import see
from protocol.ids import RID_SHAPE

if TYPE_CHECKING:
    from starlette.requests import Request

    from headoffice.office import Office
    from headoffice.pages.html import Html

_RID = re.compile(RID_SHAPE)
_TERMS = re.compile(r"[0-9]{1,9}")
_LONGEST_FORM = 200


class Redeeming:
    """What the form that redeems is sent to; it leads back to the page, which says what has become of the voucher.

    The form's rid names the redemption: sent again, also by a page that never saw the answer, it is the same one.
    """

    def __init__(self, office: Office, html: Html) -> None:
        self._office = office
        self._html = html

    def routes(self) -> list[Route]:
        """Return what is served."""
        return [Route("/v/{token}/redeem", self.redeem, methods=["POST"])]

    async def redeem(self, request: Request) -> Response:
        """Redeem one use; 400 for what no page of ours sends, 413 for more than it sends."""
        if int(request.headers.get("content-length", "0")) > _LONGEST_FORM:
            return Response(status_code=413, headers=PRIVATE)
        said = parse_qs((await request.body()).decode(errors="replace"))
        rid, terms = said.get("rid", [""])[0], said.get("terms", [""])[0]
        if not _RID.fullmatch(rid) or not _TERMS.fullmatch(terms):
            return Response(status_code=400, headers=PRIVATE)
        return await run_in_threadpool(self._redeem, request, rid, int(terms))

    def _redeem(self, request: Request, rid: str, terms: int) -> Response:
        token, at = request.path_params["token"], self._office.clock()
        seen = self._office.database.read(lambda connection: see(connection, token, at))
        # A friend's page opens the code for a counter; what is given online is its owner's to see.
        if seen is None or not seen.owners:
            return self._html.missing(request)
        self._office.ledger.redeem_on_page(rid, seen.looks["code"], terms)
        return RedirectResponse(f"/v/{token}", 303, PRIVATE)
