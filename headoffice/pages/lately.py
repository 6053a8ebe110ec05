"""What a counter has said of a voucher a moment ago, for its customer's page to say it too.

Most answers change what the voucher is, and then the page says that. The others are told here: a card of which a use
was spent and others are left, and the refusals that are about the counter and not about the voucher.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, literal, select, union_all

from headoffice.tables.schema import redemptions, refusals, stores
from protocol.messages import Action
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: So long a page says it.
LATELY = timedelta(minutes=2)
#: Refusals after which the voucher is as it was.
PASSING = frozenset(
    {
        Verdict.WRONG_STORE,
        Verdict.STALE_CODE,
        Verdict.OUT_OF_STOCK,
        Verdict.NOT_ENOUGH_USES,
        Verdict.BELOW_MINIMUM,
        Verdict.BUSY,
        Verdict.UPSTREAM_UNAVAILABLE,
    }
)

_REFUSED = select(refusals.c.at, refusals.c.verdict, refusals.c.store, literal("").label("spent")).where(
    refusals.c.voucher == bindparam("voucher"), refusals.c.at > bindparam("since"), refusals.c.verdict.in_(PASSING)
)
_RULED = select(redemptions.c.at, redemptions.c.verdict, redemptions.c.store, redemptions.c.spent).where(
    redemptions.c.voucher == bindparam("voucher"),
    redemptions.c.at > bindparam("since"),
    redemptions.c.action == Action.REDEEM,
    redemptions.c.undone_by.is_(None),
    redemptions.c.verdict.in_(PASSING | {Verdict.REDEEMED}),
)
_SAID = union_all(_REFUSED, _RULED).subquery()
_LAST = select(_SAID, stores.c.name).join(stores, stores.c.id == _SAID.c.store).order_by(_SAID.c.at.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class Lately:
    """What was said last, when and in which store; ``uses`` were spent by it."""

    verdict: Verdict
    at: datetime
    store: str
    uses: int


def said_lately(connection: Connection, voucher: str, at: datetime) -> Lately | None:
    """Return what a counter said of a voucher last; None where that is a while ago, or changed what the voucher is."""
    row = connection.execute(_LAST, {"voucher": voucher, "since": at - LATELY}).first()
    if row is None:
        return None
    uses = len(row.spent.split(",")) if row.spent else 0
    return Lately(Verdict(row.verdict), row.at, row.name, uses)
