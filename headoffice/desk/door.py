"""Coming in and going out: sign-in, the link that sets a password, one's own page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from headoffice.api.fields import Name
from headoffice.desk.app import COOKIE, ROOT, language, read_form
from headoffice.desk.deeds import Deed, note
from headoffice.desk.problems import sentence
from headoffice.desk.visit import Form, Gone, Page, Shown, Visit, form_key
from headoffice.desk.words import LABELS
from headoffice.errors import HeadOfficeError, NotAllowedError, NotFoundError, RefusedError
from headoffice.staff import people
from headoffice.staff.passwords import check_password, hash_password, is_password

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection
    from starlette.requests import Request
    from starlette.responses import Response

    from headoffice.desk.app import Desk

_NAME: TypeAdapter[str] = TypeAdapter(Name)
_SESSION_S = int(people.SESSION_FOR.total_seconds())


def doors_of(desk: Desk) -> list[Route]:
    """Return the addresses that are open to people who are not signed in."""
    door = _Door(desk)
    both = ["GET", "POST"]
    return [
        Route(f"{ROOT}/sign-in", door.sign_in, methods=both),
        Route(f"{ROOT}/sign-out", door.sign_out, methods=["POST"]),
        Route(f"{ROOT}/join/{{token}}", door.join, methods=both),
    ]


class _Door:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._office = desk.office

    async def sign_in(self, request: Request) -> Response:
        """Ask for name and password, and let in who has them."""
        return await self._answered(request, self._sign_in)

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        return await self._answered(request, self._sign_out)

    async def join(self, request: Request) -> Response:
        """Let somebody with a link set a password, and in."""
        return await self._answered(request, self._join)

    async def _answered(self, request: Request, answer: Callable[[Request, Form], Response]) -> Response:
        form = await read_form(request) if request.method == "POST" else Form("")
        if form is None or (request.method == "POST" and not self._desk.is_from_here(request)):
            return self._desk.plain(request, "not_from_here", 403)
        return await run_in_threadpool(answer, request, form)

    def _sign_in(self, request: Request, form: Form) -> Response:
        to = form("to") or Form(request.url.query)("to")
        problem, status = "", 200
        if request.method == "POST":
            login = form("login").casefold()
            try:
                return self._let_in(self._recognised(login, form.secret("password")), Deed.SIGNED_IN, to)
            except NotAllowedError as error:
                problem, status = sentence(error, language(request)), 429
            except NotFoundError:
                problem, status = LABELS[language(request)]["wrong"], 401
        nobody = not self._office.database.read(people.any_administrator)
        values: dict[str, object] = {"to": to, "login": form("login"), "nobody": nobody, "problem": problem}
        return self._desk.html(request, "sign_in.html", values, status)

    def _recognised(self, login: str, password: str) -> str:
        """Return the login of whoever has this password; raise NotFoundError, NotAllowedError."""
        at = self._office.clock()
        kept = self._office.database.write(lambda connection: people.begin_try(connection, login, at))
        if not is_password(password, kept):
            raise NotFoundError(login)
        return login

    def _let_in(self, login: str, deed: Deed, to: str = "") -> Response:
        at = self._office.clock()

        def begin(connection: Connection) -> str:
            note(connection, at, login, deed)
            return people.sign_in(connection, login, at)

        token = self._office.database.write(begin)
        response = self._desk.go(Gone(to=to if to.startswith("/") else ""))
        response.set_cookie(COOKIE, token, _SESSION_S, path=ROOT, secure=True, httponly=True, samesite="lax")
        return response

    def _sign_out(self, request: Request, form: Form) -> Response:
        token = request.cookies.get(COOKIE, "")
        if form("key") != form_key(token):
            return self._desk.plain(request, "not_from_here", 403)
        self._office.database.write(lambda connection: people.sign_out(connection, token))
        response = self._desk.go(Gone(to="/sign-in"))
        response.delete_cookie(COOKIE, path=ROOT, secure=True, httponly=True, samesite="lax")
        return response

    def _join(self, request: Request, form: Form) -> Response:
        token, at, problem, status = request.path_params["token"], self._office.clock(), "", 200
        try:
            login = self._office.database.write(lambda connection: people.link_of(connection, token, at))
        except NotFoundError:
            return self._desk.plain(request, "link_gone", 404)
        if request.method == "POST":
            try:
                return self._joined(token, login, form)
            except (HeadOfficeError, ValidationError) as error:
                problem, status = sentence(error, language(request)), 409
        values: dict[str, object] = {"login": login, "problem": problem}
        return self._desk.html(
            request, "join.html", {**values, "first_login": form("login"), "first_name": form("name")}, status
        )

    def _joined(self, token: str, login: str | None, form: Form) -> Response:
        first = (login, "") if login else (people.checked_login(form("login")), _NAME.validate_python(form("name")))
        made = new_password(form, first[0])
        at = self._office.clock()
        joined = self._office.database.write(lambda connection: people.follow_link(connection, token, first, made, at))
        return self._let_in(joined, Deed.JOINED)


def new_password(form: Form, login: str) -> str:
    """Return the hash of the password that a form sets; raise RefusedError."""
    password = form.secret("password")
    if password != form.secret("again"):
        msg = "the two passwords differ"
        raise RefusedError(msg)
    check_password(password, login)
    return hash_password(password)


# --- one's own page ---------------------------------------------------------------------------------------------------


def me(visit: Visit) -> Shown:
    """Show who one is."""
    count = visit.office.database.read(lambda connection: people.session_count(connection, visit.person.login))
    return Shown(template="me.html", values={"sessions": count})


def change_password(visit: Visit) -> Gone:
    """Change one's own password, which signs out every browser, this one too."""
    login, database = visit.person.login, visit.office.database
    kept = database.write(lambda connection: people.begin_try(connection, login, visit.now))
    if not is_password(visit.form.secret("old"), kept):
        raise RefusedError(LABELS[visit.lang]["wrong_old"])
    made = new_password(visit.form, login)

    def change(connection: Connection) -> None:
        people.set_password(connection, login, made)
        visit.note(connection, Deed.PASSWORD)

    database.write(change)
    return Gone(to="/sign-in", done="password")


PAGE = Page(path="/me", right=None, show=me, do=change_password)
