"""Orders that are picked up in a store (到店自提): how far the shop is with each, and what lies ready there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter
from sqlalchemy import and_, exists, func, or_, select, true

from headoffice.api.voucher_types import Pieces
from headoffice.desk import recent
from headoffice.desk.deeds import Deed
from headoffice.desk.places import options, require_own
from headoffice.desk.visit import Gone, Page, Shown, Visit
from headoffice.errors import NotFoundError
from headoffice.staff.roles import Right
from headoffice.tables.schema import stock, uses, voucher_type_stores, voucher_types, vouchers
from headoffice.vouchers import stock as pieces
from headoffice.vouchers.issued import move_on
from headoffice.vouchers.life import Standing
from headoffice.vouchers.orders import EN, ZH, OrderStep, Stage, possible, state_of
from headoffice.vouchers.types import UNNAMED
from protocol.ids import code_tail
from protocol.kinds import Kind
from protocol.owner import VoucherState

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement, Connection

MOST_SHOWN = 200
_STEP: TypeAdapter[OrderStep] = TypeAdapter(OrderStep)
_SPENT = select(func.count()).select_from(uses).where(uses.c.voucher == vouchers.c.id).scalar_subquery()
_OPEN = (
    select(vouchers.c.id, vouchers.c.code, vouchers.c.stage, vouchers.c.issued_at, voucher_types.c.title)
    .join(voucher_types, voucher_types.c.id == vouchers.c.type)
    .where(vouchers.c.stage.is_not(None), vouchers.c.state == VoucherState.ACTIVE, vouchers.c.uses > _SPENT)
    .order_by(vouchers.c.issued_at, vouchers.c.id)
)


def show(visit: Visit) -> Shown:
    """Show the orders that wait, the oldest first, and what lies ready in one store."""

    def read(connection: Connection) -> dict[str, object]:
        zone, mine = recent.zone_of(connection, visit.person.stores), options(connection, visit)
        open_ones = connection.execute(_OPEN.where(_valid_in(visit.person.stores)).limit(MOST_SHOWN)).mappings()
        known = [store for store, _ in mine]
        store = next(
            (one for one in (visit.form("store"), visit.query("store")) if one in known), known[0] if known else ""
        )
        return {
            "orders": [
                {**one, **_standing(one["stage"], visit.lang), "issued_at": one["issued_at"].astimezone(zone)}
                for one in open_ones
            ],
            "stores": mine,
            "store": store,
            "ready": _ready(connection, store),
        }

    return Shown(template="orders.html", values=visit.office.database.read(read))


def do(visit: Visit) -> Gone:
    """Take a step with an order, or say how much of something a store has now."""
    if "store" in visit.form:
        return _count(visit)
    voucher, step = visit.form("voucher"), _STEP.validate_python(visit.form("step"))

    def move(connection: Connection) -> None:
        wanted = _OPEN.where(vouchers.c.id == voucher, _valid_in(visit.person.stores))
        found = connection.execute(wanted).first()
        if found is None:
            msg = "this order waits no more"
            raise NotFoundError(msg)
        move_on(connection, found.code, step, visit.now)
        visit.note(connection, Deed.MOVE_ORDER, f"{code_tail(found.code)} {step}")

    visit.office.database.write(move)
    visit.office.changes.tell(voucher)
    return Gone(to="/orders", done="saved")


def _count(visit: Visit) -> Gone:
    store, type_id = visit.form("store"), visit.form("type")
    require_own(visit, [store])
    number = Pieces.model_validate({"pieces": visit.form("pieces") or None}).pieces

    def write(connection: Connection) -> None:
        if type_id not in {row["id"] for row in _ready(connection, store)}:
            msg = f"there is no voucher type {type_id}"
            raise NotFoundError(msg)
        pieces.put_pieces(connection, type_id, store, number)
        visit.note(connection, Deed.PUT_STOCK, f"{type_id} {store} {'' if number is None else number}".strip())

    visit.office.database.write(write)
    return Gone(to=f"/orders?store={store}", done="saved")


def _standing(stage: str, lang: str) -> dict[str, Any]:
    """Return how far the shop is with an order that waits, in words, and what it can do next."""
    state = state_of(Stage(stage), Standing(VoucherState.ACTIVE, 1, expired=False))
    return {
        "state": state and (ZH if lang == "zh" else EN)[state],
        "steps": possible(state),
        "is_ready": stage == "ready",
    }


def _ready(connection: Connection, store: str) -> list[dict[str, Any]]:
    """Return what is picked up in a store, each with its pieces there; None: they are not counted."""
    counted = and_(stock.c.type == voucher_types.c.id, stock.c.store == store)
    found = (
        select(voucher_types.c.id, voucher_types.c.title, stock.c.pieces)
        .outerjoin(stock, counted)
        .where(voucher_types.c.kind == Kind.PICK_UP, _valid_in([store]))
        .where(~voucher_types.c.id.startswith(UNNAMED))
        .order_by(voucher_types.c.title, voucher_types.c.id)
        .limit(MOST_SHOWN)
    )
    return [dict(row) for row in connection.execute(found).mappings()]


def _valid_in(wanted: Collection[str] | None) -> ColumnElement[bool]:
    """Return what holds of types that are valid in one of these stores; None: whichever."""
    if wanted is None:
        return true()
    here = exists().where(voucher_type_stores.c.type == voucher_types.c.id, voucher_type_stores.c.store.in_(wanted))
    return or_(voucher_types.c.everywhere, here)


PAGE = Page(path="/orders", right=Right.SEE_SALES, show=show, name="orders", do=do, do_right=Right.PREPARE)
