"""A browser of this process: it keeps a cookie, and sends the forms of the page that it was shown."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from headoffice.desk.app import COOKIE
from headoffice.staff import people
from headoffice.staff.passwords import hash_password
from tests.headoffice.asgi import Client

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection
    from starlette.types import ASGIApp

    from headoffice.office import Office
    from headoffice.staff.roles import Role
    from tests.headoffice.asgi import Reply

ORIGIN = "http://vouchers.example"
PASSWORD = "four plain little words"
_KEY = re.compile(r'name="key" value="([0-9a-f]{32})"')


class Browsing:
    """One browser at one office's desk."""

    def __init__(self, app: ASGIApp, lang: str = "en") -> None:
        self._client = Client(app)
        self._lang = lang
        self.cookie = ""
        self.key = ""

    def get(self, path: str, **headers: str) -> Reply:
        """Open a page."""
        reply = self._client.get(f"/desk{path}", headers={**self._named(), **headers})
        self._keep(reply)
        return reply

    def post(self, path: str, origin: str | None = ORIGIN, key: str | None = None, **fields: Any) -> Reply:
        """Send a form, as a page of ours would."""
        headers = self._named() | ({} if origin is None else {"origin": origin})
        body = urlencode({"key": self.key if key is None else key, **fields}, doseq=True).encode()
        reply = self._client.post(f"/desk{path}", headers=headers, content=body)
        self._keep(reply)
        return reply

    def join(self, token: str, **fields: str) -> Reply:
        """Follow a link and set a password."""
        return self.post(f"/join/{token}", **{"password": PASSWORD, "again": PASSWORD, **fields})

    def sign_in(self, login: str, password: str = PASSWORD) -> Reply:
        """Sign in; the pages' key is known from then on."""
        reply = self.post("/sign-in", login=login, password=password)
        if reply.status_code == 303:
            self.get("/me")
        return reply

    def _named(self) -> dict[str, str]:
        return {
            "accept": "text/html",
            "accept-language": self._lang,
            "content-type": "application/x-www-form-urlencoded",
            **({"cookie": self.cookie} if self.cookie else {}),
        }

    def _keep(self, reply: Reply) -> None:
        if cookie := reply.headers.get("set-cookie"):
            self.cookie = cookie.partition(";")[0]
        if found := _KEY.search(reply.text):
            self.key = found[1]


@cache
def kept() -> str:
    """Return the hash of PASSWORD, which takes a moment."""
    return hash_password(PASSWORD)


def let_in(office: Office, app: ASGIApp, login: str, role: Role, stores: Iterable[str] = ()) -> Browsing:
    """Make somebody who has set a password, and return the browser with which they are signed in."""

    def make(connection: Connection) -> str:
        people.add_person(connection, login, login.title(), role, stores)
        people.set_password(connection, login, kept())
        return people.sign_in(connection, login, office.clock())

    browsing = Browsing(app)
    browsing.cookie = f"{COOKIE}={office.database.write(make)}"
    assert browsing.get("/me").status_code == 200
    return browsing
