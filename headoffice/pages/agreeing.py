"""A customer's own word on being told of their vouchers: left on a voucher's page, or where one is claimed.

What is kept as the proof of it is the very sentence that stood beside the tick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from headoffice.api.contacts import ContactIn
from headoffice.notices import contacts
from headoffice.notices.kinds import Channel, channels_in
from headoffice.pages.forms import form_of
from headoffice.pages.html import PRIVATE, spoken
from headoffice.pages.view import mood, see
from headoffice.pages.words import LABELS
from headoffice.vouchers.wallets import wallet_holding

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy import Connection
    from starlette.requests import Request

    from headoffice.notices.contacts import Contact
    from headoffice.office import Office
    from headoffice.pages.html import Html
    from headoffice.pages.view import Seen

#: What a customer can type; by which openid the chain's account knows them they do not know.
TYPED = (Channel.SMS, Channel.EMAIL)
LONGEST_FORM = 2_000


def offered(notices: str, ways: Collection[Channel]) -> list[str]:
    """Return by which ways a customer can ask to be told: those of the type (its column) that this office sends by."""
    return [one.value for one in channels_in(notices) if one in TYPED and one in ways]


def agreed(said: Mapping[str, str], offers: Collection[str], lang: str, where: str, at: datetime) -> list[Contact]:
    """Return the ways that a form brings under the customer's word; none where it brings no address, or not that word.

    ``where`` is said with the word as it is kept. Raises ValidationError for what is no address.
    """
    given = {name: said[name] for name in offers if said.get(name)}
    if not given or "agree" not in said:
        return []
    proof = f"{where}: {LABELS[lang]['agree']}"
    return ContactIn.model_validate({**given, "lang": lang, "agreed_at": at, "agreed_by": proof}).ways()


class Agreeing:
    """Where a voucher's page sends how its customer wants to be told; it leads back to the page."""

    def __init__(self, office: Office, html: Html) -> None:
        self._office = office
        self._html = html

    def routes(self) -> list[Route]:
        """Return what is served."""
        return [Route("/v/{token}/notices", self.agree, methods=["POST"])]

    async def agree(self, request: Request) -> Response:
        """Keep what was typed; 400 for what no page of ours sends, 413 for more than it sends."""
        said = await form_of(request, LONGEST_FORM)
        if said is None:
            return Response(status_code=413, headers=PRIVATE)
        return await run_in_threadpool(self._keep, request, said)

    def offers(self, seen: Seen) -> list[str]:
        """Return by which ways the owner of a voucher can ask to be told; of one that is over there is no more news."""
        alive = seen.owners and mood(seen) in {"ready", "waiting"}
        return offered(seen.looks["notices"], self._office.ways) if alive else []

    def _keep(self, request: Request, said: Mapping[str, str]) -> Response:
        token, lang, at = request.path_params["token"], spoken(request), self._office.clock()

        def keep(connection: Connection) -> bool:
            seen = see(connection, token, at)
            if seen is None or not seen.owners:
                return False
            if ways := agreed(said, self.offers(seen), lang, "/v", at):
                contacts.put(connection, wallet_holding(connection, seen.voucher.id, at), ways)
            return True

        try:
            found = self._office.database.write(keep)
        except ValidationError:
            return Response(status_code=400, headers=PRIVATE)
        return RedirectResponse(f"/v/{token}", 303, PRIVATE) if found else self._html.missing(request)
