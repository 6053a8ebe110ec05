"""All pages of the desk, in the order of its menu, as routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headoffice.desk import (
    alarms,
    book,
    campaigns,
    clerks,
    door,
    ending,
    hooks,
    live,
    notices,
    opening,
    orders,
    parcels,
    refunds,
    refusals,
    reports,
    stores,
    team,
    types,
    vouchers,
)
from headoffice.desk.app import Desk

if TYPE_CHECKING:
    from starlette.routing import Route

    from headoffice.office import Office

PAGES = (
    live.PAGE,
    ending.PAGE,
    alarms.PAGE,
    refusals.PAGE,
    reports.PAGE,
    *vouchers.PAGES,
    refunds.PAGE,
    orders.PAGE,
    parcels.PAGE,
    notices.PAGE,
    *types.PAGES,
    *campaigns.PAGES,
    *stores.PAGES,
    opening.PAGE,
    clerks.PAGE,
    team.PAGE,
    *hooks.PAGES,
    book.PAGE,
    door.PAGE,
)


def desk_of(office: Office) -> list[Route]:
    """Return what the desk serves."""
    desk = Desk(office, PAGES)
    return [*door.doors_of(desk), live.events_of(desk), opening.events_of(desk), *desk.routes()]
