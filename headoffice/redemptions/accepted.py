"""What gateways accepted by themselves under leases: ruled on once it is told, and listed where it cannot be held."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from sqlalchemy import bindparam, select

from headoffice.redemptions.seals import granted_in
from headoffice.redemptions.standing import ShownBehindError, note_discrepancy, type_of, was_given_up
from headoffice.tables.schema import leases, redemptions
from headoffice.vouchers.books import store_in_books
from headoffice.vouchers.signing import valid_keys
from protocol.lease import Granted, rule_accepted
from protocol.messages import Answer
from protocol.signed import read_signed
from protocol.upstream import AskResolve
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from headoffice.redemptions.standing import Peer
    from headoffice.vouchers.books import Store
    from protocol.leasing import Accepted
    from protocol.owner import Known, Moment, Ruling, Voucher
    from protocol.upstream import AskRedeem

_log = logging.getLogger(__name__)

Ask = TypeVar("Ask", bound="AskRedeem | AskResolve")

#: Conflicts that are listed at once, the newest first.
MOST_CONFLICTS = 500

#: How what was accepted ends.
_ENDS = frozenset({Verdict.REDEEMED, Verdict.OFFLINE_CONFLICT})
_ANSWERS = msgspec.json.Decoder(Answer)

_GRANTED = select(leases).where(leases.c.id == bindparam("lease"))


def at_home(connection: Connection, ask: Ask, store: Store) -> tuple[Ask, Store]:
    """Return what is asked as asked in the store whose lease it was accepted under, where it was; and that store.

    There its rid was journalled first, whichever gateway brings it (rule 12); where the lease is in no book, who brings
    it is believed.
    """
    said = ask.accepted if isinstance(ask, AskResolve) else None
    row = None if said is None else connection.execute(_GRANTED, {"lease": said.lease}).first()
    if row is None:
        return ask, store
    return msgspec.structs.replace(ask, store=row.store), store_in_books(connection, row.store)


def require_known(connection: Connection, peer: Peer, ask: AskResolve) -> None:
    """Raise ShownBehindError where these books have forgotten the lease under which something was accepted.

    No lease is ever deleted, so they are a copy of before they granted it: in this generation, or in one that they have
    forgotten, too. One of an earlier generation was lost with what was put back then, and a person has said so.
    """
    if ask.accepted is None or connection.execute(_GRANTED, {"lease": ask.accepted.lease}).first() is not None:
        return
    if (granted_in(connection, ask.accepted.lease) or 0) >= peer.books.generation:
        raise ShownBehindError(peer, f"lease {ask.accepted.lease}")


def rule(connection: Connection, ask: AskResolve, voucher: Voucher | None, moment: Moment) -> Ruling:
    """Rule on what a gateway has accepted under a lease, which may have ended since; the voucher is held."""
    signed = read_signed(ask.intent.code or "")
    key_good = signed is not None and signed.key in {key.id for key in valid_keys(connection)}
    granted = None if ask.accepted is None or voucher is None else _granted(connection, ask.accepted, voucher)
    ruling = rule_accepted(ask, voucher, granted, moment, key_good=key_good)
    if ruling.answer.verdict is Verdict.OFFLINE_CONFLICT:
        _log.error("event=offline_conflict rid=%s store=%s see=/api/v1/conflicts", ask.intent.rid, ask.store)
    return ruling


def _granted(connection: Connection, said: Accepted, voucher: Voucher) -> Granted | None:
    """Return the lease under which a voucher was accepted; None where nobody was ever granted one."""
    row = connection.execute(_GRANTED, {"lease": said.lease}).first()
    if row is None and granted_in(connection, said.lease) is not None:
        # Granted after the copy was made with which these books go on: they have lost it, its holder had it.
        return Granted(length_s=math.inf, declared_lost=was_given_up(connection, said.gateway))
    if row is None or row.type != type_of(connection, voucher.id):
        return None
    return Granted(length_s=(row.until - row.at).total_seconds(), declared_lost=row.ended_by is not None)


def note_lost(connection: Connection, peer: Peer, ask: AskResolve, known: Known, at: datetime) -> None:
    """List what was accepted and had been ended otherwise before: by a gateway that has lost its journal since."""
    if ask.accepted is not None and known.is_of(ask.intent) and known.answer.verdict not in _ENDS:
        what = f"accepted by {ask.accepted.gateway}, {known.answer.verdict} is recorded: its journal was lost"
        note_discrepancy(connection, peer.id, ask.intent.rid, what, at)


def conflicts(connection: Connection) -> list[dict[str, Any]]:
    """Return what gateways accepted and the books cannot hold, the newest first."""
    columns = ("rid", "at", "store", "gateway", "requester", "voucher", "code_tail", "quantity", "answer")
    found = select(*(redemptions.c[name] for name in columns)).where(redemptions.c.verdict == Verdict.OFFLINE_CONFLICT)
    newest = found.order_by(redemptions.c.at.desc(), redemptions.c.rid).limit(MOST_CONFLICTS)
    return [
        {**{name: row[name] for name in columns[:-1]}, "cause": _ANSWERS.decode(row["answer"]).detail.reason}
        for row in connection.execute(newest).mappings()
    ]
