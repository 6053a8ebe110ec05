"""What customers are to be told and were not: waiting, or not sent any more, with the reason; and trying one again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headoffice.desk import recent
from headoffice.desk.deeds import Deed
from headoffice.desk.problems import told
from headoffice.desk.visit import Gone, Page, Shown, Visit
from headoffice.notices import looking
from headoffice.outbox.telling import State
from headoffice.staff.roles import Right

if TYPE_CHECKING:
    from sqlalchemy import Connection

MOST_SHOWN = 100
_STATES = (State.WAITING, State.DROPPED, State.DELIVERED)


def show(visit: Visit) -> Shown:
    """Show the newest notices of one state, the newest first; none says to whom it goes."""
    state = next((one for one in _STATES if one == visit.query("state")), State.WAITING)

    def read(connection: Connection) -> list[dict[str, Any]]:
        zone = recent.zone_of(connection, None)
        found = looking.listed(connection, looking.Wanted(state=state, most=MOST_SHOWN))
        return [
            {**row, "at": row["at"].astimezone(zone), "why": told(row["why"], visit.lang)} for row in reversed(found)
        ]

    values = {"rows": visit.office.database.read(read), "state": state, "states": _STATES}
    return Shown(template="notices.html", values=values)


def again(visit: Visit) -> Gone:
    """Have one tried again at once, where it is still true."""

    def write(connection: Connection) -> None:
        found = looking.again(connection, visit.form("notice"), visit.now)
        visit.note(connection, Deed.NOTICE_AGAIN, found["id"])

    visit.office.database.write(write)
    return Gone(to="/notices", done="saved")


PAGE = Page(
    path="/notices",
    right=Right.CHANGE_VOUCHERS,
    show=show,
    name="notices_to_customers",
    do=again,
    do_right=Right.CHANGE_VOUCHERS,
)
