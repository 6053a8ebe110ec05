"""Campaigns: vouchers of one type that people claim by themselves behind a code, until there are none left.

Every claim of a campaign holds its row, so of two who claim the last one exactly one gets it, and nobody gets more than
one person may. A person is a wallet: of a customer whom the shop knows, or of the browser in which the claim is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from headoffice.errors import NotFoundError
from headoffice.notices import contacts
from headoffice.registry import put
from headoffice.tables.pages import campaign_sources, campaigns, claims
from headoffice.tables.schema import uses, vouchers
from headoffice.vouchers.issued import Order, issue, note
from headoffice.vouchers.life import Coming
from headoffice.vouchers.types import find_type
from headoffice.vouchers.wallets import keep

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from headoffice.notices.contacts import Contact

_BY_ID = select(campaigns).where(campaigns.c.id == bindparam("id"))
_PLACE = select(campaign_sources.c.source).where(
    campaign_sources.c.campaign == bindparam("id"), campaign_sources.c.source == bindparam("source")
)
_MINE = (
    select(claims.c.key, vouchers.c.page_token)
    .join(vouchers, vouchers.c.id == claims.c.voucher)
    .where(claims.c.campaign == bindparam("id"), claims.c.wallet == bindparam("wallet"))
    .order_by(claims.c.at.desc(), claims.c.key)
)


class Refusal(StrEnum):
    """Why nothing is claimed."""

    PAUSED = "paused"
    EARLY = "early"
    OVER = "over"
    GONE = "gone"
    ENOUGH = "enough"


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing is claimed; ``page`` is the token of what this person has claimed last, where that is why."""

    why: Refusal
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody's wish: at which of a campaign's codes, into which wallet. Sent twice under its key, it claims once.

    ``ways``: how they have asked to be told of their vouchers; kept with the claim, and not without one.
    """

    key: str
    campaign: str
    source: str
    wallet: str
    ways: tuple[Contact, ...] = ()


def put_campaign(connection: Connection, campaign: str, values: Mapping[str, Any], sources: Iterable[str]) -> None:
    """Add a campaign, or change it; its codes hang in these places. Raises NotFoundError.

    A code that hangs in a place which is none any more claims nothing; what was claimed there stays counted.
    """
    find_type(connection, values["type"])
    known = connection.execute(_BY_ID.with_for_update(), {"id": campaign}).first()
    put(connection, campaigns, {"id": campaign}, {**values, "claimed": known.claimed if known else 0})
    connection.execute(delete(campaign_sources).where(campaign_sources.c.campaign == campaign))
    places = [{"campaign": campaign, "source": source} for source in dict.fromkeys(sources)]
    connection.execute(insert(campaign_sources), places)


def pause(connection: Connection, campaign: str, *, paused: bool) -> None:
    """Let nobody claim for now, or again; raise NotFoundError."""
    here = update(campaigns).where(campaigns.c.id == campaign)
    if not connection.execute(here.values(paused=paused)).rowcount:
        msg = f"there is no campaign {campaign}"
        raise NotFoundError(msg)


def sources_of(connection: Connection, campaign: str) -> list[str]:
    """Return where a campaign's codes hang now; beside these, something may have been claimed where they hung once."""
    found = select(campaign_sources.c.source).where(campaign_sources.c.campaign == campaign)
    return list(connection.execute(found.order_by(campaign_sources.c.source)).scalars())


def find_campaign(connection: Connection, campaign: str, source: str) -> Row[*tuple[Any, ...]]:
    """Return a campaign whose code hangs in this place; raise NotFoundError."""
    row = connection.execute(_BY_ID, {"id": campaign}).first()
    if row is None or connection.execute(_PLACE, {"id": campaign, "source": source}).first() is None:
        msg = f"there is no campaign {campaign} with a code at {source}"
        raise NotFoundError(msg)
    return row


def refused(
    connection: Connection, campaign: Row[*tuple[Any, ...]], wallet: str | None, at: datetime
) -> Refused | None:
    """Return why somebody could claim nothing now; None where they could."""
    mine = connection.execute(_MINE, {"id": campaign.id, "wallet": wallet}).all() if wallet else []
    if len(mine) >= campaign.each:
        return Refused(Refusal.ENOUGH, mine[0].page_token)
    if campaign.paused:
        return Refused(Refusal.PAUSED)
    if campaign.begins_at is not None and at < campaign.begins_at:
        return Refused(Refusal.EARLY)
    if campaign.ends_at is not None and at >= campaign.ends_at:
        return Refused(Refusal.OVER)
    return Refused(Refusal.GONE) if campaign.stock is not None and campaign.claimed >= campaign.stock else None


def claim(connection: Connection, wish: Claim, at: datetime) -> str | Refused:
    """Issue a voucher to whoever claims it and return its page's token, or why there is none.

    Raises NotFoundError, BehindError, and NotAllowedError where its type issues nothing.
    """
    find_campaign(connection, wish.campaign, wish.source)
    campaign = connection.execute(_BY_ID.with_for_update(), {"id": wish.campaign}).one()
    mine = connection.execute(_MINE, {"id": wish.campaign, "wallet": wish.wallet}).all()
    before = next((one.page_token for one in mine if one.key == wish.key), None)
    if before is not None:
        return str(before)
    why_not = refused(connection, campaign, wish.wallet, at)
    if why_not is not None:
        return why_not
    contacts.put(connection, wish.wallet, wish.ways)
    issued = issue(connection, Order(type=campaign.type), at)
    keep(connection, wish.wallet, issued.id, at)
    note(connection, issued.id, Coming.CLAIM, at)
    row = {"key": wish.key, "campaign": wish.campaign, "source": wish.source, "wallet": wish.wallet}
    connection.execute(insert(claims), {**row, "voucher": issued.id, "at": at})
    taken = update(campaigns).where(campaigns.c.id == wish.campaign)
    connection.execute(taken.values(claimed=campaigns.c.claimed + 1))
    return issued.page_token


def all_campaigns(connection: Connection) -> list[dict[str, Any]]:
    """Return every campaign with its ``places``: in each, how many were claimed and how many of them have been used."""
    found: dict[str, dict[str, Any]] = {
        row["id"]: {**row, "places": {}}
        for row in connection.execute(select(campaigns).order_by(campaigns.c.id)).mappings()
    }
    for row in connection.execute(select(campaign_sources).order_by(campaign_sources.c.source)):
        found[row.campaign]["places"][row.source] = {"claimed": 0, "used": 0}
    used = select(uses.c.voucher).where(uses.c.voucher == claims.c.voucher).exists()
    counted = select(claims.c.campaign, claims.c.source, used.label("used"), func.count().label("number"))
    for row in connection.execute(counted.group_by(claims.c.campaign, claims.c.source, used)):
        place = found[row.campaign]["places"].setdefault(row.source, {"claimed": 0, "used": 0})
        place["claimed"] += row.number
        place["used"] += row.number if row.used else 0
    return list(found.values())
