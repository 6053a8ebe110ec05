"""Whether a clerk may redeem in a store, and whether anybody may: it is not live before it was tried out (测试中).

Of the clerks this is the head office's own look at what the gateways have decided already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, exists, select

from headoffice.registry import ClerkPolicy
from headoffice.tables.schema import clerk_stores, clerks, stores
from protocol.classify import shown_tail
from protocol.messages import Action, Answer, Detail
from protocol.upstream import AskRedeem
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headoffice.vouchers.books import Store
    from protocol.upstream import AskResolve, Looked

_WORKS_HERE = exists().where(clerk_stores.c.clerk == clerks.c.number, clerk_stores.c.store == bindparam("store"))
_CLERK = select(clerks.c.disabled, _WORKS_HERE.label("here")).where(clerks.c.number == bindparam("clerk"))
_POLICY = select(stores.c.clerk_policy).where(stores.c.id == bindparam("store"))


def objection(connection: Connection, store: str, clerk: str | None) -> Verdict | None:
    """Return why this clerk may not redeem there; None where they may.

    A store that never asks for its clerks is told of others too, such as a till's cashiers: a number that is nobody's
    is a remark there.
    """
    if clerk is None:
        return None
    # What has other characters is nobody's number, and no text for every database.
    found = connection.execute(_CLERK, {"clerk": clerk, "store": store}).first() if clerk.isalnum() else None
    if found is None:
        policy = connection.execute(_POLICY, {"store": store}).scalar()
        return None if policy == ClerkPolicy.NONE else Verdict.CLERK_WRONG_STORE
    if not found.here:
        return Verdict.CLERK_WRONG_STORE
    return Verdict.CLERK_DISABLED if found.disabled else None


def refusal(connection: Connection, ask: AskRedeem | AskResolve) -> Answer | None:
    """Return how a redemption ends that its clerk, or who approved it, may not begin there; None where all may."""
    if not isinstance(ask, AskRedeem):
        return None
    named = (ask.intent.clerk, ask.intent.approver)
    verdict = next(filter(None, (objection(connection, ask.store, clerk) for clerk in named)), None)
    if verdict is None:
        return None
    code = ask.intent.code
    detail = Detail(code_tail=shown_tail(code))
    return Answer(rid=ask.intent.rid, verdict=verdict, final=True, detail=detail)


def held_back(looked: Looked, store: Store) -> Looked:
    """Return what a real voucher is worth in a store: nothing yet, where that is being tried out."""
    if not store.testing or looked.verdict is not Verdict.REDEEMABLE:
        return looked
    detail = Detail(title=looked.detail.title, code_tail=looked.detail.code_tail, testing=True)
    return msgspec.structs.replace(looked, verdict=Verdict.WRONG_STORE, detail=detail, others=())


def not_live(ask: AskRedeem | AskResolve, store: Store) -> Answer | None:
    """Return how a redemption of a real voucher ends that was not to begin, since the store is being tried out."""
    if not store.testing or not isinstance(ask, AskRedeem) or ask.intent.action is not Action.REDEEM:
        return None
    detail = Detail(code_tail=shown_tail(ask.intent.code), testing=True)
    return Answer(rid=ask.intent.rid, verdict=Verdict.WRONG_STORE, final=True, detail=detail)
