"""Stores, as the desk lists and changes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from sqlalchemy import func, select

from headoffice import registry
from headoffice.api.fields import Id
from headoffice.api.stores import StoreIn
from headoffice.desk.deeds import Deed
from headoffice.desk.places import narrowed
from headoffice.desk.shown import said
from headoffice.desk.sums import fen
from headoffice.desk.visit import Gone, Page, Shown, Visit
from headoffice.errors import NotFoundError, TakenError
from headoffice.practice.opening import state_of
from headoffice.registry import ONLINE_STORE, ClerkPolicy
from headoffice.staff.roles import Right
from headoffice.tables.schema import gateway_stores, redemptions, stores
from protocol.records import yuan

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ID: TypeAdapter[str] = TypeAdapter(Id)
_LAST = select(func.max(redemptions.c.at)).where(redemptions.c.store == stores.c.id).scalar_subquery()
_NEW: dict[str, Any] = {"id": "", **StoreIn.model_validate({"name": "-"}).model_dump(), "name": ""}


def show_stores(visit: Visit) -> Shown:
    """Show this person's stores."""

    def read(connection: Connection) -> list[dict[str, Any]]:
        speaks: dict[str, list[str]] = {}
        for row in connection.execute(select(gateway_stores).order_by(gateway_stores.c.gateway)):
            speaks.setdefault(row.store, []).append(row.gateway)
        found = select(stores, _LAST.label("last")).where(stores.c.id != ONLINE_STORE).order_by(stores.c.id)
        return [
            {
                **row,
                "state": state_of(row),
                "gateways": speaks.get(row["id"], []),
                "last": _local(row["last"], row["timezone"]),
            }
            for row in connection.execute(found).mappings()
            if visit.person.sees(row["id"])
        ]

    found, asked = visit.office.database.read(read), visit.query("q")
    values = {"stores": narrowed(found, asked, "id", "name", "address"), "in_all": len(found), "q": asked}
    return Shown(template="stores.html", values=values)


def show_store(visit: Visit) -> Shown:
    """Show a store's form; that of a new one where it is called so."""
    fresh = visit.path["store"] == "new"
    it = _NEW if fresh else visit.office.database.read(lambda connection: _store(connection, visit.path["store"]))
    it = {**it, "approve_from": "" if it["approve_from_fen"] is None else yuan(it["approve_from_fen"])}
    typed = {name: visit.form(name) for name in it if name in visit.form}
    policies = [(policy.value, said(f"policy_{policy}", visit.lang)) for policy in ClerkPolicy]
    return Shown(template="store.html", values={"it": {**it, **typed}, "fresh": fresh, "policies": policies})


def put_store(visit: Visit) -> Gone:
    """Add a store, or change what is known of it."""
    fresh = visit.path["store"] == "new"
    store = _ID.validate_python(visit.form("id") if fresh else visit.path["store"])

    def write(connection: Connection) -> None:
        before = {} if fresh else _store(connection, store)
        if fresh and store in {row["id"] for row in registry.all_stores(connection)}:
            msg = f"there is a store {store} already"
            raise TakenError(msg)
        typed: dict[str, Any] = {name: visit.form(name) for name in StoreIn.model_fields if name in visit.form}
        if "approve_from" in visit.form:
            typed["approve_from_fen"] = fen(visit.form("approve_from"))
        known = {name: before[name] for name in StoreIn.model_fields if name in before}
        wanted = StoreIn.model_validate({**known, **typed})
        registry.put_store(connection, store, wanted.model_dump(), visit.office.testing_since)
        visit.note(connection, Deed.PUT_STORE, store)

    visit.office.database.write(write)
    return Gone(to="/stores", done="saved")


def _store(connection: Connection, store: str) -> dict[str, Any]:
    row = connection.execute(select(stores).where(stores.c.id == store)).mappings().first()
    if row is None:
        msg = f"there is no store {store}"
        raise NotFoundError(msg)
    return dict(row)


def _local(at: Any, zone: str) -> Any:  # noqa: ANN401 - a moment or none
    return at and at.astimezone(ZoneInfo(zone))


PAGES = (
    Page(path="/stores", right=Right.SEE_STORES, show=show_stores, name="stores"),
    Page(
        path="/stores/{store}",
        right=Right.CHANGE_STORES,
        show=show_store,
        do=put_store,
        do_right=Right.CHANGE_STORES,
        under="stores",
    ),
)
