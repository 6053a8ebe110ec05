"""Vouchers: issued, looked up by their owner, and led through the steps of their life."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update

from headoffice.errors import BehindError, NotAllowedError, NotFoundError, RefusedError, TakenError
from headoffice.notices.queueing import stepped
from headoffice.outbox.telling import Event, tell, tell_issued
from headoffice.outbox.types import of_step
from headoffice.redemptions.driving import drive
from headoffice.redemptions.standing import HINT, books_of, require_current
from headoffice.registry import put
from headoffice.tables.pages import gifts, shares
from headoffice.tables.schema import redemptions, refusals, uses, voucher_events, voucher_types, vouchers
from headoffice.vouchers.codes import mint_code
from headoffice.vouchers.life import Coming, Objection, Standing, Step, take
from headoffice.vouchers.orders import OrderState, OrderStep, Stage, forward, state_of
from headoffice.vouchers.types import APPROVED, find_type
from protocol.classify import BADGE_PREFIX, PRACTICE_PREFIX, as_typed, classify
from protocol.kinds import Kind
from protocol.owner import VoucherState
from protocol.signed import PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from headoffice.vouchers.signing import Signer

#: Pages of one friend coupon beside its owner's: whoever has the link can make no more, and no list grows without end.
MOST_FRIENDS = 50
#: Rows of one voucher's history that are told at once.
LONGEST_HISTORY = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One voucher to issue. Dates that are not given are the type's; ``code`` None: one is drawn."""

    type: str
    code: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    booked_for: datetime | None = None
    """Of a booking: its time, from which its dates are reckoned."""
    stage: Stage | None = None
    """Of a pick-up: how far the shop is with it; None: the goods lie ready."""
    dynamic: bool = False
    """Whether its code changes every 30 s while its page shows it; a friend coupon's always does."""
    paid: bool = True
    signer: Signer | None = None
    """Signs its code, which then is none that was given or drawn."""


@dataclass(frozen=True, slots=True)
class Issued:
    """What came of an order."""

    id: str
    code: str
    page_token: str
    dynamic: bool
    """Whether the code is only its number, and its page shows others."""


def issue(connection: Connection, order: Order, at: datetime) -> Issued:
    """Issue a voucher; raise NotFoundError, NotAllowedError, RefusedError, TakenError, BehindError."""
    require_running(connection)
    row = drawn_up(order, find_type(connection, order.type), at)
    if order.code is not None and taken(connection, [order.code]):
        raise TakenError(TAKEN)
    connection.execute(insert(vouchers), row)
    tell_issued(connection, vouchers, vouchers.c.id == row["id"])
    return Issued(row["id"], row["code"], row["page_token"], row["dynamic"])


def share(connection: Connection, code: str, name: str, at: datetime) -> str:
    """Give a friend a page of a friend coupon and return its token; raise NotFoundError, NotAllowedError."""
    found = select(vouchers.c.id, voucher_types.c.kind).join(voucher_types).where(vouchers.c.code == code)
    row = connection.execute(found.with_for_update(of=vouchers)).first()
    if row is None:
        raise NotFoundError(_NO_SUCH)
    if row.kind != Kind.FRIEND:
        msg = "only a friend coupon is shared; any other voucher is given away"
        raise NotAllowedError(msg)
    if len(shares_of(connection, row.id)) >= MOST_FRIENDS:
        msg = f"it is shared with {MOST_FRIENDS} friends already, and with no more"
        raise NotAllowedError(msg)
    token = secrets.token_urlsafe(24)
    connection.execute(insert(shares), {"token": token, "voucher": row.id, "name": name, "at": at})
    return token


def shares_of(connection: Connection, voucher: str) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the friends with whom a voucher is shared, ``name`` and ``token``, in the order in which they came."""
    found = select(shares.c.name, shares.c.token).where(shares.c.voucher == voucher)
    return connection.execute(found.order_by(shares.c.at, shares.c.token)).all()


def require_running(connection: Connection) -> None:
    """Raise BehindError where the books were found to be an older copy."""
    if books_of(connection).stopped:
        raise BehindError(HINT)


def taken(connection: Connection, codes: Sequence[str]) -> set[str]:
    """Return those of these codes that a voucher has already."""
    return set(connection.execute(select(vouchers.c.code).where(vouchers.c.code.in_(codes))).scalars())


def drawn_up(order: Order, made_of: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Return the row of a voucher that is to be issued; raise NotAllowedError, RefusedError."""
    if made_of["state"] != APPROVED:
        msg = f"the type {order.type} is not approved, so nothing of it is issued"
        raise NotAllowedError(msg)
    if order.code is not None:
        _check_code(order.code)
    dynamic = order.dynamic or made_of["kind"] == Kind.FRIEND
    if dynamic and order.signer is not None:
        msg = "a voucher whose code changes needs the network, so its own number is not signed"
        raise RefusedError(msg)
    valid_from, valid_until = _dates(order, made_of, at)
    voucher = secrets.token_hex(16)
    return {
        "id": voucher,
        "code": order.signer.code_of(voucher) if order.signer else order.code or mint_code(),
        "type": order.type,
        "state": VoucherState.ACTIVE if order.paid else VoucherState.UNPAID,
        "page_token": secrets.token_urlsafe(24),
        "uses": made_of["uses"],
        "valid_from": valid_from,
        "valid_until": valid_until,
        "issued_at": at,
        "stage": _stage(order, made_of["kind"]),
        "booked_for": order.booked_for,
        "dynamic": dynamic,
    }


def _dates(order: Order, made_of: Mapping[str, Any], at: datetime) -> tuple[datetime | None, datetime | None]:
    """Return from when until when a voucher is valid."""
    if order.booked_for is not None:
        if made_of["kind"] != Kind.BOOKING or order.valid_from or order.valid_until:
            msg = "booked_for is the time of a booking, and its type says how early and how late: give no other dates"
            raise RefusedError(msg)
        early, late = (timedelta(minutes=made_of[name]) for name in ("early_minutes", "late_minutes"))
        return order.booked_for - early, order.booked_for + late
    days = made_of["valid_days"]
    valid_from = order.valid_from or made_of["valid_from"]
    valid_until = order.valid_until or (made_of["valid_until"] if days is None else at + timedelta(days=days))
    if valid_from and valid_until and valid_from >= valid_until:
        msg = f"valid_from ({valid_from.isoformat()}) is not before valid_until ({valid_until.isoformat()})"
        raise RefusedError(msg)
    return valid_from, valid_until


def _stage(order: Order, kind: str) -> Stage | None:
    if kind == Kind.PICK_UP:
        return order.stage or Stage.READY
    if order.stage is not None:
        msg = f"a voucher of the kind {kind} is no order, so it has no stage"
        raise RefusedError(msg)
    return None


def live(connection: Connection, code: str, step: Step, at: datetime) -> VoucherState:
    """Take a step in a voucher's life and return its new state; raise NotFoundError, NotAllowedError, BehindError.

    The row is held, so a redemption at a counter comes before this or after it, and whoever is second finds what the
    first has done. One that is given away gets a fresh link for its receiver (``headoffice.vouchers.gifts``).
    """
    row, standing = held(connection, code, at)
    outcome = take(step, standing)
    if isinstance(outcome, Objection):
        raise NotAllowedError(outcome.why)
    change(connection, row.id, step, at, state=outcome)
    if step is Step.GIFT:
        token = secrets.token_urlsafe(24)
        put(connection, gifts, {"voucher": row.id}, {"token": token, "at": at, "became": None})
    return outcome


def move_on(connection: Connection, code: str, step: OrderStep, at: datetime) -> OrderState | None:
    """Take a step with an order and return its new state; raise NotFoundError, NotAllowedError, BehindError."""
    row, standing = held(connection, code, at)
    stage = forward(step, None if row.stage is None else Stage(row.stage), standing)
    if isinstance(stage, Objection):
        raise NotAllowedError(stage.why)
    change(connection, row.id, step, at, stage=stage)
    return state_of(stage, standing)


def held(connection: Connection, code: str, at: datetime) -> tuple[Row[*tuple[Any, ...]], Standing]:
    """Return a voucher's row, held until the transaction ends, and how it stands.

    Raises NotFoundError, NotAllowedError where it is under a lease, BehindError.
    """
    row = connection.execute(select(vouchers).where(vouchers.c.code == code).with_for_update()).first()
    if row is None:
        raise NotFoundError(_NO_SUCH)
    require_current(connection, row.type)
    if row.lease is not None:
        msg = f"the voucher is under the lease {row.lease}, which only its holder can use; recall that first"
        raise NotAllowedError(msg)
    # What was uploaded without an end may have been shown as a success: that comes first.
    drive(connection, row.id, at)
    spent = connection.execute(select(func.count()).select_from(uses).where(uses.c.voucher == row.id)).scalar_one()
    expired = row.valid_until is not None and row.valid_until <= at
    return row, Standing(VoucherState(row.state), row.uses - spent, expired)


def change(connection: Connection, voucher: str, step: Step | OrderStep | Coming, at: datetime, **values: str) -> None:
    """Change a voucher that is held, and write down which step that was."""
    connection.execute(update(vouchers).where(vouchers.c.id == voucher).values(**values))
    note(connection, voucher, step, at, **values)


def note(connection: Connection, voucher: str, step: Step | OrderStep | Coming, at: datetime, **became: str) -> None:
    """Write down a step in a voucher's life, and tell of it with what the voucher ``became``."""
    connection.execute(insert(voucher_events), {"voucher": voucher, "step": step, "at": at})
    tell(connection, Event(type=of_step(step), at=at, subject=voucher, facts={"step": step, **became}))
    stepped(connection, voucher, step, at)


def find_voucher(connection: Connection, code: str) -> dict[str, Any]:
    """Return a voucher with its type's name, its uses and what happened to it; raise NotFoundError."""
    row = (
        connection.execute(
            select(vouchers, voucher_types.c.title, voucher_types.c.kind)
            .join(voucher_types, voucher_types.c.id == vouchers.c.type)
            .where(vouchers.c.code == code)
        )
        .mappings()
        .first()
    )
    if row is None:
        raise NotFoundError(_NO_SUCH)
    spent = connection.execute(select(func.count()).select_from(uses).where(uses.c.voucher == row["id"])).scalar_one()
    left = 0 if row["state"] == VoucherState.GIVEN else row["uses"] - spent  # its receiver has them
    stage = None if row["stage"] is None else Stage(row["stage"])
    order = state_of(stage, Standing(VoucherState(row["state"]), left, expired=False))
    return {**row, "uses_left": left, "order": order, "history": _history(connection, row["id"])}


def _history(connection: Connection, voucher: str) -> list[dict[str, Any]]:
    """Return redemptions, refusals and steps of one voucher, oldest first."""
    found: list[dict[str, Any]] = []
    for table, names in (
        (redemptions, ("rid", "action", "verdict", "store", "requester", "clerk", "quantity", "undoes", "undone_by")),
        (refusals, ("verdict", "store", "requester", "clerk")),
        (voucher_events, ("step",)),
    ):
        columns = [table.c.at, *(table.c[name] for name in names)]
        newest = select(*columns).where(table.c.voucher == voucher).order_by(table.c.at.desc()).limit(LONGEST_HISTORY)
        found += [dict(row) for row in connection.execute(newest).mappings()]
    return sorted(found, key=lambda entry: entry["at"])


def _check_code(code: str) -> None:
    """Refuse a code that a counter would take for something else; the message never repeats it."""
    what = classify(code).verdict
    if what is not None or as_typed(code).startswith((BADGE_PREFIX, PRACTICE_PREFIX, PREFIX)):
        seen = _seen_as(code) if what is None else what.value.removesuffix("_code").replace("_", " ")
        msg = f"a counter would take this for a {seen} code, so no voucher can have it"
        raise RefusedError(msg)


def _seen_as(code: str) -> str:
    if as_typed(code).startswith(PRACTICE_PREFIX):
        return "practice"
    return "badge" if code.startswith(BADGE_PREFIX) else "signed"


_NO_SUCH = "no voucher has this code"
TAKEN = "a voucher has this code already; codes are never used twice"
