"""What a gateway's journal still knows and these books have lost, taken back into them, rid by rid (rule 11).

A rid that comes without an end counts as having had an attempt leave: somebody may have been told of its success. It is
kept, and driven forward before anybody else's rid is ruled on at its voucher.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, delete, insert, select

from headoffice.platforms import cases
from headoffice.platforms.cases import Filed
from headoffice.redemptions import rids
from headoffice.redemptions.online import BY_POST, open_store
from headoffice.redemptions.rids import Record
from headoffice.redemptions.standing import note_discrepancy, restore
from headoffice.registry import ONLINE_STORE, put_store
from headoffice.tables.schema import redemptions, stores, vouchers
from headoffice.tables.standing import unplaced_uses, uploaded_open
from headoffice.vouchers.books import lock_voucher, voucher_with
from protocol.classify import classify, is_practice
from protocol.messages import Action
from protocol.owner import Ruling
from protocol.platform import outdone, presume, recalled
from protocol.upstream import AskRedeem, Entry
from protocol.values import replace
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection, Select

    from headoffice.platforms.desk import Platforms
    from headoffice.redemptions.standing import Peer
    from protocol.messages import Answer
    from protocol.owner import Known

_log = logging.getLogger(__name__)

_OPEN = select(uploaded_open.c.rid, uploaded_open.c.gateway, uploaded_open.c.entry)
_OPEN_RID = _OPEN.where(uploaded_open.c.rid == bindparam("rid"))
_OPEN_AT = _OPEN.where(uploaded_open.c.voucher == bindparam("voucher")).order_by(uploaded_open.c.rid)
_VOUCHER_OF_OPEN = select(uploaded_open.c.voucher).where(uploaded_open.c.rid == bindparam("rid"))
_ENDED = delete(uploaded_open).where(uploaded_open.c.rid == bindparam("of_rid"))
_ENTRY = msgspec.json.Decoder(Entry)
_UNDONE_BY = select(redemptions.c.rid).where(
    redemptions.c.undoes == bindparam("rid"), redemptions.c.verdict == Verdict.UNDONE
)
_UNNAMED = {"name": "", "timezone": "Asia/Shanghai", "address": "", "phone": "", "hours": "", "clerk_policy": "none"}


def open_at(connection: Connection, voucher: str) -> list[tuple[str, Entry]]:
    """Return the rids at a voucher that were uploaded without an end, with their gateways.

    Undos come first, which give uses back, then what was accepted offline, whose goods have left.
    """
    rows = connection.execute(_OPEN_AT, {"voucher": voucher})
    found = [(row.gateway, _ENTRY.decode(row.entry)) for row in rows]
    return sorted(found, key=lambda one: _in_turn(one[1]))


def _in_turn(entry: Entry) -> tuple[bool, bool]:
    return entry.intent.undoes is None, entry.answer is None or entry.answer.accepted is None


def with_open(connection: Connection, of: Select[str]) -> list[str]:
    """Return those of these vouchers at which rids were uploaded without an end, in order."""
    found = select(uploaded_open.c.voucher).distinct().where(uploaded_open.c.voucher.in_(of))
    return list(connection.execute(found.order_by(uploaded_open.c.voucher)).scalars())


def held_voucher(connection: Connection, rid: str) -> str | None:
    """Return the voucher of a rid that was uploaded without an end, held until the transaction ends; None: no such rid.

    Its code may be one that a page showed, and of which these books know nothing any more.
    """
    voucher = connection.execute(_VOUCHER_OF_OPEN, {"rid": rid}).scalar()
    if voucher is not None:
        lock_voucher(connection, voucher)
    return voucher


def ended(connection: Connection, rid: str) -> None:
    """Note that a rid which was uploaded without an end has one now."""
    connection.execute(_ENDED, {"of_rid": rid})


def hold(connection: Connection, entries: Sequence[Entry]) -> None:
    """Hold the vouchers that these rids are about until the transaction ends, all in one order.

    Before anything is read of them: what is given back to one that is given away meanwhile is its receiver's.
    """
    told = {voucher for one in entries for voucher in (one.voucher, one.answer and one.answer.voucher) if voucher}
    named = {rid for one in entries for rid in (one.intent.rid, one.intent.undoes) if rid}
    recorded = connection.execute(select(redemptions.c.voucher).where(redemptions.c.rid.in_(named))).scalars()
    # By their keys: a part of a journal must not read through all vouchers there are.
    found = select(vouchers.c.id).where(vouchers.c.id.in_(sorted(told.union(filter(None, recorded)))))
    connection.execute(found.order_by(vouchers.c.id).with_for_update()).all()


def take_up(
    connection: Connection, peer: Peer, entry: Entry, at: datetime, platforms: Platforms | None = None
) -> list[str]:
    """Write down what a gateway has kept of a rid, where these books do not have it; return whose numbers that raises.

    Of what the books do have nothing is changed, but that an undo which they have lost is done again. Practice is in no
    books.
    """
    rid, answer = entry.intent.rid, entry.answer
    if is_practice(entry.intent.code) or (answer is not None and answer.detail.practice):
        return []
    known = rids.known_under(connection, rid)
    if answer is None or not answer.final:
        if known is None:
            _keep_open(connection, peer, entry, at, platforms)
        return []
    for what in _take_back(connection, peer.id, entry, answer, known):
        _differ(connection, peer.id, rid, what, at)
    if known is not None:
        return []
    ended(connection, rid)
    return [peer.id, *_recall(connection, peer, entry, answer, at)]


def restore_with(connection: Connection, own: Iterable[Entry], by: str, at: datetime) -> list[str]:
    """Begin a generation with what the head office's own journal has kept; return what does not go together with it.

    ``by`` is the named person whose word it is that these books are an older copy.
    """
    restore(connection, by, at)
    return [f"{entry.intent.rid}: {what}" for entry in own for what in _take_own(connection, entry)]


def _take_own(connection: Connection, entry: Entry) -> list[str]:
    hold(connection, [entry])
    rid, answer, undoes = entry.intent.rid, entry.answer, entry.intent.undoes
    known = rids.known_under(connection, rid)
    if answer is None:
        # It failed, or its process died right after the commit; what was handed over is gone: the redemption stands.
        in_doubt = known is None and undoes is not None
        return (
            [f"whether it has undone {undoes} is not known, so that stands: see, and undo it anew"] if in_doubt else []
        )
    if known is None and entry.store == ONLINE_STORE:
        open_store(connection)
    found = _take_back(connection, None, entry, answer, known)
    if known is None and entry.requester == BY_POST and answer.verdict is Verdict.REDEEMED:
        # In no journal stands where something was to be sent.
        found.append("it was redeemed by post, and where to is lost: see whether it was sent, else ask its customer")
    return found


def _take_back(
    connection: Connection, gateway: str | None, entry: Entry, answer: Answer, known: Known | None
) -> list[str]:
    """Write down how a rid has ended, where these books do not have it; return what does not go together with them."""
    if known is None:
        return _record(connection, gateway, entry, answer)
    if known.answer.verdict is not answer.verdict:
        return [f"{answer.verdict} was kept, {known.answer.verdict} is recorded"]
    if answer.undone_by is not None and known.answer.undone_by is None:
        rids.give_back(connection, known.voucher, entry.intent.rid, by=answer.undone_by)
    return []


def _keep_open(connection: Connection, peer: Peer, entry: Entry, at: datetime, platforms: Platforms | None) -> None:
    intent = entry.intent
    voucher = _voucher_of(connection, entry)
    if voucher is None and intent.undoes is None and platforms is not None and platforms.recognises(intent.code):
        case = presume(entry.requester, entry.store, intent, at.timestamp())
        cases.keep(connection, peer.id, case, at)
    elif voucher is not None and connection.execute(_OPEN_RID, {"rid": entry.intent.rid}).first() is None:
        open_lost(connection, peer.id, entry, at)
        text = msgspec.json.encode(entry).decode()
        row = {"rid": entry.intent.rid, "gateway": peer.id, "voucher": voucher, "entry": text}
        connection.execute(insert(uploaded_open), row)


def _voucher_of(connection: Connection, entry: Entry) -> str | None:
    """Return the voucher that an open intent is about; an undo's is that of the redemption which it undoes.

    The books may have lost the page that showed a code; that it was of this voucher the gateway knows from the look.
    """
    if entry.intent.undoes is not None:
        target = rids.known_under(connection, entry.intent.undoes)
        return None if target is None else target.voucher
    if entry.voucher is not None and _is_there(connection, entry.voucher):
        return entry.voucher
    code = entry.intent.code
    return None if code is None or classify(code).verdict else voucher_with(connection, code)


def _is_there(connection: Connection, voucher: str) -> bool:
    return connection.execute(select(vouchers.c.id).where(vouchers.c.id == voucher)).first() is not None


def open_lost(connection: Connection, gateway: str, entry: Entry, at: datetime) -> None:
    """Put the store of an uploaded rid into the books again where they have lost it, and list that."""
    for what in _open_lost(connection, entry.store):
        _differ(connection, gateway, entry.intent.rid, what, at)


def _open_lost(connection: Connection, store: str) -> list[str]:
    """Put a store that the books have lost into them again; return what is to be told of it."""
    if connection.execute(select(stores.c.id).where(stores.c.id == store)).first() is not None:
        return []
    put_store(connection, store, {**_UNNAMED, "name": store})
    return [f"store {store} was not in the books; it has no name yet"]


def _record(connection: Connection, gateway: str | None, entry: Entry, answer: Answer) -> list[str]:
    rid, found = entry.intent.rid, _open_lost(connection, entry.store)
    target = rids.known_under(connection, entry.intent.undoes) if entry.intent.undoes else None
    voucher = target.voucher if target else answer.voucher or entry.voucher
    if (platform := rids.platform_of(voucher)) is not None:
        voucher = None
    if voucher is not None and not _is_there(connection, voucher):
        found.append(f"its voucher {voucher} is not in the books")
        voucher = None
    redeemed = answer.verdict is Verdict.REDEEMED and entry.intent.action is Action.REDEEM
    undone_by = (answer.undone_by or connection.execute(_UNDONE_BY, {"rid": rid}).scalar()) if redeemed else None
    ask = AskRedeem(requester=entry.requester, store=entry.store, intent=entry.intent)
    ruling = Ruling(answer=msgspec.structs.replace(answer, undone_by=undone_by), record=True)
    when, digest = datetime.fromisoformat(entry.at), bytes.fromhex(entry.digest)
    record = Record(gateway=gateway, ask=ask, ruling=ruling, voucher=voucher, at=when, digest=digest, platform=platform)
    rids.record(connection, record)
    if redeemed and undone_by is None and voucher is not None:
        told = [{"voucher": voucher, "number": number, "rid": rid} for number in answer.uses]
        connection.execute(insert(unplaced_uses), told)
        rids.place(connection, voucher)
    elif answer.verdict is Verdict.UNDONE and target is not None and target.answer.undone_by is None:
        rids.give_back(connection, target.voucher, target.intent.rid, by=rid)
    return found


def _recall(connection: Connection, peer: Peer, entry: Entry, answer: Answer, at: datetime) -> list[str]:
    """Give a rid that has ended at a platform its case again; what these books have at its only use since ends.

    Returns the gateway of which that end is recorded.
    """
    known = cases.find(connection, entry.intent.rid)
    if known is None and rids.platform_of(answer.voucher) is None:
        return []
    lost = presume(entry.requester, entry.store, entry.intent, at.timestamp())
    filed = known or Filed(case=lost, gateway=peer.id)
    case, raised = recalled(filed.case, answer), list[str]()
    holder = cases.holder(connection, case.voucher) if case.claims and case.voucher else None
    if holder is not None and holder.rid != case.rid and holder.answer is not None:
        _differ(connection, peer.id, case.rid, f"the only use of {case.voucher} is {holder.rid}'s", at)
        case = replace(case, voucher=None)
    elif holder is not None and (rival := cases.find(connection, holder.rid)) is not None and holder.rid != case.rid:
        cases.carry_out(connection, rival.gateway, outdone(rival.case, case), at)
        raised.append(rival.gateway)
    cases.put_case(connection, replace(filed, case=case))
    return raised


def _differ(connection: Connection, gateway: str, rid: str, what: str, at: datetime) -> None:
    """List something that a gateway has uploaded and that does not go together with the books."""
    _log.error("event=upload_differs gateway=%s rid=%s what=%s", gateway, rid, what)
    note_discrepancy(connection, gateway, rid, what, at)
