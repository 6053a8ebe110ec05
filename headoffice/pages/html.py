"""Pages as they leave the head office: filled in, and with headers that let nothing in from elsewhere."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import Response

from headoffice.pages.words import DOING, LABELS, language

if TYPE_CHECKING:
    from starlette.requests import Request

PRIVATE = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
}


class Html:
    """Fills in templates. ``frames``: origins that may show a page inside theirs."""

    def __init__(self, frames: tuple[str, ...] = ()) -> None:
        self._frames = " ".join(frames) or "'none'"
        self._templates = Environment(
            loader=PackageLoader("headoffice.pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(self, request: Request, template: str, values: dict[str, object], status: int = 200) -> Response:
        """Return a page in the language of its reader."""
        nonce = secrets.token_urlsafe(16)
        policy = (
            f"default-src 'none'; style-src 'self' 'nonce-{nonce}'; script-src 'self'; connect-src 'self'; "
            f"img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors {self._frames}"
        )
        lang = spoken(request)
        common: dict[str, object] = {"doing": DOING[lang]}
        common |= {"lang": lang, "other": "en" if lang == "zh" else "zh", "say": LABELS[lang], "nonce": nonce}
        text = self._templates.get_template(template).render(common | values)
        return Response(text, status, {**PRIVATE, "content-security-policy": policy}, "text/html; charset=utf-8")

    def missing(self, request: Request) -> Response:
        """Say kindly that there is nothing at this address."""
        return self.page(request, "missing.html", {}, 404)


def spoken(request: Request) -> str:
    """Return the language in which a page answers."""
    return language(request.query_params.get("lang"), request.headers.get("accept-language", ""))
