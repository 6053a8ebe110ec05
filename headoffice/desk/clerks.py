"""Clerks, as the desk lists, adds, moves, disables and resets them; a manager those of their own stores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headoffice import registry
from headoffice.api.clerks import ClerkChange, ClerkIn
from headoffice.desk.deeds import Deed
from headoffice.desk.places import narrowed, options, require_own
from headoffice.desk.shown import said
from headoffice.desk.visit import Gone, Page, Shown, Visit
from headoffice.errors import NotAllowedError, NotFoundError
from headoffice.pages.qr import qr_svg
from headoffice.staff import activations, clerks
from headoffice.staff.clerks import Role
from headoffice.staff.roles import Right

if TYPE_CHECKING:
    from sqlalchemy import Connection


def show_clerks(visit: Visit) -> Shown:
    """Show the clerks of this person's stores; ``mine`` are those who work nowhere else."""

    def read(connection: Connection) -> dict[str, object]:
        places = options(connection, visit)
        names = {row["id"]: row["name"] for row in registry.all_stores(connection)}
        found = [
            {**row, "store_names": [names[store] for store in row["stores"]], "mine": _mine(visit, row)}
            for row in clerks.all_clerks(connection)
            if visit.person.stores is None or any(map(visit.person.sees, row["stores"]))
        ]
        asked = visit.query("q")
        shown = narrowed(found, asked, "number", "name", "store_names")
        return {"clerks": shown, "in_all": len(found), "q": asked, "stores": places, "form": visit.form}

    return Shown(template="clerks.html", values=visit.office.database.read(read))


def act_on_clerk(visit: Visit) -> Gone | Shown:
    """Add, change or reset a clerk, or make the one-time code by which a clerk sets the PIN alone."""
    match visit.form("do"):
        case "add":
            wanted = ClerkIn(
                number=visit.form("number") or None,
                name=visit.form("name"),
                role=_role(visit),
                stores=visit.form.every("stores"),
            )
            require_own(visit, wanted.stores)
            drawn = clerks.draw_secrets()

            def add(connection: Connection) -> str:
                number = clerks.add_clerk(connection, wanted.number, wanted.name, wanted.stores, drawn, wanted.role)
                visit.note(connection, Deed.ADD_CLERK, f"{number} {wanted.name}")
                return number

            return _secrets(visit, visit.office.database.write(add), wanted.name, drawn)
        case "reset":
            return _reset(visit, visit.form("number"))
        case "activate":
            return _activate(visit, visit.form("number"))
        case _:
            return _change(visit, visit.form("number"))


def _change(visit: Visit, number: str) -> Gone:
    wanted = ClerkChange(
        name=visit.form("name"),
        role=_role(visit),
        stores=visit.form.every("stores"),
        disabled=bool(visit.form("disabled")),
    )
    require_own(visit, wanted.stores)

    def change(connection: Connection) -> None:
        _own_clerk(connection, visit, number)
        known = wanted.model_dump(exclude={"stores"})
        clerks.put_clerk(connection, number, wanted.stores, **known)
        marks = [*(["manager"] if wanted.role is Role.MANAGER else []), *(["disabled"] if wanted.disabled else [])]
        what = " ".join([number, wanted.name, *wanted.stores, *marks])
        visit.note(connection, Deed.CHANGE_CLERK, what)

    visit.office.database.write(change)
    return Gone(to="/clerks", done="saved")


def _role(visit: Visit) -> Role:
    return Role.MANAGER if visit.form("manager") else Role.CLERK


def _reset(visit: Visit, number: str) -> Shown:
    drawn = clerks.draw_secrets()

    def reset(connection: Connection) -> str:
        found = _own_clerk(connection, visit, number)
        clerks.reset_clerk(connection, number, drawn)
        visit.note(connection, Deed.RESET_CLERK, f"{number} {found['name']}")
        return str(found["name"])

    return _secrets(visit, number, visit.office.database.write(reset), drawn)


def _activate(visit: Visit, number: str) -> Shown:
    def issue(connection: Connection) -> activations.Activation:
        _own_clerk(connection, visit, number)
        made = activations.issue(connection, number, visit.now)
        visit.note(connection, Deed.ACTIVATE_CLERK, f"{number} {made.name}")
        return made

    made = visit.office.database.write(issue)
    code = qr_svg(made.code, said("one_time_code", visit.lang))
    return Shown(template="clerk_code.html", values={"number": number, "name": made.name, "code": code})


def _own_clerk(connection: Connection, visit: Visit, number: str) -> dict[str, Any]:
    """Return a clerk whom this person may change; raise NotFoundError, NotAllowedError."""
    found = next((row for row in clerks.all_clerks(connection) if row["number"] == number), None)
    if found is None:
        msg = f"there is no clerk {number}"
        raise NotFoundError(msg)
    if not _mine(visit, found):
        msg = f"{found['name']} works in other stores too, so head office changes that"
        raise NotAllowedError(msg)
    return found


def _mine(visit: Visit, clerk: dict[str, Any]) -> bool:
    return visit.person.stores is None or (bool(clerk["stores"]) and all(map(visit.person.sees, clerk["stores"])))


def _secrets(visit: Visit, number: str, name: str, drawn: clerks.Secrets) -> Shown:
    """Show what is told to a clerk once and never again."""
    badge = qr_svg(drawn.badge, said("badge", visit.lang))
    values = {"number": number, "name": name, "pin": drawn.pin, "badge": badge}
    return Shown(template="clerk_secrets.html", values=values)


PAGE = Page(
    path="/clerks",
    right=Right.SEE_CLERKS,
    show=show_clerks,
    name="clerks",
    do=act_on_clerk,
    do_right=Right.CHANGE_CLERKS,
)
