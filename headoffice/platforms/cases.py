"""The rids at platforms as the books keep them: ``protocol.platform.Case`` in and out of its table.

Nothing is decided here. A case is read with its row held, and written in the same transaction; its end is written as a
record under the rid, as every other's is, and its code is erased. One that was not there is inserted: whoever else has
begun it meanwhile, or ended it, has its key, and the transaction is done again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import isinf
from typing import TYPE_CHECKING, Any, assert_never
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import bindparam, insert, literal_column, or_, select

from headoffice.database import run_of
from headoffice.redemptions import rids
from headoffice.redemptions.rids import Record
from headoffice.registry import put
from headoffice.tables.cases import cases
from headoffice.tables.schema import stores
from headoffice.vouchers.books import store_for
from protocol.messages import Detail, Intent
from protocol.owner import Ruling
from protocol.platform import Case, Consume, Phase, Query, Reply, Write, due
from protocol.upstream import AskRedeem
from protocol.values import Value, replace
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection, Row

    from headoffice.redemptions.rids import Decision
    from protocol.messages import Answer, Notice
    from protocol.platform import Step

Call = Query | Consume
"""A call to the platform: it leaves once the step that wants it is on disk."""

#: Cases that are driven on in one round; the rest follow in the next.
MOST_AT_ONCE = 200
#: Unfinished redemptions that a person is shown, the oldest first.
MOST_LISTED = 1000

_INTENTS = msgspec.json.Decoder(Intent)
_DETAILS = msgspec.json.Decoder(Detail)

_BY_RID = select(cases).where(cases.c.rid == bindparam("rid"))
_HELD = _BY_RID.with_for_update()
_HELD_IF_FREE = _BY_RID.with_for_update(skip_locked=True)
_HOLDER = select(cases).where(cases.c.voucher == bindparam("voucher"), cases.c.claims.is_(True))
#: Word for word as the partial index has it: SQLite uses that for no other condition.
_UNFINISHED = cases.c.phase != literal_column(f"'{Phase.ENDED}'")
_OF_THESE = cases.c.gateway.in_(bindparam("gateways", expanding=True))
_DUE = (
    select(cases.c.rid)
    .where(_UNFINISHED, _OF_THESE, or_(cases.c.due <= bindparam("now"), cases.c.left_at > bindparam("now")))
    .order_by(cases.c.due)
    .limit(MOST_AT_ONCE)
)
_ALL = (
    select(cases, stores.c.name.label("store_name"), stores.c.timezone)
    .join(stores, stores.c.id == cases.c.store)
    .where(_UNFINISHED)
    .order_by(cases.c.claimed_at, cases.c.rid)
    .limit(MOST_LISTED)
)
_FORGOTTEN = select(cases).where(_UNFINISHED, cases.c.phase == Phase.CLAIMED, cases.c.attempts > 0)
_OPEN = select(cases).where(cases.c.phase == Phase.OPEN, _UNFINISHED, _OF_THESE)


class Filed(Value, frozen=True, kw_only=True):
    """A case, and the gateway through which it came."""

    case: Case
    gateway: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A case without an end, as a person looks at it: where, and since when in the store's own time."""

    case: Case
    gateway: str
    store_name: str
    claimed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a step has written, and what follows once that is committed."""

    case: Case
    wrote: bool
    calls: tuple[Call, ...]
    reply: Answer | Notice | None
    run: str
    """The run of the books in which it was written."""


def find(connection: Connection, rid: str, *, if_free: bool = False) -> Filed | None:
    """Return the case of a rid that has not ended, and hold it; None where there is none.

    ``if_free``: None also where somebody else holds it now, who will do what is due.
    """
    row = connection.execute(_HELD_IF_FREE if if_free else _HELD, {"rid": rid}).first()
    if row is None or row.intent is None:
        return None
    return Filed(case=_case(row, _INTENTS.decode(row.intent)), gateway=row.gateway)


def holder(connection: Connection, voucher: str) -> Case | None:
    """Return the case that claims a voucher."""
    row = connection.execute(_HOLDER, {"voucher": voucher}).first()
    if row is None:
        return None
    if row.intent is not None:
        return _case(row, _INTENTS.decode(row.intent))
    known = rids.known_under(connection, row.rid)
    if known is None:
        msg = f"the books have an end of {row.rid}, and no record of it"
        raise LookupError(msg)
    return replace(_case(row, known.intent), answer=known.answer)


def claimant(connection: Connection, voucher: str) -> Filed | None:
    """Return the case that claims a voucher and has not ended."""
    row = connection.execute(_HOLDER, {"voucher": voucher}).first()
    if row is None or row.intent is None:
        return None
    return Filed(case=_case(row, _INTENTS.decode(row.intent)), gateway=row.gateway)


def forgotten(connection: Connection) -> list[Case]:
    """Return the cases of which restored books have forgotten what has left: it is not known yet at which voucher."""
    return [_case(row, _INTENTS.decode(row.intent)) for row in connection.execute(_FORGOTTEN)]


def keep(connection: Connection, gateway: str, case: Case, at: datetime) -> None:
    """Write a case that these books have lost; one that they have stays as it is."""
    if find(connection, case.rid) is None:
        _write(connection, Filed(case=case, gateway=gateway), at, None, begins=True)


def due_at(connection: Connection, now: float, gateways: Collection[str]) -> list[str]:
    """Return the rids of these gateways that are to be driven on."""
    return list(connection.execute(_DUE, {"now": now, "gateways": list(gateways)}).scalars())


def open_now(connection: Connection, gateways: Collection[str]) -> list[Case]:
    """Return the cases of these gateways of which only others can say how they have ended."""
    found = connection.execute(_OPEN, {"gateways": list(gateways)})
    return [_case(row, _INTENTS.decode(row.intent)) for row in found]


def carry_out(  # noqa: PLR0913 - a step, whose it is, and what is known about it
    connection: Connection,
    gateway: str,
    step: Step,
    at: datetime,
    decision: Decision | None = None,
    *,
    begins: bool = False,
) -> Done:
    """Write what a step of the machine writes; the calls that it wants are for after the commit, and this process.

    ``decision`` is kept with the end, where a person's word brings it; ``begins``: its case was not in the books.
    """
    case, effects = step
    wrote, calls, reply = False, list[Call](), None
    for effect in effects:
        match effect:
            case Write():
                case = _write(connection, Filed(case=effect.case, gateway=gateway), at, decision, begins=begins)
                wrote = True
            case Query() | Consume():
                calls.append(effect)
            case Reply():
                reply = case.answer or effect.message
            case _:
                assert_never(effect)
    return Done(case=case, wrote=wrote, calls=tuple(calls), reply=reply, run=run_of(connection))


def unfinished(connection: Connection) -> list[Unfinished]:
    """Return the cases without an end, the oldest first."""
    return [
        Unfinished(
            case=_case(row, _INTENTS.decode(row.intent)),
            gateway=row.gateway,
            store_name=row.store_name,
            claimed_at=datetime.fromtimestamp(row.claimed_at, ZoneInfo(row.timezone)),
        )
        for row in connection.execute(_ALL)
    ]


def put_case(connection: Connection, filed: Filed) -> None:
    """Write a case as it is now, but no record of its end; its code goes with that."""
    put(connection, cases, {"rid": filed.case.rid}, _row(filed))


def _row(filed: Filed) -> dict[str, Any]:
    case, wanted = filed.case, due(filed.case)
    return {
        "requester": case.requester,
        "gateway": filed.gateway,
        "store": case.store,
        "intent": None if case.phase is Phase.ENDED else msgspec.json.encode(case.intent).decode(),
        "phase": case.phase,
        "queries": case.queries,
        "attempts": case.attempts,
        "claimed_at": case.claimed_at,
        "left_at": case.left_at,
        "due": None if isinf(wanted) or case.phase is Phase.ENDED else wanted,
        "voucher": case.voucher,
        "single": case.single,
        "claims": case.claims,
        "detail": msgspec.json.encode(case.detail).decode(),
    }


def _write(connection: Connection, filed: Filed, at: datetime, decision: Decision | None, *, begins: bool) -> Case:
    """Write a case as it is now, its end as a record; return it as it was written."""
    case = filed.case if filed.case.answer is None else _ended(connection, filed, at, decision)
    written = replace(filed, case=case)
    if begins:
        connection.execute(insert(cases), {"rid": case.rid, **_row(written)})
    else:
        put_case(connection, written)
    return case


def _ended(connection: Connection, filed: Filed, at: datetime, decision: Decision | None) -> Case:
    case, answer = filed.case, filed.case.answer
    assert answer is not None  # noqa: S101 - the caller has looked
    if answer.verdict is Verdict.REDEEMED:
        answer = msgspec.structs.replace(answer, detail=_particulars(connection, case, answer.detail, at))
    ask = AskRedeem(requester=case.requester, store=case.store, intent=case.intent)
    ruling = Ruling(answer=answer, record=True)
    record = Record(gateway=filed.gateway, ask=ask, ruling=ruling, voucher=None, at=at, decision=decision)
    rids.record(connection, replace(record, platform=rids.platform_of(case.voucher)))
    return replace(case, answer=answer)


def _particulars(connection: Connection, case: Case, detail: Detail, at: datetime) -> Detail:
    """Return what a person is told of a success: when and where, and how many uses are left."""
    store = store_for(connection, None, case.store)
    left = None if detail.uses_left is None else max(0, detail.uses_left - case.intent.quantity)
    return msgspec.structs.replace(
        detail,
        at=(at.astimezone(store.zone) if store else at).isoformat(timespec="seconds"),
        store=store.name if store else case.store,
        kiosk=case.requester,
        quantity=case.intent.quantity,
        uses_left=left,
    )


def _case(row: Row[Any], intent: Intent) -> Case:
    return Case(
        requester=row.requester,
        store=row.store,
        intent=intent,
        claimed_at=row.claimed_at,
        phase=Phase(row.phase),
        queries=row.queries,
        attempts=row.attempts,
        left_at=row.left_at,
        voucher=row.voucher,
        single=row.single,
        detail=_DETAILS.decode(row.detail),
    )
