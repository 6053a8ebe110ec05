"""The customer's voucher page: ``/v/{token}``, its QR alone, and the word by which a page notices a change."""

from __future__ import annotations

import hashlib
import secrets
from importlib.resources import files
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from headoffice.notices import contacts
from headoffice.notices.kinds import Channel
from headoffice.pages.agreeing import Agreeing
from headoffice.pages.browser import kept_token
from headoffice.pages.claim import Claims
from headoffice.pages.events import events_of
from headoffice.pages.gift import gifts_of
from headoffice.pages.html import PRIVATE, Html, spoken
from headoffice.pages.openings import openings_of
from headoffice.pages.prints import Prints
from headoffice.pages.qr import qr_svg
from headoffice.pages.redeeming import Redeeming
from headoffice.pages.steps import Steps, allowed
from headoffice.pages.view import see, told
from headoffice.pages.wallet import wallets_of
from headoffice.pages.words import LABELS
from headoffice.vouchers.customers import hidden
from headoffice.vouchers.gifts import link_of
from headoffice.vouchers.issued import MOST_FRIENDS, shares_of
from headoffice.vouchers.wallets import holds
from protocol.ids import RID_BYTES
from protocol.kinds import Kind
from protocol.owner import VoucherState
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection
    from starlette.requests import Request

    from headoffice.office import Office
    from headoffice.pages.view import Seen

_TYPES = {".css": "text/css", ".js": "text/javascript"}
_ASSETS = ("page.css", "print.css", "voucher.css", "voucher.js", "wallet.css", "wallet.js")
#: A friend's page opens the code, and leads nowhere else.
_FRIENDS = {"steps": (), "gift": None, "shared": False, "friends": (), "ways": (), "offers": ()}


class Pages:
    """The pages of one office. Their handlers are plain functions, so the server calls them in threads."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._html = Html(office.frames)
        self._agreeing = Agreeing(office, self._html)
        folder = files("headoffice.pages") / "assets"
        self._assets = {name: (folder / name).read_bytes() for name in _ASSETS}

    def routes(self) -> list[Route]:
        """Return what is served."""
        return [
            Route("/v/{token}", self.page),
            Route("/v/{token}/ticket", self.ticket),
            Route("/v/{token}/state", self.state),
            Route("/v/{token}/qr.svg", self.qr),
            events_of(self._office),
            *openings_of(self._office),
            *Steps(self._office, self._html).routes(),
            *self._agreeing.routes(),
            *Redeeming(self._office, self._html).routes(),
            *wallets_of(self._office, self._html),
            *gifts_of(self._office, self._html),
            *Claims(self._office, self._html).routes(),
            *Prints(self._office, self._html).routes(),
            Route("/assets/{name}", self.asset),
        ]

    def page(self, request: Request) -> Response:
        """Return the page of a voucher, in the customer's language."""
        return self._told(request, "voucher.html")

    def ticket(self, request: Request) -> Response:
        """Return that part of the page which changes with the voucher."""
        return self._told(request, "ticket.html")

    def state(self, request: Request) -> Response:
        """Return the page's seal; where it differs from the ticket's own, that is to be fetched again."""
        seen = self._seen(request)
        if seen is None:
            return JSONResponse({"seal": None}, 404, PRIVATE)
        return JSONResponse({"seal": seen.seal, "verdict": seen.verdict}, headers=PRIVATE)

    def qr(self, request: Request) -> Response:
        """Return the QR alone, white margin included."""
        seen = self._seen(request)
        if seen is None or seen.voucher.dynamic:
            return Response(status_code=404, headers=PRIVATE)
        return Response(qr_svg(seen.looks["code"], LABELS["zh"]["qr"]), 200, PRIVATE, "image/svg+xml")

    def asset(self, request: Request) -> Response:
        """Return the page's style or script, which are the same for everybody."""
        name = request.path_params["name"]
        content = self._assets.get(name)
        if content is None:
            return Response(status_code=404)
        tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = {"etag": tag, "cache-control": "no-cache", "x-content-type-options": "nosniff"}
        if request.headers.get("if-none-match") == tag:
            return Response(None, 304, headers)
        return Response(content, 200, headers, f"{_TYPES[PurePosixPath(name).suffix]}; charset=utf-8")

    def _seen(self, request: Request) -> Seen | None:
        token = request.path_params["token"]
        at = self._office.clock()
        return self._office.database.read(lambda connection: see(connection, token, at))

    def _told(self, request: Request, template: str) -> Response:
        token, lang, at = request.path_params["token"], spoken(request), self._office.clock()

        def look(connection: Connection) -> dict[str, object] | None:
            seen = see(connection, token, at)
            if seen is None:
                return None
            beside = self._beside(connection, seen, at) if seen.owners else _FRIENDS
            mine = holds(connection, kept_token(request), seen.voucher.id)
            return {**told(seen, lang), **beside, "token": token, "wallet": mine and kept_token(request)}

        values = self._office.database.read(look)
        if values is None:
            return self._html.missing(request)
        picture = "" if values["dynamic"] else qr_svg(str(values["code"]), LABELS[lang]["qr"])
        follow = self._office.follow and qr_svg(self._office.follow, LABELS[lang]["follow"])
        fresh = {"qr": picture, "follow": follow, "rid": secrets.token_hex(RID_BYTES)}
        return self._html.page(request, template, {**values, **fresh})

    def _beside(self, connection: Connection, seen: Seen, at: datetime) -> dict[str, object]:
        """Return what its owner can do from a voucher's page."""
        gift = link_of(connection, seen.looks["code"]) if seen.voucher.state is VoucherState.GIFTING else None
        friends = [
            {"name": share.name, "page": self._office.page(share.token)}
            for share in shares_of(connection, seen.voucher.id)
        ]
        return {
            "steps": allowed(seen, at),
            "gift": gift and self._office.gift(gift),
            "shared": _can_be_shared(seen, len(friends)),
            "friends": friends,
            "ways": _ways(connection, seen.voucher.id),
            "offers": self._agreeing.offers(seen),
        }


def _can_be_shared(seen: Seen, friends: int) -> bool:
    usable = seen.looks["kind"] == Kind.FRIEND and seen.verdict is Verdict.REDEEMABLE
    return usable and friends < MOST_FRIENDS


def _ways(connection: Connection, voucher: str) -> list[dict[str, str]]:
    """Return how its customer is told of a voucher: by which channel, and of the address what its owner knows it by."""
    return [
        {"channel": one["channel"], "to": "" if one["channel"] == Channel.WECHAT else hidden(one["address"])}
        for one in contacts.of_voucher(connection, voucher)
        if one["ended_at"] is None
    ]
