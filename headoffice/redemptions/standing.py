"""How far these books have come, as the gateways remember it, and what follows where they were put back (rule 11).

A gateway's journal remembers how many of its rids these books had recorded, and of the leases that it gave back. Where
one remembers more than they hold, they are an older copy: everything stops until a person says ``restore``, which
begins a generation. In that, no voucher is redeemed or changed, and no rid is ended for which nothing is found, before
every gateway that could know more of it has uploaded its journal, or was declared lost by a named person.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from headoffice.database import run_of
from headoffice.errors import BehindError, GatewayUnknownError, NotAllowedError, NotFoundError
from headoffice.registry import unregistered
from headoffice.tables.cases import cases
from headoffice.tables.schema import (
    activations,
    gateway_stores,
    gateways,
    leases,
    redemptions,
    uses,
    voucher_type_stores,
    voucher_types,
    vouchers,
)
from headoffice.tables.standing import discrepancies, losses, restores, stops, unplaced_uses
from protocol.marks import Mark, mark_of, shown_in, stamped
from protocol.platform import Phase

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from protocol.upstream import UpstreamAnswer, UpstreamRequest

HINT = "head office: the books are an older copy; run hexiao headoffice restore"
_MOST_NAMED = 20
#: More often than this no type's terms change between two backups.
_TERMS_LOST = 100_000

_GENERATION = func.coalesce(select(func.max(restores.c.generation)).scalar_subquery(), 1)
_RESTORING = exists().where(restores.c.ended_at.is_(None))
_STOPPED = exists().where(stops.c.generation == _GENERATION)
_BOOKS = select(_GENERATION.label("generation"), _RESTORING.label("restoring"), _STOPPED.label("stopped"))
_PEER = _BOOKS.add_columns(gateways.c.seq, gateways.c.heard_gen, gateways.c.heard_seq, gateways.c.uploaded).where(
    gateways.c.id == bindparam("gateway")
)
_HEARD = (gateways.c.heard_gen, gateways.c.heard_seq)
_SHOWN = (bindparam("generation", type_=BigInteger), bindparam("sequence", type_=BigInteger))
_REMEMBERS_LESS = tuple_(*_HEARD) < tuple_(*_SHOWN)
#: What is heard never falls: another message of the gateway may have told of more while this one was ruled on.
_ADVANCE = (
    update(gateways)
    .where(gateways.c.id == bindparam("peer"))
    .values(seq=gateways.c.seq + bindparam("by"))
    .values({heard: case((_REMEMBERS_LESS, shown), else_=heard) for heard, shown in zip(_HEARD, _SHOWN, strict=True)})
    .returning(gateways.c.seq, *_HEARD)
)
_COUNT = update(gateways).where(gateways.c.id == bindparam("peer")).values(seq=gateways.c.seq + bindparam("by"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The state of the books as a whole."""

    generation: int
    restoring: bool
    """Whether this generation still waits for journals."""
    stopped: bool
    """Whether they are known to be an older copy, and nobody has said ``restore`` yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One gateway, and how far it and these books have seen each other come."""

    id: str
    books: Books
    seq: int
    heard: Mark
    uploaded: int
    run: str

    @property
    def own(self) -> Mark:
        """How far these books have come, towards this gateway."""
        return Mark(self.books.generation, self.seq)

    @property
    def wants_upload(self) -> bool:
        """Whether its journal is not in the books of this generation yet."""
        return self.books.generation > 1 and self.uploaded < self.books.generation

    def stamped(self, answer: UpstreamAnswer) -> UpstreamAnswer:
        """Return an answer to this gateway as it leaves."""
        return stamped(answer, self.own, self.heard, self.run)


class ShownBehindError(Exception):
    """A gateway remembers more of these books than they hold."""

    def __init__(self, peer: Peer, shown: str) -> None:
        """Keep which gateway, and what it has shown: how far they had come, or something that is not in them."""
        super().__init__(f"{peer.id} remembers {shown}, these books hold {peer.own}")
        self.peer = peer
        self.shown = shown


class OtherRunError(Exception):
    """A gateway asks an earlier run of these books, of which answers may still be under way."""

    def __init__(self, peer: Peer) -> None:
        """Keep which gateway."""
        super().__init__(f"{peer.id} asks another run of the books")
        self.peer = peer


def books_of(connection: Connection) -> Books:
    """Return the state of the books."""
    row = connection.execute(_BOOKS).one()
    return Books(generation=row.generation, restoring=row.restoring, stopped=row.stopped)


def require_current(connection: Connection, voucher_type: str | None = None) -> None:
    """Raise BehindError where the books are an older copy, or wait for journals that may know of such vouchers."""
    books = books_of(connection)
    if books.stopped:
        raise BehindError(HINT)
    missing = awaited(connection, books, voucher_type) if books.restoring else []
    if missing:
        msg = f"the books were restored and wait for the journals of {', '.join(missing)}; try again later"
        raise BehindError(msg)


def meet(connection: Connection, gateway: str, message: UpstreamRequest) -> Peer:
    """Return who asks; raise GatewayUnknownError, OtherRunError, ShownBehindError where it remembers more than this."""
    known = peer_of(connection, gateway)
    peer = replace(known, heard=max(known.heard, mark_of(message)))
    shown = shown_in(message)
    if not peer.books.stopped and peer.own.is_behind(shown):
        raise ShownBehindError(peer, f"{shown.generation}/{shown.sequence}")
    if message.run not in {"", peer.run}:
        raise OtherRunError(peer)
    return peer


def peer_of(connection: Connection, gateway: str) -> Peer:
    """Return a gateway as these books remember it; raise GatewayUnknownError."""
    row = connection.execute(_PEER, {"gateway": gateway}).first()
    if row is None:
        raise GatewayUnknownError(unregistered(gateway))
    return Peer(
        id=gateway,
        books=Books(generation=row.generation, restoring=row.restoring, stopped=row.stopped),
        seq=row.seq,
        heard=Mark(row.heard_gen, row.heard_seq),
        uploaded=row.uploaded,
        run=run_of(connection),
    )


def advance(connection: Connection, peer: Peer, by: int = 1) -> Peer:
    """Count rids that are recorded in this transaction, and keep the most that the gateway has shown.

    The row is held until the transaction ends, so a gateway's numbers rise in the order of the commits; do this last.
    """
    heard = peer.heard
    values = {"peer": peer.id, "by": by, "generation": heard.generation, "sequence": heard.sequence}
    now = connection.execute(_ADVANCE, values).one()
    return replace(peer, seq=now.seq, heard=Mark(now.heard_gen, now.heard_seq))


def count(connection: Connection, recorded: Mapping[str, int]) -> None:
    """Count what is recorded of gateways though they have not asked for it, so that they remember that; do this last.

    In one order, so that two who count several never wait for each other. Zero: its row is only held, in its turn.
    """
    for gateway in sorted(recorded):
        connection.execute(_COUNT, {"peer": gateway, "by": recorded[gateway]})


def stop(connection: Connection, found: ShownBehindError, at: datetime) -> None:
    """Write down that the books are an older copy; the first to find out is kept."""
    if not books_of(connection).stopped:
        generation = found.peer.books.generation
        connection.execute(
            insert(stops), {"generation": generation, "gateway": found.peer.id, "shown": found.shown, "at": at}
        )


def restore(connection: Connection, by: str, at: datetime) -> int:
    """Begin a generation, on the word of a named person, and return it."""
    generation = books_of(connection).generation + 1
    ended = None if connection.execute(select(gateways.c.id).limit(1)).first() else at
    connection.execute(update(restores).where(restores.c.ended_at.is_(None)).values(ended_at=at))
    connection.execute(insert(restores), {"generation": generation, "by": by, "at": at, "ended_at": ended})
    # What was spent since the copy could be spent again.
    connection.execute(delete(activations))
    # A consume may have left of each rid that was only claimed when the copy was made.
    forgotten = update(cases).where(cases.c.phase == Phase.CLAIMED, cases.c.attempts == 0).values(attempts=1)
    connection.execute(forgotten)
    # Each may have been given back since the copy, and what was lent may be somebody else's by now.
    recalled = update(leases).where(leases.c.ended_at.is_(None), leases.c.recalled_at.is_(None))
    connection.execute(recalled.values(recalled_at=at, recalled_by=by))
    # Terms that were lost must not come again under their old numbers: an offer on them would fit what it never meant.
    connection.execute(update(voucher_types).values(terms=voucher_types.c.terms + _TERMS_LOST))
    return generation


def declare_lost(connection: Connection, gateway: str, by: str, why: str, at: datetime) -> None:
    """Wait no longer for a gateway's journal, on the word of a named person; raise NotFoundError, NotAllowedError."""
    books = books_of(connection)
    if connection.execute(select(gateways.c.id).where(gateways.c.id == gateway)).first() is None:
        raise NotFoundError(unregistered(gateway))
    if gateway not in awaited(connection, books, most=None):
        msg = f"nobody waits for the journal of {gateway}"
        raise NotAllowedError(msg)
    connection.execute(
        insert(losses), {"gateway": gateway, "generation": books.generation, "by": by, "why": why, "at": at}
    )
    _end_restore(connection, books, at)


def was_given_up(connection: Connection, gateway: str) -> bool:
    """Whether a named person has ever declared that a gateway's journal will not come."""
    return connection.execute(select(losses.c.gateway).where(losses.c.gateway == gateway)).first() is not None


def uploaded(connection: Connection, peer: Peer, at: datetime) -> None:
    """Note that a gateway's whole journal is in the books of this generation."""
    done = update(gateways).where(gateways.c.id == peer.id).values(uploaded=peer.books.generation)
    connection.execute(done)
    _end_restore(connection, peer.books, at)


def awaited(
    connection: Connection, books: Books, voucher_type: str | None = None, *, most: int | None = _MOST_NAMED
) -> list[str]:
    """Return the gateways whose journals this generation waits for, in order.

    ``voucher_type``: only those that could have redeemed a voucher of this type; the first ``most`` of them.
    """
    if not books.restoring:
        return []
    lost = exists().where(losses.c.gateway == gateways.c.id, losses.c.generation == books.generation)
    missing: list[ColumnElement[bool]] = [gateways.c.uploaded < books.generation, ~lost]
    if voucher_type is not None:
        everywhere = exists().where(voucher_types.c.id == voucher_type, voucher_types.c.everywhere)
        here = exists().where(
            gateway_stores.c.gateway == gateways.c.id,
            gateway_stores.c.store == voucher_type_stores.c.store,
            voucher_type_stores.c.type == voucher_type,
        )
        missing.append(or_(everywhere, here))
    found = select(gateways.c.id).where(and_(*missing)).order_by(gateways.c.id).limit(most)
    return list(connection.execute(found).scalars())


def type_of(connection: Connection, voucher: str) -> str:
    """Return the type of a voucher that is in the books."""
    return str(connection.execute(select(vouchers.c.type).where(vouchers.c.id == voucher)).scalar_one())


def note_discrepancy(connection: Connection, gateway: str, rid: str, what: str, at: datetime) -> None:
    """List something that was uploaded and does not go together with the books."""
    connection.execute(insert(discrepancies), {"rid": rid, "gateway": gateway, "what": what, "at": at})


def status(connection: Connection) -> dict[str, Any]:
    """Return what a person wants to know of the books' state.

    ``generation``; ``stopped``: who showed what, None where nobody did; ``awaited``: gateways whose journals are
    missing; ``discrepancies``: what was uploaded and did not go together with the books.
    """
    books = books_of(connection)
    found = select(stops.c.gateway, stops.c.shown, stops.c.at).where(stops.c.generation == books.generation)
    stopped = connection.execute(found).mappings().first() if books.stopped else None
    listed = select(discrepancies.c.rid, discrepancies.c.gateway, discrepancies.c.what)
    unplaced = (
        select(unplaced_uses, uses.c.rid.label("holder"), redemptions.c.gateway)
        .join(redemptions, redemptions.c.rid == unplaced_uses.c.rid)
        .outerjoin(uses, and_(uses.c.voucher == unplaced_uses.c.voucher, uses.c.number == unplaced_uses.c.number))
        .order_by(unplaced_uses.c.voucher, unplaced_uses.c.number)
    )
    differing = [dict(row) for row in connection.execute(listed.order_by(discrepancies.c.id)).mappings()]
    for row in connection.execute(unplaced):
        by = row.holder or "whoever has received it as a gift"
        what = f"use {row.number} of voucher {row.voucher} is held by {by}"
        differing.append({"rid": row.rid, "gateway": row.gateway, "what": what})
    return {
        "generation": books.generation,
        "stopped": None if stopped is None else dict(stopped),
        "awaited": awaited(connection, books, most=None),
        "discrepancies": differing,
    }


def _end_restore(connection: Connection, books: Books, at: datetime) -> None:
    """End a restore where nobody is awaited any more; of those that come last at once, the later sees the other."""
    this = restores.c.generation == books.generation
    connection.execute(select(restores.c.generation).where(this).with_for_update())
    if not awaited(connection, books, most=1):
        connection.execute(update(restores).where(this, restores.c.ended_at.is_(None)).values(ended_at=at))
