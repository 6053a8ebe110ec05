"""A gateway's journal in a history: writes gather while a commit is under way; until it is done they are in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from protocol.relay import FIRST_RETRY_S
from simulator.histories.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.relay import Relay
    from simulator.histories.gateway import Gateway

#: What a write waits for company at most, as in the shipped journal, and how long a commit takes, seconds.
LINGER_S = 0.25
COMMIT_S = (0.001, 0.02)
#: How long a gateway is down that was killed at a commit.
DOWN_S = (0.2, 4.0)

Batch: TypeAlias = "list[tuple[Relay, Callable[[], None] | None]]"


class GroupCommit:
    """The queue before the file; what the file holds is the gateway's ``disk``."""

    def __init__(self, gateway: Gateway) -> None:
        """Begin with an empty queue."""
        self._gateway = gateway
        self._queue: Batch = []
        self._busy = False

    def write(self, relay: Relay, then: Callable[[], None] | None = None) -> None:
        """Write down what is kept of a relay; ``then`` is called once it is on disk, without it there is no hurry."""
        kept = replace(relay, asking_until=None, flying=False, retry_at=None, retry_s=FIRST_RETRY_S)
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
            for relay, _ in batch:
                gateway.disk[relay.intent.rid] = relay
                gateway.oracle.taken(gateway.name, gateway.runs, relay)
        if dies is not None:
            gateway.crash(gateway.world.random.uniform(*DOWN_S))
            return
        self._busy = False
        for _, then in batch:
            if then is not None:
                then()
        self._begin()
