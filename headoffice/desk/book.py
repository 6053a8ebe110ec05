"""The page of the book of deeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headoffice.desk import deeds, recent
from headoffice.desk.visit import Page, Shown, Visit
from headoffice.staff.roles import Right

if TYPE_CHECKING:
    from sqlalchemy import Connection


def show(visit: Visit) -> Shown:
    """Show the newest deeds."""

    def read(connection: Connection) -> dict[str, object]:
        zone = recent.zone_of(connection, None)
        return {"rows": [{**row, "at": row["at"].astimezone(zone)} for row in deeds.newest(connection)]}

    return Shown(template="deeds.html", values=visit.office.database.read(read))


PAGE = Page(path="/deeds", right=Right.SEE_DEEDS, show=show, name="deeds")
