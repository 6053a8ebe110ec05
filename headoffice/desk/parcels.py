"""What customers have redeemed by post (邮寄): where it is to be sent, and by whom it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headoffice.desk import recent
from headoffice.desk.deeds import Deed
from headoffice.desk.visit import Gone, Page, Shown, Visit
from headoffice.errors import RefusedError
from headoffice.redemptions import parcels
from headoffice.redemptions.parcels import Shipment
from headoffice.staff.roles import Right

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection, RowMapping

_LONGEST = 60
MOST_SENT = 50


def show(visit: Visit) -> Shown:
    """Show what is to be sent, the oldest first, and what was lately."""

    def read(connection: Connection) -> dict[str, object]:
        zone = recent.zone_of(connection, visit.person.stores)
        return {
            "waiting": [_local(one, zone) for one in parcels.waiting(connection)],
            "sent": [_local(one, zone) for one in parcels.sent(connection, MOST_SENT)],
        }

    return Shown(template="parcels.html", values=visit.office.database.read(read))


def do(visit: Visit) -> Gone:
    """Note that something was sent."""
    rid, carrier, number = visit.form("rid"), visit.form("carrier")[:_LONGEST], visit.form("number")[:_LONGEST]
    if not carrier:
        msg = "say by whom it was sent; its customer reads it"
        raise RefusedError(msg)

    def write(connection: Connection) -> str:
        voucher = parcels.send(connection, rid, Shipment(carrier=carrier, number=number), visit.now)
        visit.note(connection, Deed.SEND, rid, f"{carrier} {number}".strip())
        return voucher

    visit.office.changes.tell(visit.office.database.write(write))
    return Gone(to="/parcels", done="send")


def _local(row: RowMapping, zone: ZoneInfo) -> dict[str, object]:
    at = {name: row[name] and row[name].astimezone(zone) for name in ("ordered_at", "sent_at")}
    return {**row, **at}


PAGE = Page(
    path="/parcels",
    right=Right.SEE_CUSTOMERS,
    show=show,
    name="parcels",
    do=do,
    do_right=Right.CHANGE_VOUCHERS,
)
