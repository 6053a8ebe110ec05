"""A store's practice and its way to going live: the self-check as it stands now, practice vouchers, and the switch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from headoffice.api.fields import GivenReason
from headoffice.desk.app import ROOT
from headoffice.desk.deeds import Deed
from headoffice.desk.live import told_at
from headoffice.desk.visit import Gone, Page, Shown, Visit
from headoffice.desk.words import LANGUAGES
from headoffice.errors import NotAllowedError, NotFoundError
from headoffice.pages.qr import qr_svg
from headoffice.practice import checks, opening, vouchers
from headoffice.staff.roles import Right

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.routing import Route

    from headoffice.desk.app import Desk

_REASON: TypeAdapter[str] = TypeAdapter(GivenReason)


def show(visit: Visit) -> Shown:
    """Show how far the store is, and its practice vouchers."""
    read = visit.office.database.read(lambda connection: _read(connection, visit))
    template = "opening_part.html" if "part" in visit.query else "opening.html"
    at = LANGUAGES.index(visit.lang)
    ready = next((one for one in read["made"] if not one["spent"] and one["until"] > visit.now), None)
    return Shown(
        template=template,
        values={
            **read,
            "lines": [
                {
                    "name": checks.NAMES[check.looked][at],
                    "do": checks.TO_DO[check.looked][at],
                    "ok": check.ok,
                    "about": check.about,
                }
                for check in read["checks"]
            ],
            "passed": all(check.ok for check in read["checks"]),
            "ready": ready,
            "qr": ready and qr_svg(ready["code"], vouchers.TITLE),
            "part_of": f"{ROOT}{_path(read['it']['id'])}",
        },
    )


def act(visit: Visit) -> Gone:
    """Make a practice voucher, set the store live, or take it back to testing."""
    store, by = visit.path["store"], visit.person.login
    do = visit.form("do")
    if do != "practise" and not visit.person.may(Right.CHANGE_STORES):
        msg = "head office or a technician sets a store live"
        raise NotAllowedError(msg)

    def write(connection: Connection) -> None:
        _require_seen(visit)
        opening.found(connection, store)
        match do:
            case "practise":
                vouchers.make(connection, store, by, visit.now)
                visit.note(connection, Deed.PRACTISE, store)
            case "live":
                opening.go_live(connection, store, by, visit.now)
            case _:
                why = _REASON.validate_python(visit.form("why"))
                opening.back_to_testing(connection, store, by, why, visit.now)

    visit.office.database.write(write)
    return Gone(to=_path(store), done=do if do in {"practise", "live"} else "testing")


def events_of(desk: Desk) -> Route:
    """Return the address at which the page hears that something of its store has changed."""

    def look(visit: Visit) -> object:
        try:
            return desk.office.database.read(lambda connection: _read(connection, visit))
        except NotFoundError:
            return None

    return told_at(desk, _path("{store}") + "/events", Right.SEE_STORES, look)


def _read(connection: Connection, visit: Visit) -> dict[str, Any]:
    """Return the store, its checks while it is tried out, and its newest practice vouchers in the store's own time."""
    _require_seen(visit)
    it = opening.found(connection, visit.path["store"])
    state = opening.state_of(it)
    zone = ZoneInfo(it["timezone"])
    tried = state is opening.StoreState.TESTING
    made = vouchers.newest(connection, it["id"])
    for voucher in made:
        for moment in (voucher, *voucher["history"]):
            moment["at"] = moment["at"].astimezone(zone)
        voucher["until"] = voucher["until"].astimezone(zone)
    return {
        "it": it,
        "state": state,
        "checks": opening.checked(connection, it, visit.now) if tried else (),
        "made": made,
    }


def _require_seen(visit: Visit) -> None:
    """Raise NotFoundError for a store that is none of this person's: to them there is none."""
    if not visit.person.sees(visit.path["store"]):
        msg = f"there is no store {visit.path['store']} of yours"
        raise NotFoundError(msg)


def _path(store: str) -> str:
    return f"/stores/{store}/opening"


PAGE = Page(
    path="/stores/{store}/opening",
    right=Right.SEE_STORES,
    show=show,
    do=act,
    do_right=Right.PRACTISE,
    under="stores",
)
