"""A store is tried out (测试中) until its self-check and one practice redemption have passed, then live (已上线).

Which of the two it is is ruled on with each look and each OK (``headoffice.redemptions.duty``); here is how it changes.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import func, select, update

from headoffice.desk.deeds import Deed, note
from headoffice.errors import NotAllowedError, NotFoundError
from headoffice.practice.checks import NAMES, Facts, checks
from headoffice.registry import ONLINE_STORE, ClerkPolicy, put
from headoffice.tables.practice import practice_redemptions, store_statuses
from headoffice.tables.schema import clerk_stores, clerks, gateway_stores, stores
from protocol.messages import Action, Intent, Method
from protocol.status import StoreStatus
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from headoffice.practice.checks import Check

_STATUS = msgspec.json.Decoder(StoreStatus)
_INTENT = msgspec.json.Decoder(Intent)
#: Codes that a kiosk has read or was typed; what came by a page or an interface has tried no kiosk out.
_AT_A_KIOSK = frozenset({Method.SCAN, Method.TYPED})


class StoreState(StrEnum):
    """Whether a store serves."""

    TESTING = "testing"
    LIVE = "live"


def state_of(store: Any) -> StoreState:  # noqa: ANN401 - a row of stores
    """Return a store's state from its row."""
    return StoreState.LIVE if store["testing_since"] is None else StoreState.TESTING


def found(connection: Connection, store: str, *, lock: bool = False) -> dict[str, Any]:
    """Return a store's row; raise NotFoundError. ``lock`` holds it until the transaction ends."""
    statement = select(stores).where(stores.c.id == store, stores.c.id != ONLINE_STORE)
    row = connection.execute(statement.with_for_update() if lock else statement).mappings().first()
    if row is None:
        msg = f"there is no store {store}"
        raise NotFoundError(msg)
    return dict(row)


def checked(connection: Connection, store: dict[str, Any], at: datetime) -> tuple[Check, ...]:
    """Return the self-check of a store, given by its row, as it stands now."""
    told = connection.execute(select(store_statuses).where(store_statuses.c.store == store["id"])).first()
    speak = select(gateway_stores.c.gateway).where(gateway_stores.c.store == store["id"])
    works_here = (
        select(func.count())
        .select_from(clerk_stores.join(clerks, clerks.c.number == clerk_stores.c.clerk))
        .where(clerk_stores.c.store == store["id"], clerks.c.disabled.is_(False))
    )
    gateways = tuple(connection.execute(speak.order_by(gateway_stores.c.gateway)).scalars())
    by_its_own = told is not None and told.gateway in gateways
    return checks(
        Facts(
            gateways=gateways,
            status=_STATUS.decode(told.body) if told is not None and by_its_own else None,
            heard_at=told.heard_at if told is not None and by_its_own else None,
            at=at,
            wants_clerks=store["clerk_policy"] != ClerkPolicy.NONE,
            clerks=connection.execute(works_here).scalar_one(),
            practised=_practised(connection, store),
        )
    )


def go_live(connection: Connection, store: str, by: str, at: datetime) -> None:
    """Set a store live; raise NotFoundError, NotAllowedError where it is so already or its check has not passed."""
    row = found(connection, store, lock=True)
    if row["testing_since"] is None:
        msg = f"{row['name']} is live already"
        raise NotAllowedError(msg)
    if missing := [NAMES[check.looked][1] for check in checked(connection, row, at) if not check.ok]:
        msg = f"{row['name']} cannot go live before this is so: {'; '.join(missing)}"
        raise NotAllowedError(msg)
    _put(connection, store, None)
    note(connection, at, by, Deed.GO_LIVE, f"{store} {row['name']}")


def back_to_testing(connection: Connection, store: str, by: str, why: str, at: datetime) -> None:
    """Take a store back: from now on it redeems practice vouchers only, and is checked anew.

    Raises NotFoundError, NotAllowedError where it is being tried out already.
    """
    row = found(connection, store, lock=True)
    if row["testing_since"] is not None:
        msg = f"{row['name']} is being tried out already"
        raise NotAllowedError(msg)
    _put(connection, store, at)
    note(connection, at, by, Deed.BACK_TO_TESTING, f"{store} {row['name']}", why)


def keep_status(connection: Connection, gateway: str, status: StoreStatus, at: datetime) -> bool:
    """Keep what a gateway sees of a store; return False for another's store, of which nothing is believed."""
    mine = select(gateway_stores.c.store).where(
        gateway_stores.c.gateway == gateway, gateway_stores.c.store == status.store
    )
    if connection.execute(mine).first() is None:
        return False
    values = {"gateway": gateway, "heard_at": at, "body": msgspec.json.encode(status).decode()}
    put(connection, store_statuses, {"store": status.store}, values)
    return True


def _put(connection: Connection, store: str, testing_since: datetime | None) -> None:
    connection.execute(update(stores).where(stores.c.id == store).values(testing_since=testing_since))


def _practised(connection: Connection, store: dict[str, Any]) -> str | None:
    """Return the kiosk that has redeemed a practice voucher there, green and seen, since the store is tried out."""
    if store["testing_since"] is None:
        return None
    passed = (
        select(practice_redemptions.c.requester, practice_redemptions.c.intent)
        .where(
            practice_redemptions.c.store == store["id"],
            practice_redemptions.c.at >= store["testing_since"],
            practice_redemptions.c.verdict == Verdict.REDEEMED,
            practice_redemptions.c.settled_at.is_not(None),
            practice_redemptions.c.handed_over.is_(True),
        )
        .order_by(practice_redemptions.c.at.desc())
    )
    for row in connection.execute(passed):
        intent = _INTENT.decode(row.intent)
        if intent.action is Action.REDEEM and intent.method in _AT_A_KIOSK:
            return str(row.requester)
    return None
