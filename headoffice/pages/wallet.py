"""A customer's wallet (卡包): ``/w/{token}``, what can be used now first, what is over folded away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.routing import Route

from headoffice.pages.browser import keep_token, kept_token
from headoffice.pages.html import spoken
from headoffice.pages.view import mood, see_voucher, told
from headoffice.vouchers.wallets import MOST_SHOWN, vouchers_in, wallet_with
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.requests import Request
    from starlette.responses import Response

    from headoffice.office import Office
    from headoffice.pages.html import Html
    from headoffice.pages.view import Seen

_NO_END = datetime.max.replace(tzinfo=UTC)
_USABLE_SOON = ("ready", "waiting")


def wallets_of(office: Office, html: Html) -> list[Route]:
    """Return the wallet's page."""

    def page(request: Request) -> Response:
        token, lang = request.path_params["token"], spoken(request)
        kept = kept_token(request) or ""

        def look(connection: Connection) -> tuple[list[Seen] | None, bool]:
            return _seen_in(connection, token, office.clock()), wallet_with(connection, kept) is None

        found, has_none = office.database.read(look)
        if found is None:
            return html.missing(request)
        cards = [{**told(seen, lang), "address": seen.looks["page_token"]} for seen in found]
        current = [card for card in cards if card["mood"] in _USABLE_SOON]
        values = {
            "current": current,
            "past": [card for card in cards if card["mood"] not in _USABLE_SOON],
            "most": MOST_SHOWN,
            "full": len(found) == MOST_SHOWN,
        }
        # A link that somebody sends does not take the place of a wallet that this browser has.
        response = html.page(request, "wallet.html", values)
        return keep_token(request, response, token) if has_none else response

    return [Route("/w/{token}", page)]


def _seen_in(connection: Connection, token: str, at: datetime) -> list[Seen] | None:
    """Return what a wallet holds, in the order in which it is wanted; None where there is no such wallet."""
    wallet = wallet_with(connection, token)
    if wallet is None:
        return None
    seen = (see_voucher(connection, voucher, at) for voucher in vouchers_in(connection, wallet))
    return sorted((one for one in seen if one is not None and one.verdict is not Verdict.DELETED), key=_order)


def _order(seen: Seen) -> tuple[bool, datetime]:
    """Sort what can be used now before what has to wait, and what ends sooner before what ends later."""
    return mood(seen) != "ready", seen.voucher.valid_until or _NO_END
