"""Who may use the console: one token, as a bearer or exchanged for a cookie; and what every answer tells a browser.

The token is made at the first start and lies in the data folder, readable by its owner alone. The cookie is not the
token: it is derived from it, ends by itself, and goes to no other site. What changes something must come from the
console's own page.
"""

from __future__ import annotations

import hmac
import os
import secrets
import time
from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from gateway.console.answers import refuse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

TOKEN_BYTES = 32
SESSION_S = 12 * 3600
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_PUBLIC = frozenset({"/", "/clerks", "/login", "/healthz"})


class Entry(Enum):
    """How somebody came in."""

    TOKEN = auto()
    COOKIE = auto()


def read_or_make_token(path: Path) -> str:
    """Return the console's token, made now where there is none; only its owner can read the file."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        path.chmod(0o600)
        token = path.read_text(encoding="ascii").strip()
        if token:
            return token
        descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{token}\n")
        file.flush()
        os.fsync(file.fileno())
    return token


class Access:
    """Decides who comes in; its ``middleware`` stands before every handler."""

    def __init__(
        self, token: str, port: int, embedded_in: tuple[str, ...], clock: Callable[[], float] = time.time
    ) -> None:
        """Keep the token; ``port`` names the cookie, because browsers do not tell ports of a host apart."""
        self._token = token.encode()
        self._cookie = f"hexiao_console_{port}"
        self._embedded_in = embedded_in
        self._clock = clock
        frames = " ".join(("'self'", *embedded_in))
        self._headers = {
            "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            f"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {frames}",
            "Cache-Control": "no-store",
            "Referrer-Policy": "same-origin",  # with none at all a form of our own page would say "Origin: null"
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        }

    def knows(self, token: str) -> bool:
        """Whether this is the token, compared in constant time."""
        return hmac.compare_digest(token.encode(), self._token)

    def entry(self, request: web.Request) -> Entry | None:
        """Return how this request comes in; None where it does not."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer" and self.knows(token.strip()):
            return Entry.TOKEN
        return Entry.COOKIE if self._session_holds(request.cookies.get(self._cookie, "")) else None

    def sign_in(self, response: web.StreamResponse) -> None:
        """Give a browser its cookie."""
        ends = str(int(self._clock()) + SESSION_S)
        value = f"{ends}.{self._session_mac(ends)}"
        response.set_cookie(self._cookie, value, max_age=SESSION_S, httponly=True, samesite="Strict", path="/")

    def sign_out(self, response: web.StreamResponse) -> None:
        """Take the cookie away."""
        response.del_cookie(self._cookie, path="/", httponly=True, samesite="Strict")

    def may_sign_in_from(self, request: web.Request) -> bool:
        """Whether a sign-in may come from the page that sent it: our own, one that may embed us, or no page at all."""
        origin = request.headers.get("Origin")
        return origin is None or origin in self._embedded_in or _own(origin, request)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in or refuse, and give every answer its headers."""
        try:
            response = self._refusal(request) or await handler(request)
        except web.HTTPException as error:
            error.headers.update(self._headers)
            raise
        if not response.prepared:
            response.headers.update({key: value for key, value in self._headers.items() if key not in response.headers})
        return response

    def stream_headers(self) -> dict[str, str]:
        """Return the headers for an answer that begins before it goes through the middleware."""
        return dict(self._headers)

    def _refusal(self, request: web.Request) -> web.Response | None:
        if request.path in _PUBLIC or request.path.startswith("/static/"):
            return None
        entry = self.entry(request)
        if entry is None:
            refusal = refuse(HTTPStatus.UNAUTHORIZED, "sign in at the console, or send its token as a bearer")
            refusal.headers["WWW-Authenticate"] = "Bearer"
            return refusal
        if entry is Entry.COOKIE and request.method not in _SAFE_METHODS and not _from_own_page(request):
            return refuse(HTTPStatus.FORBIDDEN, "this did not come from the console's own page")
        return None

    def _session_holds(self, cookie: str) -> bool:
        ends, _, mac = cookie.partition(".")
        good = hmac.compare_digest(mac.encode(), self._session_mac(ends).encode())
        return good and int(ends) > self._clock()

    def _session_mac(self, ends: str) -> str:
        return hmac.digest(self._token, f"console session until {ends}".encode(), "sha256").hex()


def _from_own_page(request: web.Request) -> bool:
    """Whether a browser says that its own page of ours sent this; one that says nothing is not believed."""
    origin = request.headers.get("Origin")
    if origin is not None:
        return _own(origin, request)
    return request.headers.get("Sec-Fetch-Site") == "same-origin"


def _own(origin: str, request: web.Request) -> bool:
    # The scheme is left out: behind a proxy that has TLS we see http where the browser sees https.
    return urlsplit(origin).netloc == request.host
