"""A voucher's whole history, found by code, order, redemption or customer, and what can be done about it."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from headoffice.desk import contacts, recent
from headoffice.desk.deeds import Deed
from headoffice.desk.places import require_own
from headoffice.desk.visit import Gone, Page, Shown, Visit
from headoffice.errors import NotAllowedError, NotFoundError, RefusedError
from headoffice.practice import vouchers as practice
from headoffice.staff.roles import Right
from headoffice.tables.bundles import bundles as bought
from headoffice.tables.pages import holdings, wallets
from headoffice.tables.schema import redemptions, voucher_events, voucher_types, vouchers
from headoffice.vouchers import bundles, customers
from headoffice.vouchers.books import face_value, voucher_with
from headoffice.vouchers.issued import find_voucher, live
from headoffice.vouchers.life import Step
from protocol.ids import RID_SHAPE, code_tail
from protocol.messages import Action, Answer
from protocol.vocabulary import PHRASES, Verdict

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

MOST_FOUND = 50
_RID = re.compile(RID_SHAPE)


def search(visit: Visit) -> Shown:
    """Show the vouchers that a few words mean."""
    asked = visit.query("q")

    def read(connection: Connection) -> dict[str, object]:
        zone = recent.zone_of(connection, visit.person.stores)
        found = [{**row, "issued_at": row["issued_at"].astimezone(zone)} for row in _meant(connection, asked)]
        practised = [
            {**row, "at": row["at"].astimezone(zone)}
            for row in practice.meant(connection, asked)
            if visit.person.sees(row["store"])
        ]
        return {"found": found, "practised": practised}

    found = visit.office.database.read(read) if asked else {"found": [], "practised": []}
    return Shown(template="vouchers.html", values={"q": asked, **found})


def _meant(connection: Connection, asked: str) -> list[RowMapping]:
    ids = {voucher_with(connection, asked)}
    if _RID.fullmatch(asked):
        ids.add(connection.execute(select(redemptions.c.voucher).where(redemptions.c.rid == asked)).scalar())
    mine = select(holdings.c.voucher).join(wallets, wallets.c.id == holdings.c.wallet)
    mine = mine.where(wallets.c.customer.in_(customers.spellings(asked))).limit(MOST_FOUND)
    together = select(bought.c.voucher).where(bought.c.bundle == asked).limit(MOST_FOUND)
    for found in (mine, together):
        ids |= set(connection.execute(found).scalars())
    rows = (
        select(vouchers, voucher_types.c.title, voucher_types.c.kind)
        .join(voucher_types, voucher_types.c.id == vouchers.c.type)
        .where(vouchers.c.id.in_(ids - {None}))
        .order_by(vouchers.c.issued_at.desc())
        .limit(MOST_FOUND)
    )
    return list(connection.execute(rows).mappings())


def show(visit: Visit) -> Shown:
    """Show one voucher and everything that happened to it, the newest first."""

    def read(connection: Connection) -> dict[str, object]:
        found = _voucher(connection, visit.path["voucher"])
        zone = recent.zone_of(connection, visit.person.stores)
        steps = select(voucher_events).where(voucher_events.c.voucher == found["id"])
        happened: list[dict[str, Any]] = [
            {"step": row.step, "at": row.at.astimezone(zone)} for row in connection.execute(steps)
        ]
        happened += [
            {**row, "step": None, "undoable": _undoable(visit, row)}
            for row in recent.of_voucher(connection, found["id"])
        ]
        moments = ("valid_from", "valid_until", "booked_for", "issued_at")
        local = {name: found[name] and found[name].astimezone(zone) for name in moments}
        customer = customers.customer_of(connection, found["id"])
        if customer is not None and not visit.person.may(Right.SEE_CUSTOMERS):
            customer = customers.hidden(customer)
        value = connection.execute(_VALUE.where(voucher_types.c.id == found["type"])).one()
        it = {**found, **local, "tail": code_tail(found["code"]), "value": face_value(*value), "customer": customer}
        it["bought_in"] = bundles.order_of(connection, found["id"])
        it["ways"] = contacts.ways(connection, visit, found["id"], zone)
        it["notices"] = contacts.notices(connection, visit, found["id"], zone)
        return {"it": it, "history": sorted(happened, key=lambda row: row["at"], reverse=True)}

    return Shown(template="voucher.html", values=visit.office.database.read(read))


_VALUE = select(voucher_types.c.value_fen, voucher_types.c.value_text)


def act(visit: Visit) -> Gone:
    """Undo a redemption of the voucher, withdraw it, forget whose it is, keep how they are told, or end that."""
    voucher, why = visit.path["voucher"], visit.form("why")
    if not why:
        msg = "say why; it is kept"
        raise RefusedError(msg)
    if "undo" in visit.form:
        _undo(visit, visit.form("undo"), why)
        return Gone(to=f"/vouchers/{voucher}", done="undo")
    if not visit.person.may(Right.CHANGE_VOUCHERS):
        msg = "head office withdraws vouchers, and forgets customers"
        raise NotAllowedError(msg)
    if "forget" in visit.form:
        return _forget(visit, voucher, why)
    if "quiet" in visit.form:
        contacts.end(visit, voucher, why)
        return Gone(to=f"/vouchers/{voucher}", done="quiet")
    if "contact" in visit.form:
        contacts.keep(visit, visit.office.database.read(lambda found: _voucher(found, voucher))["id"], why)
        return Gone(to=f"/vouchers/{voucher}", done="saved")

    def withdraw(connection: Connection) -> None:
        code = _voucher(connection, voucher)["code"]
        live(connection, code, Step.WITHDRAW, visit.now)
        visit.note(connection, Deed.WITHDRAW, code_tail(code), why)

    visit.office.database.write(withdraw)
    visit.office.changes.tell(voucher)
    return Gone(to=f"/vouchers/{voucher}", done="withdraw")


def _forget(visit: Visit, voucher: str, why: str) -> Gone:
    def forget(connection: Connection) -> None:
        if not customers.forget(connection, voucher):
            msg = "nobody is known to this voucher"
            raise NotFoundError(msg)
        visit.note(connection, Deed.FORGET, voucher, why)

    visit.office.database.write(forget)
    return Gone(to=f"/vouchers/{voucher}", done="forget")


def _undo(visit: Visit, rid: str, why: str) -> None:
    where = select(redemptions.c.store).where(
        redemptions.c.rid == rid, redemptions.c.voucher == visit.path["voucher"], redemptions.c.platform.is_(None)
    )
    store = visit.office.database.read(lambda connection: connection.execute(where).scalar())
    if store is None or not visit.person.may(Right.END):
        msg = "no redemption of this voucher has this id"
        raise NotFoundError(msg)
    require_own(visit, [store])
    answer = visit.office.ledger.undo(secrets.token_hex(16), rid, why, visit.person.login)
    if not isinstance(answer, Answer) or answer.verdict is not Verdict.UNDONE:
        msg = PHRASES[answer.verdict if answer else Verdict.FAULT].en_name
        raise NotAllowedError(msg)
    visit.office.database.write(lambda connection: visit.note(connection, Deed.UNDO, rid, why))
    visit.office.changes.tell(visit.path["voucher"])


def _undoable(visit: Visit, row: dict[str, Any]) -> bool:
    """Whether this person may undo a redemption now; the ledger decides anew when it is asked."""
    stands = row["action"] == Action.REDEEM and row["verdict"] == Verdict.REDEEMED and row["undone_by"] is None
    in_time = visit.now - row["at"] < timedelta(seconds=visit.office.ledger.undo_s)
    return stands and in_time and visit.person.may(Right.END) and visit.person.sees(row["store"])


def _voucher(connection: Connection, voucher: str) -> dict[str, Any]:
    code = connection.execute(select(vouchers.c.code).where(vouchers.c.id == voucher)).scalar()
    if code is None:
        msg = "there is no such voucher"
        raise NotFoundError(msg)
    return find_voucher(connection, code)


PAGES = (
    Page(path="/vouchers", right=Right.SEE_SALES, show=search, name="vouchers"),
    Page(path="/vouchers/{voucher}", right=Right.SEE_SALES, show=show, do=act, do_right=Right.END, under="vouchers"),
)
