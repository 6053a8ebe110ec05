"""Redemptions without an end, those of which nobody has said that the goods were handed over, and offline conflicts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from anyio import from_thread

from headoffice.api.open_redemptions import DecisionIn, get_open, post_decision
from headoffice.desk import recent
from headoffice.desk.deeds import Deed
from headoffice.desk.places import require_own
from headoffice.desk.visit import Gone, Page, Shown, Visit
from headoffice.errors import NotFoundError
from headoffice.redemptions import accepted
from headoffice.staff.roles import Right

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headoffice.api.open_redemptions import OpenRedemption

#: An answer that nobody has acknowledged for so long is asked about.
UNSETTLED = timedelta(seconds=60)


def show(visit: Visit) -> Shown:
    """Show what waits for a person, the oldest first."""
    scope = visit.person.stores

    def read(connection: Connection) -> dict[str, object]:
        return {
            "unsettled": recent.handed_over(connection, scope, visit.now - UNSETTLED),
            "conflicts": [row for row in accepted.conflicts(connection) if visit.person.sees(row["store"])],
        }

    return Shown(template="open.html", values={"cases": _open(visit), **visit.office.database.read(read)})


def decide(visit: Visit) -> Gone:
    """Take this person's word on how a redemption ended."""
    rid, why = visit.form("rid"), visit.form("why")
    case = next((case for case in _open(visit) if case.rid == rid), None)
    if case is None:
        msg = "it has ended meanwhile"
        raise NotFoundError(msg)
    require_own(visit, [case.store])
    word = DecisionIn.model_validate({"spent": visit.form("spent"), "by": visit.person.login, "why": why})
    decided = from_thread.run(post_decision, rid, word, visit.office)
    about = f"{rid} {decided.verdict}"
    visit.office.database.write(lambda connection: visit.note(connection, Deed.DECIDE, about, why))
    return Gone(to="/open", done="decide")


def _open(visit: Visit) -> list[OpenRedemption]:
    return [case for case in get_open(visit.office) if visit.person.sees(case.store)]


PAGE = Page(path="/open", right=Right.SEE_SALES, show=show, name="open", do=decide, do_right=Right.END)
