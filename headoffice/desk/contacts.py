"""How the customer of a voucher is told of it: shown, kept at their word, ended at their wish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headoffice.api.contacts import ContactIn
from headoffice.desk.deeds import Deed
from headoffice.desk.problems import told
from headoffice.errors import NotFoundError, RefusedError
from headoffice.notices import contacts, looking
from headoffice.notices.kinds import Channel
from headoffice.staff.roles import Right
from headoffice.vouchers import customers
from headoffice.vouchers.wallets import wallet_holding

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

    from headoffice.desk.visit import Visit


def ways(connection: Connection, visit: Visit, voucher: str, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Return how its customer is told of a voucher, and when and how they have agreed to that."""
    whole = visit.person.may(Right.SEE_CUSTOMERS)
    return [
        {
            **row,
            "address": row["address"] if whole else row["address"] and customers.hidden(row["address"]),
            "agreed_at": row["agreed_at"].astimezone(zone),
            "ended_at": row["ended_at"] and row["ended_at"].astimezone(zone),
        }
        for row in contacts.of_voucher(connection, voucher)
    ]


def notices(connection: Connection, visit: Visit, voucher: str, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Return what its customer was told, is to be told, or is not told any more of a voucher, the newest first."""
    found = looking.listed(connection, looking.Wanted(voucher=voucher))
    return [{**row, "at": row["at"].astimezone(zone), "why": told(row["why"], visit.lang)} for row in reversed(found)]


def keep(visit: Visit, voucher: str, agreed_by: str) -> None:
    """Keep what was typed as the customer's word of this moment; ``agreed_by`` is how they have given it.

    Raises RefusedError where nothing was typed, ValidationError for what is no address.
    """
    typed = {channel.value: visit.form(channel) for channel in Channel if visit.form(channel)}
    if not typed:
        msg = "give one address at least"
        raise RefusedError(msg)
    said = {**typed, "lang": visit.form("lang"), "agreed_at": visit.now, "agreed_by": agreed_by}
    wanted = ContactIn.model_validate(said)

    def write(connection: Connection) -> None:
        contacts.put(connection, wallet_holding(connection, voucher, visit.now), wanted.ways())
        visit.note(connection, Deed.PUT_CONTACT, voucher, agreed_by)

    visit.office.database.write(write)


def end(visit: Visit, voucher: str, why: str) -> None:
    """Send its customer no more notices; raise NotFoundError where nobody is told of the voucher."""

    def write(connection: Connection) -> None:
        if not contacts.end_for(connection, voucher, visit.now):
            msg = "nobody is told of this voucher"
            raise NotFoundError(msg)
        visit.note(connection, Deed.END_NOTICES, voucher, why)

    visit.office.database.write(write)
