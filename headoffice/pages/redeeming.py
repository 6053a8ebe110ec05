"""A voucher that is redeemed on its own page, by the rules of every counter.

``POST /v/{token}/redeem``: what it gives is shown there (线上). ``POST /v/{token}/post``: it is sent (邮寄).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from headoffice.pages.forms import form_of
from headoffice.pages.html import PRIVATE
from headoffice.pages.view import LONGEST, see
from headoffice.redemptions.parcels import Recipient
from protocol.ids import RID_SHAPE

if TYPE_CHECKING:
    from starlette.requests import Request

    from headoffice.office import Office
    from headoffice.pages.html import Html

_RID = re.compile(RID_SHAPE)
_TERMS = re.compile(r"[0-9]{1,9}")
_PHONE = re.compile(r"[0-9+() -]{5,}")
_LONGEST_FORM = 3_000


class Redeeming:
    """What the form that redeems is sent to; it leads back to the page, which says what has become of the voucher.

    The form's rid names the redemption: sent again, also by a page that never saw the answer, it is the same one.
    """

    def __init__(self, office: Office, html: Html) -> None:
        self._office = office
        self._html = html

    def routes(self) -> list[Route]:
        """Return what is served."""
        return [
            Route("/v/{token}/redeem", self.redeem, methods=["POST"]),
            Route("/v/{token}/post", self.post, methods=["POST"]),
        ]

    async def redeem(self, request: Request) -> Response:
        """Redeem one use; 400 for what no page of ours sends, 413 for more than it sends."""
        return await self._asked(request, by_post=False)

    async def post(self, request: Request) -> Response:
        """Redeem one use, and have what it is good for sent; the same for what no page sends."""
        return await self._asked(request, by_post=True)

    async def _asked(self, request: Request, *, by_post: bool) -> Response:
        said = await form_of(request, _LONGEST_FORM)
        if said is None:
            return Response(status_code=413, headers=PRIVATE)
        rid, terms = said.get("rid", ""), said.get("terms", "")
        to = _recipient(said) if by_post else None
        if not _RID.fullmatch(rid) or not _TERMS.fullmatch(terms) or (by_post and to is None):
            return Response(status_code=400, headers=PRIVATE)
        return await run_in_threadpool(self._redeem, request, rid, int(terms), to)

    def _redeem(self, request: Request, rid: str, terms: int, to: Recipient | None) -> Response:
        token, at = request.path_params["token"], self._office.clock()
        seen = self._office.database.read(lambda connection: see(connection, token, at))
        # A friend's page opens the code for a counter; what is given online is its owner's to see.
        if seen is None or not seen.owners:
            return self._html.missing(request)
        self._office.ledger.redeem_on_page(rid, seen.looks["code"], terms, to)
        return RedirectResponse(f"/v/{token}", 303, PRIVATE)


def _recipient(said: dict[str, str]) -> Recipient | None:
    """Return where something is to be sent; None where that is not said in full."""
    fields = {name: said.get(name, "") for name in LONGEST}
    fits = all(0 < len(fields[name]) <= longest for name, longest in LONGEST.items())
    if not fits or not _PHONE.fullmatch(fields["phone"]):
        return None
    return Recipient(**fields)
