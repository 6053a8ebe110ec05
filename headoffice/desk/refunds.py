"""Refunds that customers have asked for: granted or refused by head office, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, literal_column, select

from headoffice.desk import recent
from headoffice.desk.deeds import Deed
from headoffice.desk.visit import Gone, Page, Shown, Visit
from headoffice.errors import NotFoundError, RefusedError
from headoffice.staff.roles import Right
from headoffice.tables.schema import uses, voucher_events, voucher_types, vouchers
from headoffice.vouchers.issued import live
from headoffice.vouchers.life import Step
from protocol.ids import code_tail
from protocol.owner import VoucherState

if TYPE_CHECKING:
    from sqlalchemy import Connection

MOST_SHOWN = 200
_ASKED_AT = (
    select(func.max(voucher_events.c.at))
    .where(voucher_events.c.voucher == vouchers.c.id, voucher_events.c.step == Step.ASK_REFUND)
    .scalar_subquery()
)
_SPENT = select(func.count()).where(uses.c.voucher == vouchers.c.id).scalar_subquery()
_ASKED = (
    select(
        *(vouchers.c.id, vouchers.c.code, vouchers.c.uses, voucher_types.c.title, voucher_types.c.kind),
        *(voucher_types.c.price_fen, _ASKED_AT.label("asked_at"), (vouchers.c.uses - _SPENT).label("uses_left")),
    )
    .join(voucher_types, voucher_types.c.id == vouchers.c.type)
    # Word for word as the partial index has it: SQLite uses that for no other condition.
    .where(vouchers.c.state == literal_column(f"'{VoucherState.REFUNDING}'"))
    .order_by("asked_at")
    .limit(MOST_SHOWN)
)


def show(visit: Visit) -> Shown:
    """Show the refunds that wait, the oldest first."""

    def read(connection: Connection) -> dict[str, object]:
        zone = recent.zone_of(connection, visit.person.stores)
        found = connection.execute(_ASKED).mappings()
        return {"asked": [{**row, "asked_at": row["asked_at"] and row["asked_at"].astimezone(zone)} for row in found]}

    return Shown(template="refunds.html", values=visit.office.database.read(read))


def decide(visit: Visit) -> Gone:
    """Grant or refuse one."""
    grants, voucher, why = visit.form("decision") == "grant", visit.form("voucher"), visit.form("why")
    if not why:
        msg = "say why; it is kept"
        raise RefusedError(msg)

    def write(connection: Connection) -> None:
        code = connection.execute(select(vouchers.c.code).where(vouchers.c.id == voucher)).scalar()
        if code is None:
            msg = "there is no such voucher"
            raise NotFoundError(msg)
        live(connection, code, Step.GRANT_REFUND if grants else Step.REFUSE_REFUND, visit.now)
        visit.note(connection, Deed.GRANT_REFUND if grants else Deed.REFUSE_REFUND, code_tail(code), why)

    visit.office.database.write(write)
    visit.office.changes.tell(voucher)
    return Gone(to="/refunds", done="grant" if grants else "refuse")


PAGE = Page(
    path="/refunds", right=Right.SEE_SALES, show=show, name="refunds", do=decide, do_right=Right.CHANGE_VOUCHERS
)
