"""The desk as routes: who comes in, what each may do, the frame around every page, and what browsers are told.

A session is a row here and a cookie there. What changes something is a form of a page of ours: it carries the session's
key, and comes from our own origin.
"""

from __future__ import annotations

import hmac
import logging
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from headoffice.desk import shown, words
from headoffice.desk.problems import sentence
from headoffice.desk.visit import LARGEST_FORM, Form, Gone, Shown, Visit, form_key
from headoffice.errors import DatabaseError, HeadOfficeError, NotFoundError
from headoffice.staff import people

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.requests import Request

    from headoffice.desk.visit import Outcome, Page
    from headoffice.office import Office

_log = logging.getLogger(__name__)

ROOT = "/desk"
COOKIE = "__Secure-hexiao_desk"
_LANGUAGE = "hexiao_desk_language"
_A_YEAR_S = 365 * 86400
_ASSETS = {"desk.css": "text/css", "desk.js": "text/javascript", "seal.svg": "image/svg+xml"}
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    # Not none at all: then a form of our own page would say "Origin: null".
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
}


class Desk:
    """The frame of one office's desk: pages are hung into it."""

    def __init__(self, office: Office, pages: Iterable[Page]) -> None:
        self.office = office
        self._pages = tuple(pages)
        self._templates = Environment(
            loader=PackageLoader("headoffice.desk"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= shown.FILTERS
        folder = files("headoffice.desk") / "assets"
        self._assets = {name: (folder / name).read_bytes() for name in _ASSETS}

    def routes(self) -> list[Route]:
        """Return what is served to people who are signed in, and the assets."""
        served = [Route(ROOT + page.path, self._endpoint(page), methods=["GET", "POST"]) for page in self._pages]
        return [*served, Route(f"{ROOT}/assets/{{name}}", self._asset)]

    # --- who comes ---------------------------------------------------------------------------------------------------

    def visit(self, request: Request) -> Visit | None:
        """Return who is signed in with this browser, and note that they are still there."""
        token = request.cookies.get(COOKIE, "")
        at = self.office.clock()
        person = self.office.database.read(lambda connection: people.signed_in(connection, token, at))
        if person is None:
            return None
        if request.method == "POST" or "text/html" in request.headers.get("accept", ""):
            self.office.database.write(lambda connection: people.hear(connection, token, at))
        return Visit(
            office=self.office,
            person=person,
            token=token,
            lang=language(request),
            path=request.path_params,
            query=Form(request.url.query),
        )

    def is_from_here(self, request: Request) -> bool:
        """Whether a browser says that a page of ours has sent this; one that says nothing is not believed."""
        origin = request.headers.get("origin")
        if origin is None:
            return request.headers.get("sec-fetch-site") == "same-origin"
        return urlsplit(origin).netloc in {request.headers.get("host"), urlsplit(self.office.url).netloc}

    # --- pages -------------------------------------------------------------------------------------------------------

    def _endpoint(self, page: Page) -> Callable[[Request], object]:
        async def endpoint(request: Request) -> Response:
            form = await read_form(request) if request.method == "POST" else Form("")
            if form is None:
                return self.plain(request, "too_large", 413)
            try:
                return await run_in_threadpool(self._answer, page, request, form)
            except DatabaseError as error:
                _log.error("event=database_unavailable error=%s", error)
                return self.plain(request, "unavailable", 503)

        return endpoint

    def _answer(self, page: Page, request: Request, form: Form) -> Response:
        visit = self.visit(request)
        if visit is None:
            return self.go(Gone(to="/sign-in?" + urlencode({"to": request.url.path.removeprefix(ROOT)})))
        wants_to_do = request.method == "POST"
        if not self._may(visit, page):
            home = next((mine for mine in self._pages if mine.name and self._may(visit, mine)), None)
            if not page.path and home is not None:
                return self.go(Gone(to=home.path))
            return self.plain(request, "not_yours", 403, visit)
        if not wants_to_do:
            return self._outcome(request, page, visit, self._shown(page, visit))
        if not self.is_from_here(request) or not hmac.compare_digest(
            form("key").encode(), form_key(visit.token).encode()
        ):
            return self.plain(request, "not_from_here", 403, visit)
        if page.do is None or (page.do_right is not None and not visit.person.may(page.do_right)):
            return self.plain(request, "not_yours", 403, visit)
        visit = replace(visit, form=form)
        try:
            outcome: Outcome | Response = page.do(visit)
        except DatabaseError:
            raise
        except (HeadOfficeError, ValidationError) as error:
            visit = replace(visit, problem=sentence(error, visit.lang))
            outcome = self._shown(page, visit)
            if isinstance(outcome, Shown):
                outcome = replace(outcome, status=409)
        return self._outcome(request, page, visit, outcome)

    @staticmethod
    def _shown(page: Page, visit: Visit) -> Outcome | Response:
        try:
            return page.show(visit)
        except DatabaseError:
            raise
        except HeadOfficeError as error:
            status = 404 if isinstance(error, NotFoundError) else 409
            problem = visit.problem or sentence(error, visit.lang)
            return Shown(template="plain.html", values={"problem": problem}, status=status)

    def _outcome(self, request: Request, page: Page, visit: Visit, outcome: Outcome | Response) -> Response:
        if isinstance(outcome, Response):
            outcome.headers.update(_HEADERS)
            return outcome
        if isinstance(outcome, Gone):
            return self.go(outcome)
        frame = {"problem": visit.problem, "done": visit.query("done"), "under": page.name or page.under}
        return self.html(request, outcome.template, {**frame, **outcome.values}, outcome.status, visit)

    def go(self, gone: Gone) -> Response:
        """Send a browser to another page of the desk."""
        mark = "&" if "?" in gone.to else "?"
        done = f"{mark}{urlencode({'done': gone.done})}" if gone.done else ""
        return RedirectResponse(ROOT + gone.to + done, 303, _HEADERS)

    def html(
        self, request: Request, template: str, values: dict[str, object], status: int = 200, visit: Visit | None = None
    ) -> Response:
        """Return a page in its frame."""
        lang = language(request)
        around = {
            "lang": lang,
            "other": "en" if lang == "zh" else "zh",
            "say": words.LABELS[lang],
            "root": ROOT,
            "here": request.url.path,
            "me": visit.person if visit else None,
            "form_key": form_key(visit.token) if visit else "",
            "menu": [page for page in self._pages if page.name and visit and self._may(visit, page)],
            "rights": visit.person.may if visit else lambda _: False,
            "problem": "",
            "done": "",
            "under": "",
        }
        text = self._templates.get_template(template).render(around | values)
        response = Response(text, status, _HEADERS, "text/html; charset=utf-8")
        if request.query_params.get("lang") in words.LANGUAGES:
            response.set_cookie(_LANGUAGE, lang, _A_YEAR_S, path=ROOT, httponly=True, samesite="lax", secure=True)
        return response

    def plain(self, request: Request, word: str, status: int, visit: Visit | None = None) -> Response:
        """Return a page that says one thing."""
        return self.html(request, "plain.html", {"problem": words.LABELS[language(request)][word]}, status, visit)

    @staticmethod
    def _may(visit: Visit, page: Page) -> bool:
        return page.right is None or visit.person.may(page.right)

    def _asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._assets:
            return Response(status_code=404)
        headers = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
        return Response(self._assets[name], 200, headers, f"{_ASSETS[name]}; charset=utf-8")


async def read_form(request: Request) -> Form | None:
    """Return a form that was sent; None where it is larger than any of ours."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM:
            return None
    return Form(body.decode("utf-8", "replace"))


def language(request: Request) -> str:
    """Return the language of a page: as asked now, as chosen before, as the browser prefers."""
    asked = request.query_params.get("lang") or request.cookies.get(_LANGUAGE)
    if asked in words.LANGUAGES:
        return str(asked)
    prefers = request.headers.get("accept-language", "zh").lower()
    return "zh" if prefers.startswith("zh") or "en" not in prefers else "en"
