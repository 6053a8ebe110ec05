"""What gateways ask about their clerks: PINs that are set at their kiosks, and what a store's manager changes.

A gateway speaks for the clerks of its own stores. Whoever works in others too is put into or out of its stores by it,
and changed in nothing else: that is the head office's own to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from sqlalchemy import select

from headoffice.errors import NotFoundError, RefusedError, TakenError
from headoffice.pages.qr import qr_svg
from headoffice.redemptions import asking, standing
from headoffice.staff import activations, clerks
from headoffice.staff.clerks import Role
from headoffice.tables.schema import clerk_stores, gateway_stores
from headoffice.vouchers.books import store_for
from protocol.duty import Activated, AskActivate, AskCode, AskStaff, Staffed
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from headoffice.database import Database
    from protocol.duty import ClerkFacts
    from protocol.upstream import StaffRequest, UpstreamAnswer


def answer(database: Database, gateway: str, ask: StaffRequest, at: datetime) -> UpstreamAnswer:
    """Answer in one transaction; raise GatewayUnknownError, ShownBehindError, OtherRunError, DatabaseError."""

    def carry_out(connection: Connection) -> UpstreamAnswer:
        peer = standing.meet(connection, gateway, ask)
        if peer.books.stopped:
            return peer.stamped(asking.notice(ask, standing.HINT))
        return peer.stamped(_answered(connection, gateway, ask, at))

    try:
        return database.write(carry_out)
    except (NotFoundError, RefusedError, TakenError) as error:
        refused = Staffed(refused=str(error))
        return database.read(lambda connection: standing.meet(connection, gateway, ask).stamped(refused))


def _answered(connection: Connection, gateway: str, ask: StaffRequest, at: datetime) -> Activated | Staffed:
    match ask:
        case AskActivate():
            if store_for(connection, gateway, ask.store) is None:
                return Activated(verdict=Verdict.CLERK_WRONG_STORE)
            return activations.activate(connection, ask, at)
        case AskStaff():
            stores = _stores_of(connection, gateway)
            return Staffed(numbers=tuple(_put(connection, stores, wanted) for wanted in ask.clerks))
        case AskCode(number=number, badge=badge):
            if not _works_at(connection, number) & _stores_of(connection, gateway):
                raise NotFoundError(_nobody(number))
            if badge:
                text = clerks.new_badge(connection, number)
                return Staffed(numbers=(number,), code=text, qr=qr_svg(text, number))
            made = activations.issue(connection, number, at)
            until = made.until.isoformat(timespec="seconds")
            return Staffed(numbers=(number,), code=made.code, qr=qr_svg(made.code, number), until=until)
        case _:
            assert_never(ask)


def _put(connection: Connection, mine: set[str], wanted: ClerkFacts) -> str:
    """Add or change one clerk of these stores and return the number; raise NotFoundError, RefusedError, TakenError."""
    stores = set(wanted.stores)
    if others := sorted(stores - mine):
        msg = f"{', '.join(others)} is no store of this gateway"
        raise RefusedError(msg)
    role = Role.MANAGER if wanted.manager else Role.CLERK
    known = clerks.find_clerk(connection, wanted.number)
    if known is None:
        if not stores:
            msg = f"{wanted.name} is new and works in no store"
            raise RefusedError(msg)
        unset = clerks.without_pin()
        number = clerks.add_clerk(connection, wanted.number, wanted.name, wanted.stores, unset, role)
        if wanted.disabled:
            clerks.put_clerk(connection, number, wanted.stores, disabled=True)
        return number
    number = str(wanted.number)
    works_at = _works_at(connection, number)
    if not works_at & mine:
        msg = f"clerk number {number} is taken"
        raise TakenError(msg)
    wish = {"name": wanted.name, "role": role, "disabled": wanted.disabled}
    if works_at - mine and wish != known:
        msg = f"clerk {number} works in other stores too: only the head office changes more than the store"
        raise RefusedError(msg)
    clerks.put_clerk(connection, number, sorted((works_at - mine) | stores), **wish)
    return number


def _stores_of(connection: Connection, gateway: str) -> set[str]:
    found = select(gateway_stores.c.store).where(gateway_stores.c.gateway == gateway)
    return set(connection.execute(found).scalars())


def _works_at(connection: Connection, number: str) -> set[str]:
    found = select(clerk_stores.c.store).where(clerk_stores.c.clerk == number)
    return set(connection.execute(found).scalars())


def _nobody(number: str) -> str:
    return f"there is no clerk {number} in the stores of this gateway"
