"""What becomes of a practice voucher at a counter: the owner's own rules, written into tables that no book reads.

A look, an OK, a repeat, an undo and the word that the answer was seen are ruled on by ``protocol.owner`` exactly as a
real voucher's are, inside the transaction that the ledger holds. Every answer says that it is practice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, exists, insert, select, update

from headoffice.practice import vouchers
from headoffice.redemptions import asking, duty, replaced
from headoffice.tables.practice import practice_redemptions, practice_vouchers
from headoffice.vouchers.books import store_for
from protocol import codec, owner
from protocol.classify import is_practice
from protocol.messages import Action, Answer, Intent
from protocol.owner import Known, Ruling, intent_digest

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from headoffice.vouchers.books import Store
    from protocol.owner import Moment
    from protocol.upstream import AskLook, AskRedeem, AskResolve, AskSettled, Looked

_ANSWER = msgspec.json.Decoder(Answer)
_INTENT = msgspec.json.Decoder(Intent)
_KNOWN = select(practice_redemptions).where(practice_redemptions.c.rid == bindparam("rid"))
_IS_KNOWN = select(exists().where(practice_redemptions.c.rid == bindparam("rid")))
_HOLD = select(practice_vouchers.c.id).where(practice_vouchers.c.id == bindparam("voucher")).with_for_update()
_MARK_UNDONE = (
    update(practice_redemptions)
    .where(practice_redemptions.c.rid == bindparam("of_rid"))
    .values(undone_by=bindparam("by"))
)
_SETTLE = (
    update(practice_redemptions)
    .where(practice_redemptions.c.rid == bindparam("of_rid"), practice_redemptions.c.settled_at.is_(None))
    .values(settled_at=bindparam("now"), handed_over=bindparam("handed"))
)


def concerns(connection: Connection, intent: Intent) -> bool:
    """Whether an intent is about a practice voucher: by its code, or by the redemption that it undoes."""
    if intent.undoes is None:
        return is_practice(intent.code)
    return bool(connection.execute(_IS_KNOWN, {"rid": intent.undoes}).scalar())


def look(connection: Connection, ask: AskLook, store: Store, moment: Moment) -> Looked:
    """Answer a look at a code that is a practice voucher's by its shape."""
    objection = duty.objection(connection, store.id, ask.clerk)
    looked = owner.rule_look(ask.code, vouchers.by_code(connection, ask.code), moment)
    detail = msgspec.structs.replace(looked.detail, practice=True)
    return msgspec.structs.replace(looked, verdict=objection or looked.verdict, detail=detail)


def rule(
    connection: Connection, gateway: str | None, ask: AskRedeem | AskResolve, at: datetime, window: timedelta
) -> Ruling:
    """Rule on a rid at a practice voucher and write it down; ``window`` is that of an undo."""
    known = _known_under(connection, ask.intent.rid)
    if known is not None:
        return replaced.repeat(connection, gateway, ask, known)
    store = store_for(connection, gateway, ask.store)
    if store is None:
        return Ruling(answer=asking.notice(ask, asking.NOT_ITS_STORE))
    moment = asking.moment(ask, store, at, gateway)
    if ask.intent.action is Action.UNDO:
        target = _target(connection, ask)
        ruling = owner.rule_undo(ask, None, target, moment, window)
        voucher = target.voucher if target else None
    else:
        found = vouchers.by_code(connection, ask.intent.code or "", lock=True)
        refusal = duty.refusal(connection, ask)
        refused = None if refusal is None else Ruling(answer=refusal, record=True)
        ruling = refused or owner.rule_redeem(ask, None, found, moment)
        voucher = found.id if found else None
    answer = ruling.answer
    if not ruling.record or not isinstance(answer, Answer):
        return ruling
    answer = msgspec.structs.replace(answer, detail=msgspec.structs.replace(answer.detail, practice=True))
    _write(connection, gateway, ask, answer, voucher, at)
    if ruling.release is not None:
        connection.execute(_MARK_UNDONE, {"of_rid": ruling.release, "by": ask.intent.rid})
    return Ruling(answer=answer, record=True)


def settle(connection: Connection, gateway: str, ask: AskSettled, at: datetime) -> Answer | None:
    """Note that a rid's answer was seen, and return it; None where no practice of this requester has that rid."""
    known = _known_under(connection, ask.rid)
    if known is None or known.requester != replaced.as_begun(connection, gateway, ask, known).requester:
        return None
    connection.execute(_SETTLE, {"of_rid": ask.rid, "now": at, "handed": ask.handed_over})
    return known.answer


def _target(connection: Connection, ask: AskRedeem | AskResolve) -> Known | None:
    """Return the practice that an undo names, its voucher held."""
    target = _known_under(connection, ask.intent.undoes or "")
    if target is None:
        return None
    connection.execute(_HOLD, {"voucher": target.voucher})
    return _known_under(connection, target.intent.rid)


def _known_under(connection: Connection, rid: str) -> Known | None:
    row = connection.execute(_KNOWN, {"rid": rid}).first()
    if row is None:
        return None
    return Known(
        requester=row.requester,
        store=row.store,
        intent=_INTENT.decode(row.intent),
        answer=msgspec.structs.replace(_ANSWER.decode(row.answer), undone_by=row.undone_by),
        at=row.at,
        voucher=row.voucher,
        digest=row.intent_digest,
    )


def _write(  # noqa: PLR0913, PLR0917 - a row's columns
    connection: Connection,
    gateway: str | None,
    ask: AskRedeem | AskResolve,
    answer: Answer,
    voucher: str | None,
    at: datetime,
) -> None:
    kept = msgspec.structs.replace(ask.intent, code=None, offer=None)
    row = {
        "rid": ask.intent.rid,
        "requester": ask.requester,
        "gateway": gateway,
        "store": ask.store,
        "voucher": voucher,
        "intent": msgspec.json.encode(kept).decode(),
        "intent_digest": intent_digest(ask.intent),
        "verdict": answer.verdict,
        "answer": codec.encode(answer).decode(),
        "at": at,
    }
    connection.execute(insert(practice_redemptions), row)
