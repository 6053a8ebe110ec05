"""The console's page and its sign-in; everything that moves on it comes over the HTTP interface."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
import msgspec
from aiohttp import web

from gateway.console.answers import answer, refuse
from gateway.console.texts import LANGUAGES, method_names, verdict_names, words
from gateway.webcounter import PATIENCE_S
from protocol.requester import ASKING_S, REPEAT_S, RESOLVE_REPEAT_S

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.console.access import Access
    from gateway.console.parts import Parts

_HERE = Path(__file__).parent
_LANGUAGE = "hexiao_language"
_A_YEAR_S = 365 * 86400

#: The limits of a requester (``protocol.requester``), seconds, and how long the page waits for one answer to a RESOLVE.
REQUESTER = {
    "asking_s": ASKING_S,
    "repeat_s": REPEAT_S,
    "resolve_repeat_s": RESOLVE_REPEAT_S,
    "patience_s": PATIENCE_S + 4.0,
}


class Pages:
    """Handlers that answer with HTML."""

    def __init__(self, parts: Parts, access: Access) -> None:
        """Keep the parts."""
        self._parts = parts
        self._access = access
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Return where these handlers are found."""
        return (
            web.get("/", self.console),
            web.get("/clerks", self.clerks),
            web.post("/login", self.login),
            web.post("/logout", self.logout),
            web.get("/healthz", self.health),
            web.static("/static", _HERE / "static"),
        )

    async def console(self, request: web.Request) -> web.Response:
        """Return the page; the sign-in to whoever has not signed in."""
        language = language_of(request)
        if self._access.entry(request) is None:
            response = self.page("login.html", language, status=HTTPStatus.UNAUTHORIZED, wrong=False)
        else:
            names = {
                "words": words(language),
                "verdicts": verdict_names(language),
                "methods": method_names(language),
                "identity": self._parts.identity,
                "requester": REQUESTER,
            }
            response = self.page("console.html", language, data=in_a_script(names))
        if "lang" in request.query:
            response.set_cookie(_LANGUAGE, language, max_age=_A_YEAR_S, samesite="Strict", httponly=True, path="/")
        return response

    async def clerks(self, request: web.Request) -> web.Response:
        """Return the page of the clerks; whoever has not signed in goes to where that is done."""
        if self._access.entry(request) is None:
            return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/"})
        language = language_of(request)
        return self.page("clerks.html", language, data=in_a_script({"words": words(language)}))

    async def login(self, request: web.Request) -> web.Response:
        """Exchange the token for a cookie, and go to the page."""
        if not self._access.may_sign_in_from(request):
            return refuse(HTTPStatus.FORBIDDEN, "this sign-in came from a page that is not allowed to send one")
        form = await request.post()
        token = form.get("token", "")
        if not isinstance(token, str) or not self._access.knows(token.strip()):
            return self.page("login.html", language_of(request), status=HTTPStatus.UNAUTHORIZED, wrong=True)
        response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/"})
        self._access.sign_in(response)
        return response

    async def logout(self, _request: web.Request) -> web.Response:
        """Take the cookie away."""
        response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/"})
        self._access.sign_out(response)
        return response

    async def health(self, _request: web.Request) -> web.Response:
        """Say that the gateway serves."""
        return answer({"status": "ok"})

    def page(self, template: str, language: str, *, status: int = HTTPStatus.OK, **values: object) -> web.Response:
        """Draw a page from its template."""
        other = next(name for name in LANGUAGES if name != language)
        text = self._templates.get_template(template).render(
            w=words(language), language=language, other=other, identity=self._parts.identity, **values
        )
        return web.Response(text=text, status=status, content_type="text/html")


def in_a_script(content: object) -> str:
    """Return content as JSON that ends no element."""
    return msgspec.json.encode(content).decode().replace("<", "\\u003c")


def language_of(request: web.Request) -> str:
    """Return the page's language: as asked now, as chosen before, as the browser prefers."""
    asked = request.query.get("lang") or request.cookies.get(_LANGUAGE)
    if asked in LANGUAGES:
        return asked
    prefers = request.headers.get("Accept-Language", "zh").lower()
    return "zh" if prefers.startswith("zh") or "en" not in prefers else "en"
