"""What is wrong in the stores now, and what was in the last days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headoffice.alarms import board
from headoffice.desk import recent
from headoffice.desk.visit import Page, Shown, Visit
from headoffice.staff.roles import Right

if TYPE_CHECKING:
    from sqlalchemy import Connection


def show(visit: Visit) -> Shown:
    """Show what concerns this person's stores; of what is of no store, those hear who see all of them."""

    def read(connection: Connection) -> dict[str, object]:
        zone = recent.zone_of(connection, visit.person.stores)
        rows = [
            {
                "said": row[visit.lang],
                "since": row["since"].astimezone(zone),
                "ended_at": row["ended_at"] and row["ended_at"].astimezone(zone),
            }
            for row in board.listed(connection, visit.now)
            if visit.person.stores is None or (row["store"] and visit.person.sees(row["store"]))
        ]
        return {
            "lasting": [row for row in rows if row["ended_at"] is None],
            "over": [row for row in rows if row["ended_at"] is not None],
        }

    return Shown(template="alarms.html", values=visit.office.database.read(read))


PAGE = Page(path="/alarms", right=Right.SEE_STORES, show=show, name="alarms")
