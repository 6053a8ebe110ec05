"""Campaigns (领券活动): what came of each at each of its places, its codes to print, and drawing one up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from headoffice.api.campaigns import CampaignIn
from headoffice.api.fields import Id
from headoffice.desk import recent
from headoffice.desk.deeds import Deed
from headoffice.desk.moments import moment, written
from headoffice.desk.types import named_types
from headoffice.desk.visit import Gone, Page, Shown, Visit
from headoffice.errors import NotFoundError, TakenError
from headoffice.pages.prints import FORMS
from headoffice.staff.roles import Right
from headoffice.vouchers import campaigns

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

_ID: TypeAdapter[str] = TypeAdapter(Id)
_NEW: dict[str, Any] = {"id": "", "type": "", "begins": "", "ends": "", "stock": "", "each": 1, "sources": ""}


def show_campaigns(visit: Visit) -> Shown:
    """Show every campaign: how long, how many, and how many were claimed and used at each place."""

    def read(connection: Connection) -> dict[str, object]:
        zone, titles = recent.zone_of(connection, None), named_types(connection)
        return {"campaigns": [_shown(visit, row, zone, titles) for row in campaigns.all_campaigns(connection)]}

    return Shown(template="campaigns.html", values={"forms": list(FORMS), **visit.office.database.read(read)})


def _shown(visit: Visit, row: dict[str, Any], zone: ZoneInfo, titles: dict[str, str]) -> dict[str, Any]:
    places = [
        {"source": source, "page": visit.office.claim(row["id"], source), **counted}
        for source, counted in row["places"].items()
    ]
    local = {name: row[name] and row[name].astimezone(zone) for name in ("begins_at", "ends_at")}
    return {**row, **local, "title": titles.get(row["type"], row["type"]), "places": places}


def show_campaign(visit: Visit) -> Shown:
    """Show a campaign's form; that of a new one where it is called so."""
    fresh = visit.path["campaign"] == "new"

    def read(connection: Connection) -> dict[str, object]:
        zone = recent.zone_of(connection, None)
        it = _NEW if fresh else _fields(connection, _found(connection, visit.path["campaign"]), zone)
        typed = {name: visit.form(name) for name in it if name in visit.form}
        return {"it": {**it, **typed}, "types": list(named_types(connection).items())}

    return Shown(template="campaign.html", values={"fresh": fresh, **visit.office.database.read(read)})


def pause(visit: Visit) -> Gone:
    """Let nobody claim for now, or go on."""
    campaign, paused = visit.form("campaign"), visit.form("paused") == "yes"

    def write(connection: Connection) -> None:
        campaigns.pause(connection, campaign, paused=paused)
        visit.note(connection, Deed.PUT_CAMPAIGN, f"{campaign} {'paused' if paused else 'resumed'}")

    visit.office.database.write(write)
    return Gone(to="/campaigns", done="saved")


def put(visit: Visit) -> Gone:
    """Add a campaign, or change it; what was claimed stays claimed."""
    fresh = visit.path["campaign"] == "new"
    campaign = _ID.validate_python(visit.form("id") if fresh else visit.path["campaign"])

    def write(connection: Connection) -> None:
        known = {row["id"]: row for row in campaigns.all_campaigns(connection)}
        if fresh and campaign in known:
            msg = f"there is a campaign {campaign} already"
            raise TakenError(msg)
        paused = False if fresh else _found(connection, campaign)["paused"]
        wanted = _read(visit, recent.zone_of(connection, None)).model_copy(update={"paused": paused})
        campaigns.put_campaign(connection, campaign, wanted.model_dump(exclude={"sources"}), wanted.sources)
        visit.note(connection, Deed.PUT_CAMPAIGN, campaign)

    visit.office.database.write(write)
    return Gone(to="/campaigns", done="saved")


def _read(visit: Visit, zone: ZoneInfo) -> CampaignIn:
    """Return the campaign that a form describes; raise RefusedError, ValidationError."""
    given = {name: visit.form(name) for name in ("stock", "each") if visit.form(name)}
    dates = {f"{name}_at": moment(visit.form(name), zone) for name in ("begins", "ends")}
    return CampaignIn.model_validate(
        {"type": visit.form("type"), "sources": visit.form.every("sources"), **given, **dates}
    )


def _fields(connection: Connection, row: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """Return what a form shows of a campaign."""
    dates = {"begins": written(row["begins_at"], zone), "ends": written(row["ends_at"], zone)}
    stock = "" if row["stock"] is None else row["stock"]
    same = {name: row[name] for name in ("id", "type", "each")}
    return {**same, **dates, "stock": stock, "sources": " ".join(campaigns.sources_of(connection, row["id"]))}


def _found(connection: Connection, campaign: str) -> dict[str, Any]:
    found = next((row for row in campaigns.all_campaigns(connection) if row["id"] == campaign), None)
    if found is None:
        msg = f"there is no campaign {campaign}"
        raise NotFoundError(msg)
    return found


PAGES = (
    Page(
        path="/campaigns",
        right=Right.SEE_SALES,
        show=show_campaigns,
        name="campaigns",
        do=pause,
        do_right=Right.DRAW_UP,
    ),
    Page(
        path="/campaigns/{campaign}",
        right=Right.DRAW_UP,
        show=show_campaign,
        do=put,
        do_right=Right.DRAW_UP,
        under="campaigns",
    ),
)
