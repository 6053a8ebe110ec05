"""The page behind a claim code (领券二维码): ``/lingquan/{campaign}/{source}`` gives one voucher to one person."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from headoffice.errors import NotAllowedError, NotFoundError
from headoffice.notices import contacts
from headoffice.pages.agreeing import LONGEST_FORM, agreed, offered
from headoffice.pages.browser import is_ours, keep_token, kept_token, proof_of, token_for
from headoffice.pages.forms import form_of
from headoffice.pages.html import PRIVATE, spoken
from headoffice.pages.view import looks_told
from headoffice.pages.words import REFUSED, Said
from headoffice.vouchers.campaigns import Claim, Refused, claim, find_campaign, refused
from headoffice.vouchers.types import find_type
from headoffice.vouchers.wallets import wallet_in, wallet_with
from protocol.ids import RID_SHAPE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection
    from starlette.requests import Request

    from headoffice.office import Office
    from headoffice.pages.html import Html

_KEY = re.compile(RID_SHAPE)


class Claims:
    """The claim pages of one office."""

    def __init__(self, office: Office, html: Html) -> None:
        self._office = office
        self._html = html

    def routes(self) -> list[Route]:
        """Return what is served."""
        return [
            Route("/lingquan/{campaign}/{source}", self.page, methods=["GET"]),
            Route("/lingquan/{campaign}/{source}", self.claimed, methods=["POST"]),
        ]

    def page(self, request: Request, status: int = 200) -> Response:
        """Return what is given away, with the button that claims it, or why there is none."""
        place, lang, at = request.path_params, spoken(request), self._office.clock()

        def look(connection: Connection) -> dict[str, object] | None:
            try:
                found = find_campaign(connection, place["campaign"], place["source"])
            except NotFoundError:
                return None
            wallet = wallet_with(connection, kept_token(request) or "")
            why_not = refused(connection, found, wallet, at)
            said = why_not and REFUSED[lang][why_not.why]
            given = find_type(connection, found.type)
            told = contacts.any_of(connection, wallet)
            return {
                **looks_told(given, lang),
                "offers": [] if told else offered(given["notices"], self._office.ways),
                "refused": said and Said(said.name, said.meaning.format(each=found.each)),
                "mine": why_not and why_not.page,
            }

        values = self._office.database.read(look)
        if values is None:
            return self._html.missing(request)
        token = token_for(request)
        form = {**place, "proof": proof_of(token), "key": secrets.token_hex(16)}
        return keep_token(request, self._html.page(request, "claim.html", {**values, **form}, status), token)

    async def claimed(self, request: Request) -> Response:
        """Give a voucher to whoever has pressed the button, and lead to its page; 400 and 413 for no form of ours."""
        said = await form_of(request, LONGEST_FORM)
        if said is None:
            return Response(status_code=413, headers=PRIVATE)
        return await run_in_threadpool(self._claimed, request, said)

    def _claimed(self, request: Request, said: Mapping[str, str]) -> Response:
        key, token, place = request.query_params.get("key", ""), token_for(request), request.path_params
        if not is_ours(request) or not _KEY.fullmatch(key):
            return self.page(request, 403)

        def give(connection: Connection) -> str | Refused:
            at = self._office.clock()
            found = find_campaign(connection, place["campaign"], place["source"])
            offers = offered(find_type(connection, found.type)["notices"], self._office.ways)
            ways = agreed(said, offers, spoken(request), request.url.path, at)
            # Who gets nothing is kept in no book: then nobody can fill those from afar.
            unknown = wallet_with(connection, token) is None
            if unknown and (why_not := refused(connection, found, None, at)) is not None:
                return why_not
            wallet = wallet_in(connection, token, at)
            return claim(connection, Claim(key, place["campaign"], place["source"], wallet, tuple(ways)), at)

        try:
            given = self._office.database.write(give)
        except ValidationError:
            return Response(status_code=400, headers=PRIVATE)
        except (NotFoundError, NotAllowedError):
            return self.page(request, 409)
        if isinstance(given, Refused):
            return self.page(request, 409)
        return RedirectResponse(f"/v/{given}", 303, PRIVATE)
