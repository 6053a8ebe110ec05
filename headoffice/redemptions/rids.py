"""What is recorded under a rid, and how a ruling is written down: one row a rid, one row a spent use.

The intent's code and offer are not kept: the voucher's id and the digest say the same without them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, delete, insert, select, update

from headoffice.notices.queueing import ruled
from headoffice.outbox.telling import tell_refusal, tell_ruling
from headoffice.tables.schema import redemptions, refusals, uses, vouchers
from headoffice.tables.standing import unplaced_uses
from headoffice.vouchers import stock
from headoffice.vouchers.heirs import hand_on
from protocol import codec
from protocol.ids import TAIL_LENGTH
from protocol.messages import Action, Answer, Intent, Method, Notice
from protocol.owner import Known, Ruling, VoucherState, intent_digest
from protocol.values import Value

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from protocol.upstream import AskLook, AskRedeem, AskResolve, Looked

_ANSWERS: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)

_KNOWN = select(
    redemptions.c.requester,
    redemptions.c.store,
    redemptions.c.clerk,
    redemptions.c.approver,
    redemptions.c.action,
    redemptions.c.intent_digest,
    redemptions.c.quantity,
    redemptions.c.method,
    redemptions.c.amount,
    redemptions.c.reason,
    redemptions.c.undoes,
    redemptions.c.voucher,
    redemptions.c.platform,
    redemptions.c.answer,
    redemptions.c.at,
    redemptions.c.undone_by,
).where(redemptions.c.rid == bindparam("rid"))
_RECORD = insert(redemptions)
_SPEND = insert(uses)
_GIVE_BACK = delete(uses).where(uses.c.voucher == bindparam("of_voucher"), uses.c.rid == bindparam("of_rid"))
_WAITING = (
    select(unplaced_uses.c.number, unplaced_uses.c.rid)
    .where(unplaced_uses.c.voucher == bindparam("of_voucher"))
    .order_by(unplaced_uses.c.number, unplaced_uses.c.rid)
)
_STATE = select(vouchers.c.state).where(vouchers.c.id == bindparam("of_voucher"))
_HELD = select(uses.c.number).where(uses.c.voucher == bindparam("of_voucher"))
_WAITS_NO_MORE = delete(unplaced_uses).where(unplaced_uses.c.rid == bindparam("of_rid"))
_PLACED = _WAITS_NO_MORE.where(
    unplaced_uses.c.voucher == bindparam("of_voucher"), unplaced_uses.c.number == bindparam("of_number")
)
_MARK_UNDONE = update(redemptions).where(redemptions.c.rid == bindparam("of_rid")).values(undone_by=bindparam("by"))
_SETTLE = (
    update(redemptions)
    .where(redemptions.c.rid == bindparam("of_rid"), redemptions.c.settled_at.is_(None))
    .values(settled_at=bindparam("now"), handed_over=bindparam("handed"))
)
_REFUSE = insert(refusals)
#: Between a platform's name in the configuration and its own name of a voucher; in no id of an own one.
SEPARATOR = "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who says how a rid has ended, and why."""

    by: str
    why: str


class Record(Value, frozen=True, kw_only=True):
    """A ruling as it goes into the books. ``gateway`` None: the head office asked itself.

    ``digest`` is the intent's where that has lost its code already; ``platform`` owns the voucher, where one does;
    ``decision`` is a person's word, where that has ended it.
    """

    gateway: str | None
    ask: AskRedeem | AskResolve
    ruling: Ruling
    voucher: str | None
    at: datetime
    digest: bytes | None = None
    platform: str | None = None
    decision: Decision | None = None


def known_under(connection: Connection, rid: str) -> Known | None:
    """Return what is recorded under a rid; its answer says by whom it was undone."""
    row = connection.execute(_KNOWN, {"rid": rid}).first()
    if row is None:
        return None
    return Known(
        requester=row.requester,
        store=row.store,
        intent=Intent(
            rid=rid,
            action=Action(row.action),
            quantity=row.quantity,
            undoes=row.undoes,
            method=Method(row.method),
            clerk=row.clerk,
            approver=row.approver,
            reason=row.reason,
            amount=row.amount,
        ),
        answer=msgspec.structs.replace(_ANSWERS.decode(row.answer), undone_by=row.undone_by),
        at=row.at,
        voucher=row.voucher,
        platform=row.platform,
        digest=row.intent_digest,
    )


def record(connection: Connection, entry: Record) -> None:
    """Write a record with everything it spends or gives back; the transaction makes it one."""
    ask, ruling, voucher = entry.ask, entry.ruling, entry.voucher
    intent, answer = ask.intent, ruling.answer
    if isinstance(answer, Notice):
        msg = "a notice ends no rid, so none is recorded"
        raise TypeError(msg)
    connection.execute(
        _RECORD,
        {
            "rid": intent.rid,
            "requester": ask.requester,
            "gateway": entry.gateway,
            "store": ask.store,
            "clerk": _kept(intent.clerk, 100),
            "approver": _kept(intent.approver, 100),
            "action": intent.action,
            "intent_digest": entry.digest or intent_digest(intent),
            "quantity": answer.detail.quantity or intent.quantity,
            "method": intent.method,
            "amount": intent.amount,
            "reason": _kept(entry.decision.why if entry.decision else intent.reason, 400),
            "decided_by": _kept(entry.decision.by, 100) if entry.decision else None,
            "undoes": intent.undoes,
            "voucher": voucher,
            "platform": entry.platform,
            "spent": ",".join(map(str, answer.uses)),
            "verdict": answer.verdict,
            "answer": codec.encode(answer).decode(),
            "code_tail": _kept(answer.detail.code_tail, TAIL_LENGTH),
            "at": entry.at,
            "undone_by": answer.undone_by,
        },
    )
    if ruling.claim:
        connection.execute(
            _SPEND, [{"voucher": voucher, "number": number, "rid": intent.rid} for number in ruling.claim]
        )
        stock.take(connection, voucher, intent.rid, len(ruling.claim))
    if ruling.release is not None:
        give_back(connection, voucher, ruling.release, by=intent.rid)
    if answer.undone_by is None:  # else told by its undo alone: nothing tells behind that one that it stands
        tell_ruling(connection, entry, answer)
        ruled(connection, entry, answer)


def give_back(connection: Connection, voucher: str | None, rid: str, by: str) -> None:
    """Give back the uses that a rid has spent or was told of, and note by which undo.

    Whoever was told of the same uses before the books were put back has them now; else whoever has received the voucher
    as a gift since: its giver's is worth nothing any more.
    """
    given = connection.execute(_GIVE_BACK, {"of_voucher": voucher, "of_rid": rid}).rowcount
    stock.take(connection, voucher, rid, -given)
    connection.execute(_MARK_UNDONE, {"of_rid": rid, "by": by})
    connection.execute(_WAITS_NO_MORE, {"of_rid": rid})
    if voucher is not None:
        hand_on(connection, voucher, given - place(connection, voucher, come_back=given))


def place(connection: Connection, voucher: str, come_back: int = 0) -> int:
    """Give uses of a voucher that are free to the rids that were told they have them; return how many found one.

    Of one that was given away and received no more are free than have just come back: its receiver has the others.
    """
    waiting = connection.execute(_WAITING, {"of_voucher": voucher}).all()
    if not waiting:
        return 0
    placed = 0
    is_given = connection.execute(_STATE, {"of_voucher": voucher}).scalar() == VoucherState.GIVEN
    most = come_back if is_given else len(waiting)
    held = set(connection.execute(_HELD, {"of_voucher": voucher}).scalars())
    for row in waiting:
        if row.number not in held and placed < most:
            held.add(row.number)
            connection.execute(_SPEND, {"voucher": voucher, "number": row.number, "rid": row.rid})
            stock.take(connection, voucher, row.rid, 1)
            connection.execute(_PLACED, {"of_voucher": voucher, "of_number": row.number, "of_rid": row.rid})
            placed += 1
    return placed


def settle(connection: Connection, rid: str, at: datetime, *, handed_over: bool) -> None:
    """Note that a rid's answer has been seen; the first word counts."""
    connection.execute(_SETTLE, {"of_rid": rid, "now": at, "handed": handed_over})


def platform_of(voucher: str | None) -> str | None:
    """Return the platform that owns a voucher, by its name; None for one of the chain's own."""
    platform, separator, _ = (voucher or "").partition(SEPARATOR)
    return platform if separator else None


def refuse(connection: Connection, gateway: str, ask: AskLook, looked: Looked, at: datetime) -> None:
    """Write down a look that ended in a refusal."""
    platform = platform_of(looked.voucher)
    connection.execute(
        _REFUSE,
        {
            "requester": ask.requester,
            "gateway": gateway,
            "store": ask.store,
            "clerk": _kept(ask.clerk, 100),
            "method": ask.method,
            "voucher": None if platform else looked.voucher,
            "platform": platform,
            "verdict": looked.verdict,
            "code_tail": _kept(looked.detail.code_tail, TAIL_LENGTH),
            "at": at,
        },
    )
    tell_refusal(connection, ask, looked, platform, at)


def _kept(text: str | None, length: int) -> str | None:
    """Return what a table can hold of a text that came over the wire; PostgreSQL holds no NUL."""
    return None if text is None else text.replace("\0", "")[:length]
