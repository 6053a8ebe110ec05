"""A gateway's journal in a history: writes gather while a commit is under way; until it is done they are in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from protocol.marks import NEVER, Mark
from protocol.owner import intent_digest
from protocol.relay import FIRST_RETRY_S
from protocol.upstream import Entry
from protocol.values import replace
from simulator.histories.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.relay import Relay
    from simulator.histories.caller import Caller

NOON = "2026-11-21T12:00:00.000+08:00"
#: What a write waits for company at most, as in the shipped journal, and how long a commit takes, seconds.
LINGER_S = 0.25
COMMIT_S = (0.001, 0.02)
#: How long a gateway is down that was killed at a commit.
DOWN_S = (0.2, 4.0)

Batch: TypeAlias = "list[tuple[Relay, Callable[[], None] | None]]"


class Disk:
    """What a gateway has on disk: its requests, its generation, and the marks of its peers."""

    def __init__(self) -> None:
        """Begin empty."""
        self.rows: dict[str, Relay] = {}
        self.peers: dict[str, Mark] = {}
        self.generation = 1
        self.stopped_in = 0

    @property
    def count(self) -> int:
        """How much was ever written of what counts; a request is never deleted."""
        return len(self.rows)

    @property
    def mark(self) -> Mark:
        """How far it has come."""
        return Mark(self.generation, self.count)

    def entry(self, rid: str) -> Entry:
        """Return what is uploaded of a rid."""
        kept = self.rows[rid]
        return Entry(
            requester=kept.requester,
            store=kept.store,
            at=NOON,
            intent=kept.intent,
            digest=intent_digest(kept.intent).hex(),
            voucher=kept.answer.voucher if kept.answer else None,
            answer=kept.answer,
        )

    def copy(self) -> Disk:
        """Return a copy, to be put back later."""
        twin = Disk()
        twin.rows, twin.peers, twin.generation = dict(self.rows), dict(self.peers), self.generation
        twin.stopped_in = self.stopped_in
        return twin


class GroupCommit:
    """The queue before the file; what the file holds is the gateway's ``disk``."""

    def __init__(self, gateway: Caller) -> None:
        """Begin with an empty queue."""
        self._gateway = gateway
        self._queue: Batch = []
        self._busy = False
        self._peers = dict(gateway.disk.peers)
        self._fresh: dict[str, Mark] = {}

    @property
    def mark(self) -> Mark:
        """How far the journal has come, on disk."""
        return self._gateway.disk.mark

    @property
    def names(self) -> tuple[str, ...]:
        """Gateways keep their names in histories."""
        return (self._gateway.name,)

    @property
    def is_behind(self) -> bool:
        """Whether it was found out, since its last "restore", that this journal is an older copy."""
        return self._gateway.disk.stopped_in == self._gateway.disk.generation

    def stop(self) -> None:
        """Write that down; the process may die before."""
        gateway = self._gateway
        generation, disk = gateway.disk.generation, gateway.disk

        def write() -> None:
            disk.stopped_in = generation

        gateway.after(gateway.world.random.uniform(*COMMIT_S), write)

    def heard(self, peer: str, mark: Mark) -> None:
        """Keep the highest mark that a peer has shown of itself; it is written with the next commit."""
        if mark > self.heard_of(peer):
            self._peers[peer] = self._fresh[peer] = mark

    def heard_of(self, peer: str) -> Mark:
        """Return the highest mark that a peer has shown of itself."""
        return self._peers.get(peer, NEVER)

    def write(self, relay: Relay, then: Callable[[], None] | None = None) -> None:
        """Write down what is kept of a relay; ``then`` is called once it is on disk, without it there is no hurry."""
        kept = replace(relay, asking_until=None, flying=False, retry_at=None, retry_s=FIRST_RETRY_S, tell_at=None)
        self._queue.append((kept, then))
        if then is None:
            self._gateway.after(LINGER_S, self._begin)
        else:
            self._begin()

    def _begin(self) -> None:
        if self._busy or not self._queue:
            return
        self._busy = True
        batch, self._queue = self._queue, []
        self._gateway.after(self._gateway.world.random.uniform(*COMMIT_S), self._end, batch)

    def _end(self, batch: Batch) -> None:
        gateway = self._gateway
        dies = gateway.faults.kills_at_commit(Fault.GATEWAY_COMMIT, [relay.intent.rid for relay, _ in batch])
        if dies != "before":
            gateway.disk.peers |= self._fresh
            self._fresh = {}
            for relay, _ in batch:
                rid = relay.intent.rid
                gateway.disk.rows[rid] = replace(relay, kept=True)
                if (now := gateway.relays.get(rid)) is not None and now.answer == relay.answer:
                    gateway.relays[rid] = replace(now, kept=True)
                gateway.oracle.taken(gateway.name, gateway.runs, relay)
        if dies is not None:
            gateway.crash(gateway.world.random.uniform(*DOWN_S))
            return
        self._busy = False
        for _, then in batch:
            if then is not None:
                then()
        self._begin()
