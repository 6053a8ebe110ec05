"""The customer's voucher page: ``/v/{token}``, its QR alone, and the word by which a page notices a change."""

from __future__ import annotations

import hashlib
import secrets
from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from headoffice.pages.events import events_of
from headoffice.pages.openings import PRIVATE, openings_of
from headoffice.pages.qr import qr_svg
from headoffice.pages.view import see, told
from headoffice.pages.words import LABELS, language

if TYPE_CHECKING:
    from starlette.requests import Request

    from headoffice.office import Office
    from headoffice.pages.view import Seen

_ASSETS = {"voucher.css": "text/css", "voucher.js": "text/javascript"}


class Pages:
    """The pages of one office. Their handlers are plain functions, so the server calls them in threads."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._templates = Environment(
            loader=PackageLoader("headoffice.pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
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
        return Response(content, 200, headers, f"{_ASSETS[name]}; charset=utf-8")

    def _seen(self, request: Request) -> Seen | None:
        token = request.path_params["token"]
        at = self._office.clock()
        return self._office.database.read(lambda connection: see(connection, token, at))

    def _told(self, request: Request, template: str) -> Response:
        lang = language(request.query_params.get("lang"), request.headers.get("accept-language", ""))
        seen = self._seen(request)
        if seen is None:
            return self._html("missing.html", 404, {"lang": lang, "say": LABELS[lang]})
        values = told(seen, lang)
        picture = "" if seen.voucher.dynamic else qr_svg(values["code"], LABELS[lang]["qr"])
        follow = self._office.follow and qr_svg(self._office.follow, LABELS[lang]["follow"])
        more = {"token": request.path_params["token"], "qr": picture, "follow": follow}
        return self._html(template, 200, values | more)

    def _html(self, template: str, status: int, values: dict[str, object]) -> Response:
        """Return a page that loads nothing from elsewhere, and that only the configured origins can frame."""
        nonce = secrets.token_urlsafe(16)
        frames = " ".join(self._office.frames) or "'none'"
        policy = (
            f"default-src 'none'; style-src 'self' 'nonce-{nonce}'; script-src 'self'; connect-src 'self'; "
            f"img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors {frames}"
        )
        text = self._templates.get_template(template).render(values, nonce=nonce)
        return Response(text, status, {**PRIVATE, "content-security-policy": policy}, "text/html; charset=utf-8")
