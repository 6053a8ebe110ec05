"""The gateway's journal: every request is on disk before it leaves for the head office, and answers are kept.

Commits are grouped (``gateway.group_commit``). Raw codes are erased once their redemption has ended, in the pages they
stood in too.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.group_commit import GroupCommit, number
from gateway.schema import (
    COUNT_ENDING,
    COUNTED,
    DONE,
    DROP_LEASE,
    DROP_LEASED,
    ENTRIES,
    FORGET_PEER,
    LEASES_ENDED,
    MIGRATIONS,
    NAMES,
    RELAYS,
    RELEASE_CLAIMS,
    SHIFTS,
    TOTALS,
    TRIES,
    USAGES,
    WRITE_BEHIND,
    WRITE_CLAIM,
    WRITE_CLOSING,
    WRITE_LEASE,
    WRITE_LEASED,
    WRITE_NAME,
    WRITE_PEER,
    WRITE_REFUSAL,
    WRITE_RELAY,
    WRITE_SETTLED,
    WRITE_SHIFT,
    WRITE_TRIES,
    entry_in,
    relay_in,
    shift_in,
    stage_of,
    text_of,
    usage_in_relay,
)
from gateway.usage import PRIVATE, Usage, erased
from protocol.lease import Held
from protocol.leasing import LeasedVoucher, PublicKey
from protocol.marks import NEVER, Mark
from protocol.messages import Answer
from protocol.owner import intent_digest
from protocol.values import replace
from protocol.vocabulary import Verdict
from service.database import open_database

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import apsw

    from gateway.closing import Closing
    from gateway.group_commit import Statement
    from gateway.places import Clerk, Shift
    from protocol.messages import Intent
    from protocol.relay import Relay
    from protocol.upstream import Entry

#: Seconds after which a redeemed voucher whose customer was not shown the answer is asked about: handed over?
UNSETTLED_S = 60.0
#: How long answers are kept at the least, seconds.
KEPT_S = 400 * 86_400.0

_KEYS = "SELECT id, public FROM keys ORDER BY id"
_HELD = msgspec.json.Decoder(Held)
_LEASED = msgspec.json.Decoder(LeasedVoucher)
_ANSWER = msgspec.json.Decoder(Answer)


class Journal:
    """The journal of one gateway. Everything is called on the event loop."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time, vfs: str | None = None) -> None:
        """Keep the path; ``clock`` gives wall time for the rows, ``vfs`` names SQLite's file layer (for power cuts)."""
        self._clock = clock
        self._file = GroupCommit(path, vfs, numbered="SELECT max(n) FROM relays", riding=self._heard_since)
        self._peers: dict[str, Mark] = {}
        self._fresh_peers: set[str] = set()
        self._keys: tuple[PublicKey, ...] = ()
        self._leases_ended = 0
        self.names: tuple[str, ...] = ()
        """The identities under which a gateway has worked on it, the newest last."""
        self.generation = 1
        """Raised by ``restore``, when an older copy was put back; every message carries it."""
        self.is_behind = False
        """Whether it was found out in this generation that this journal is an older copy."""

    def start(self) -> None:
        """Open the file and bring its schema up to date; raise service.database.DatabaseError."""
        self._file.open(MIGRATIONS)
        self.generation = number(self._reading, "SELECT value FROM meta WHERE name = 'generation'")
        stopped_in = "SELECT max(value) FROM meta WHERE name = 'behind'"
        self.is_behind = number(self._reading, stopped_in) == self.generation
        self._leases_ended = number(self._reading, LEASES_ENDED)
        for peer, generation, seq in self._reading.execute("SELECT * FROM peers"):
            self._peers[peer] = Mark(generation, seq)
        self._keys = tuple(PublicKey(id=key, public=public) for key, public in self._reading.execute(_KEYS))
        self.names = tuple(name for (name,) in self._reading.execute(NAMES))
        self._file.start()

    @property
    def work(self) -> asyncio.Task[None] | None:
        """The task that commits. Where it ends with an error nothing more can be promised: the process must end."""
        return self._file.work

    @property
    def sequence(self) -> int:
        """Number of the newest request on disk."""
        return self._file.number

    @property
    def commits(self) -> int:
        """How often was committed since the start."""
        return self._file.commits

    def write(
        self, relay: Relay, *, durable: bool = True, voucher: str | None = None, claim: bool = False
    ) -> asyncio.Future[None]:
        """Write a request down as it stands; the future is done once that is on disk.

        ``voucher`` is the owner's id of the voucher and is kept from the first write on. Not ``durable``: it may wait
        for LINGER_S, because who loses it only asks the owner again. ``claim``: the uses that were accepted become this
        rid's in the same commit, and are free again with an end that spends nothing.
        """
        intent, answer = relay.intent, relay.answer
        ended = answer is not None and answer.final
        row = (
            intent.rid,
            self._clock(),
            relay.requester,
            relay.store,
            text_of(erased(intent) if ended else intent),
            intent_digest(intent),
            relay.terms,
            answer.voucher if answer is not None and answer.voucher is not None else voucher,
            relay.closed,
            relay.reason,
            str(answer.verdict if answer is not None else Verdict.PENDING),
            None if answer is None else text_of(answer),
            None if answer is None else answer.undone_by,
            stage_of(intent, answer),
        )
        if claim and relay.accepted is not None:
            for number in relay.accepted.uses:
                self._add(WRITE_CLAIM, (relay.accepted.voucher, number, intent.rid), durable=durable)
        elif ended and row[-1] == DONE:
            self._add(RELEASE_CLAIMS, (intent.rid,), durable=durable)
        return self._add(WRITE_RELAY, row, durable=durable)

    def settle(self, rid: str, *, handed_over: bool) -> asyncio.Future[None]:
        """Write down that the answer to this rid was seen, and whether the goods were handed over."""
        return self._add(WRITE_SETTLED, (self._clock(), handed_over, rid), durable=False)

    def refuse(self, usage: Usage) -> asyncio.Future[None]:
        """Write down a refusal at a look, at its time ``at``."""
        tail = None if usage.verdict in PRIVATE else usage.code_tail
        row = (usage.at, usage.kiosk, usage.store, str(usage.verdict), tail, str(usage.method), usage.clerk)
        return self._add(WRITE_REFUSAL, (*row, text_of(usage.detail)), durable=False)

    def write_shift(self, shift: Shift) -> asyncio.Future[None]:
        """Write down that a shift began, or when it ended; the future is done once that is on disk."""
        row = (shift.id, shift.kiosk, shift.store, shift.clerk, shift.name, shift.since, shift.until)
        return self._add(WRITE_SHIFT, row, durable=True)

    def close_day(self, closing: Closing) -> asyncio.Future[None]:
        """Write a closing down, unless its day is closed already; the future is done once that is on disk."""
        return self._add(WRITE_CLOSING, (closing.store, closing.day.isoformat(), text_of(closing)), durable=True)

    def shift(self, sign_in: str) -> Shift | None:
        """Return the shift that began with this sign-in."""
        return next(map(shift_in, self._reading.execute(SHIFTS + "WHERE id = ?", (sign_in,))), None)

    def totals(self, shift: Shift) -> tuple[int, int]:
        """Return how many redemptions a shift has that were not undone, and what was received for them, fen."""
        until = self._clock() if shift.until is None else shift.until
        values = (shift.store, shift.since, until, shift.kiosk, shift.clerk)
        ((redeemed, amount),) = self._reading.execute(TOTALS + COUNTED, values)
        return int(redeemed), int(amount)

    def shifts(self, limit: int) -> list[Shift]:
        """Return the newest shifts, newest first."""
        return list(map(shift_in, self._reading.execute(SHIFTS + "ORDER BY since DESC LIMIT ?", (limit,))))

    def open_shifts(self) -> list[Shift]:
        """Return the shifts that have not ended."""
        return list(map(shift_in, self._reading.execute(SHIFTS + "WHERE until IS NULL ORDER BY since")))

    def keep_lease(self, held: Held) -> asyncio.Future[None]:
        """Write down a lease as this gateway holds it."""
        if held.closed:
            self._count_ending()
        return self._add(WRITE_LEASE, (held.lease.id, msgspec.json.encode(held).decode()), durable=True)

    def keep_leased(self, lease: str, vouchers: Sequence[LeasedVoucher]) -> None:
        """Write down which vouchers a lease is of."""
        for voucher in vouchers:
            self._add(WRITE_LEASED, (voucher.id, lease, text_of(voucher)), durable=False)

    def drop_lease(self, lease: str) -> None:
        """Forget a lease that has ended at the head office, too."""
        for statement in (DROP_LEASED, DROP_LEASE):
            self._add(statement, (lease,), durable=False)
        self._count_ending()

    def keep_keys(self, keys: Sequence[PublicKey]) -> None:
        """Write down which keys sign vouchers, and no others."""
        self._keys = tuple(keys)
        self._add("DELETE FROM keys", (), durable=True)
        for key in keys:
            self._add("INSERT INTO keys VALUES (?, ?)", (key.id, key.public), durable=True)

    def keys(self) -> tuple[PublicKey, ...]:
        """Return the keys that sign vouchers, as the head office last named them."""
        return self._keys

    def leases(self) -> list[Held]:
        """Return the leases that this gateway holds."""
        return [_HELD.decode(held) for (held,) in self._reading.execute("SELECT held FROM leases ORDER BY lease")]

    def leased(self, voucher: str) -> tuple[str, LeasedVoucher] | None:
        """Return the lease that a voucher is under, and what was told of it."""
        for lease, facts in self._reading.execute("SELECT lease, facts FROM leased WHERE voucher = ?", (voucher,)):
            return lease, _LEASED.decode(facts)
        return None

    def answers_of(self, voucher: str) -> Iterator[tuple[str, Answer]]:
        """Return the rids of a voucher that have an answer on disk."""
        rows = self._reading.execute("SELECT rid, answer FROM relays WHERE voucher = ? AND answer NOTNULL", (voucher,))
        return ((rid, _ANSWER.decode(answer)) for rid, answer in rows)

    def tries(self, clerk: Clerk) -> int:
        """Return how many wrong PINs were typed for this clerk since the last right one, or since the PIN is new."""
        return next((int(count) for (count,) in self._reading.execute(TRIES, (clerk.number, clerk.pin))), 0)

    def write_tries(self, clerk: Clerk, count: int) -> asyncio.Future[None]:
        """Write that number down."""
        return self._add(WRITE_TRIES, (clerk.number, clerk.pin, count), durable=True)

    @property
    def mark(self) -> Mark:
        """How far this journal has come, on disk; every message carries it.

        The end of a lease counts, so that a copy in which that still runs is older than what others remember.
        """
        return Mark(self.generation, self.sequence + self._leases_ended)

    def stop(self) -> None:
        """Write down that this journal is an older copy, until ``restore`` says otherwise."""
        self.is_behind = True
        self._add(WRITE_BEHIND, (self.generation,), durable=True)

    def name(self, identity: str, counted_by: str) -> None:
        """Go on under this identity.

        ``counted_by`` is the peer whose own marks count this gateway's rids by its name: of another name's it is shown
        nothing, because it would take them for its own, and stop.
        """
        if self.names and self.names[-1] == identity:
            return
        if self.names:
            self._peers.pop(counted_by, None)
            self._add(FORGET_PEER, (counted_by,), durable=True)
        self.names = (*self.names, identity)
        self._add(WRITE_NAME, (identity,), durable=True)

    def heard(self, peer: str, mark: Mark) -> None:
        """Keep the highest mark that a peer has shown of itself; it is written with the next commit."""
        if mark > self.heard_of(peer):
            self._peers[peer] = mark
            self._fresh_peers.add(peer)

    def heard_of(self, peer: str) -> Mark:
        """Return the highest mark that a peer has shown of itself."""
        return self._peers.get(peer, NEVER)

    def entries(self, after: int, until: int, most: int) -> list[tuple[int, Entry]]:
        """Return what is uploaded of the requests behind number ``after`` up to ``until``, of the last 400 days."""
        since = self._clock() - KEPT_S
        return [entry_in(row) for row in self._reading.execute(ENTRIES, (after, until, since, most))]

    def find(self, rid: str, asked: Intent | None = None) -> Relay | None:
        """Return what is recorded under a rid.

        The code of a request that has ended is erased; where ``asked`` is word for word what was recorded, it stands in
        the answer instead, so that a repeat can be told from a contradiction.
        """
        for row in self._reading.execute(RELAYS + "WHERE rid = ?", (rid,)):
            relay, known_as = relay_in(row)
            return replace(relay, intent=asked) if asked is not None and intent_digest(asked) == known_as else relay
        return None

    def open(self) -> list[Relay]:
        """Return every request that the owner has not ended, oldest first."""
        rows = self._reading.execute(RELAYS + "WHERE stage = 0 ORDER BY n")
        return [relay for relay, _ in map(relay_in, rows)]

    def usage(self, rid: str) -> Usage | None:
        """Return one request as a row of the books."""
        rows = self._reading.execute(USAGES + "WHERE rid = ?", (rid,))
        return next(map(usage_in_relay, rows), None)

    def redeemed_at(self, kiosk: str, store: str, since: float, limit: int) -> list[Usage]:
        """Return what a kiosk has redeemed in a store since then and nobody has undone, newest first."""
        where = "WHERE store = ? AND at >= ? AND requester = ? AND verdict = 'redeemed' AND undone_by IS NULL "
        rows = self._reading.execute(USAGES + where + "ORDER BY n DESC LIMIT ?", (store, since, kiosk, limit))
        return list(map(usage_in_relay, rows))

    def done_by(self, clerk: str, store: str, since: float) -> list[Usage]:
        """Return what a clerk has redeemed in a store since then, undone or not, newest first; no practice."""
        where = "WHERE store = ? AND at >= ? AND json_extract(intent, '$.clerk') = ? "
        redeemed = f"AND verdict IN ('redeemed', 'accepted_offline') AND {COUNTED} ORDER BY n DESC"
        return list(map(usage_in_relay, self._reading.execute(USAGES + where + redeemed, (store, since, clerk))))

    def unfinished(self) -> tuple[list[Usage], list[Usage]]:
        """Return the open requests, and the redeemed ones of which nobody has said that they were handed over."""
        asked = USAGES + "WHERE stage = 1 AND (at < ? OR handed_over = 0) ORDER BY n"
        pending = self._reading.execute(USAGES + "WHERE stage = 0 ORDER BY n")
        unsettled = self._reading.execute(asked, (self._clock() - UNSETTLED_S,))
        return list(map(usage_in_relay, pending)), list(map(usage_in_relay, unsettled))

    async def flush(self) -> None:
        """Return once everything that was written so far is on disk, so that who reads now reads it all."""
        await self._file.flush()

    async def close(self) -> None:
        """Commit what is left and let the file go; safe to call twice."""
        await self._file.close()

    def _count_ending(self) -> None:
        """Count the end of a lease, in the commit that writes it down."""

        def counted(_: asyncio.Future[None]) -> None:
            self._leases_ended += 1

        self._add(COUNT_ENDING, (), durable=False).add_done_callback(counted)

    def _add(self, sql: str, values: tuple[Any, ...], *, durable: bool) -> asyncio.Future[None]:
        return self._file.add(sql, values, durable=durable)

    def _heard_since(self) -> list[Statement]:
        """Return what writes the marks that peers have shown since the last commit."""
        marks = [(peer, self._peers[peer]) for peer in self._fresh_peers]
        self._fresh_peers.clear()
        return [(WRITE_PEER, (peer, mark.generation, mark.sequence)) for peer, mark in marks]

    @property
    def _reading(self) -> apsw.Connection:
        return self._file.reading


def restore(path: Path, *, vfs: str | None = None) -> int:
    """Declare a journal that was put back the right one: begin a generation, and return it.

    ``vfs`` as for ``Journal``. Raises service.database.DatabaseError.
    """
    connection = open_database(path, MIGRATIONS, vfs=vfs)
    try:
        connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'generation'")
        return number(connection, "SELECT value FROM meta WHERE name = 'generation'")
    finally:
        connection.close()
