"""The link of a gift: ``/g/{token}`` shows what is given away, and gives it to the first who takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse
from starlette.routing import Route

from headoffice.errors import HeadOfficeError, NotAllowedError
from headoffice.pages.browser import is_ours, keep_token, proof_of, token_for
from headoffice.pages.html import PRIVATE, spoken
from headoffice.pages.view import see_voucher, told
from headoffice.vouchers.gifts import offered, take
from headoffice.vouchers.wallets import wallet_in
from protocol.owner import VoucherState

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.requests import Request
    from starlette.responses import Response

    from headoffice.office import Office
    from headoffice.pages.html import Html


def gifts_of(office: Office, html: Html) -> list[Route]:
    """Return the page of a gift, and what takes it."""

    def shown(request: Request, status: int = 200) -> Response:
        link, lang, at = request.path_params["token"], spoken(request), office.clock()

        def look(connection: Connection) -> dict[str, object] | None:
            voucher = offered(connection, link)
            seen = None if voucher is None else see_voucher(connection, voucher, at)
            if seen is None:
                return None
            return {**told(seen, lang), "open": seen.voucher.state is VoucherState.GIFTING}

        values = office.database.read(look)
        if values is None:
            return html.missing(request)
        token = token_for(request)
        page = html.page(request, "gift.html", {**values, "link": link, "proof": proof_of(token)}, status)
        return keep_token(request, page, token)

    def taken(request: Request) -> Response:
        if not is_ours(request):
            return shown(request, 403)
        link, token = request.path_params["token"], token_for(request)

        def receive(connection: Connection) -> tuple[str | None, str]:
            at = office.clock()
            page = take(connection, link, wallet_in(connection, token, at), at, office.signer)
            return offered(connection, link), page

        try:
            given, page = office.database.write(receive)
        except HeadOfficeError as error:
            return shown(request, 409 if isinstance(error, NotAllowedError) else 503)
        office.changes.tell(str(given))
        return RedirectResponse(f"/v/{page}", 303, PRIVATE)

    return [Route("/g/{token}", shown, methods=["GET"]), Route("/g/{token}", taken, methods=["POST"])]
