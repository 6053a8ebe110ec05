"""What counters refused, and why."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from headoffice.desk import recent, shown
from headoffice.desk.places import options
from headoffice.desk.reports import bars
from headoffice.desk.visit import Page, Shown, Visit
from headoffice.staff.roles import Right

if TYPE_CHECKING:
    from sqlalchemy import Connection


def refusals(visit: Visit) -> Shown:
    """Show the newest refusals, and how often each reason came among them."""
    store, scope = visit.query("store"), visit.person.stores

    def read(connection: Connection) -> dict[str, object]:
        rows = recent.newest_refusals(connection, scope, store, visit.now)
        reasons = Counter(shown.verdict(row["verdict"], visit.lang) for row in rows)
        counted = bars((name, count, 0) for name, count in reasons.most_common())
        return {"rows": rows, "counted": counted, "stores": options(connection, visit, every=True), "store": store}

    return Shown(template="refusals.html", values=visit.office.database.read(read))


PAGE = Page(path="/refusals", right=Right.SEE_SALES, show=refusals, name="refusals")
