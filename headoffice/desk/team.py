"""Who may use the desk: administrators add people, give them links, and send them away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from headoffice.api.fields import Name
from headoffice.desk.deeds import Deed
from headoffice.desk.links import join_address
from headoffice.desk.places import options
from headoffice.desk.shown import said
from headoffice.desk.visit import Gone, Page, Shown, Visit
from headoffice.errors import RefusedError
from headoffice.staff import people
from headoffice.staff.roles import Right, Role

if TYPE_CHECKING:
    from sqlalchemy import Connection

_NAME: TypeAdapter[str] = TypeAdapter(Name)


def show(visit: Visit, link: str = "", link_for: str = "") -> Shown:
    """Show everybody; ``link`` is told once, to whoever has made it."""

    def read(connection: Connection) -> dict[str, object]:
        found = [
            {**row, "paused": row["paused_until"] is not None and row["paused_until"] > visit.now}
            for row in people.all_people(connection)
        ]
        return {"people": found, "stores": options(connection, visit)}

    roles = [(role.value, said(role, visit.lang)) for role in Role]
    values = {"link": link, "link_for": link_for, "roles": roles, "form": visit.form}
    return Shown(template="people.html", values={**values, **visit.office.database.read(read)})


def act(visit: Visit) -> Gone | Shown:
    """Add or change somebody, give a link, end sessions."""
    login = people.checked_login(visit.form("login"))
    match visit.form("do"):
        case "add":
            name, role, where = _NAME.validate_python(visit.form("name")), _role(visit), visit.form.every("stores")

            def add(connection: Connection) -> str:
                people.add_person(connection, login, name, role, where)
                visit.note(connection, Deed.ADD_PERSON, f"{login} {role}")
                return people.make_link(connection, login, visit.now)

            return _linked(visit, login, visit.office.database.write(add))
        case "link":

            def link(connection: Connection) -> str:
                visit.note(connection, Deed.LINK, login)
                return people.make_link(connection, login, visit.now)

            return _linked(visit, login, visit.office.database.write(link))
        case "sign-out":

            def sign_out(connection: Connection) -> None:
                people.sign_out_everywhere(connection, login)
                visit.note(connection, Deed.SIGN_OUT_PERSON, login)

            visit.office.database.write(sign_out)
            return Gone(to="/people", done="saved")
        case _:
            return _change(visit, login)


def _change(visit: Visit, login: str) -> Gone:
    name, role, where = _NAME.validate_python(visit.form("name")), _role(visit), visit.form.every("stores")
    disabled = bool(visit.form("disabled"))

    def change(connection: Connection) -> None:
        people.put_person(connection, login, name, role, where, disabled=disabled)
        what = " ".join([login, role, *where, *(["disabled"] if disabled else [])])
        visit.note(connection, Deed.CHANGE_PERSON, what)

    visit.office.database.write(change)
    return Gone(to="/people", done="saved")


def _linked(visit: Visit, login: str, token: str) -> Shown:
    return show(visit, join_address(visit.office.url, token), login)


def _role(visit: Visit) -> Role:
    try:
        return Role(visit.form("role"))
    except ValueError as error:
        msg = "there is no such role"
        raise RefusedError(msg) from error


PAGE = Page(
    path="/people",
    right=Right.CHANGE_PEOPLE,
    show=show,
    name="people",
    do=act,
    do_right=Right.CHANGE_PEOPLE,
)
