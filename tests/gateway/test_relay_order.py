"""In which order effects are carried out, where the disk is slow and messages come in one breath."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from gateway.changes import Changes
from gateway.relays import Relays
from protocol.messages import Answer, Intent
from protocol.relay import Relay
from protocol.vocabulary import Verdict
from tests.gateway.shop import SilentOwner, rid

if TYPE_CHECKING:
    from protocol.messages import Notice

INTENT = Intent(rid=rid(1), code="4006123456781234", offer="x")
ASKED = Relay(requester="till-1", store="nanjing-lu", intent=INTENT)
ENDED = Answer(rid=rid(1), verdict=Verdict.ABORTED, final=True)


class SlowJournal:
    """Keeps what is written; ``sync`` is when the disk has it all."""

    def __init__(self) -> None:
        self.rows: list[Relay] = []
        self._unsynced: list[asyncio.Future[None]] = []

    def write(self, relay: Relay, **_: object) -> asyncio.Future[None]:
        self.rows.append(relay)
        self._unsynced.append(asyncio.get_running_loop().create_future())
        return self._unsynced[-1]

    def find(self, rid: str, asked: Intent | None = None) -> Relay | None:
        return self.rows[-1] if self.rows else None

    def sync(self) -> None:
        for future in self._unsynced:
            future.set_result(None)
        self._unsynced.clear()


class Bench:
    """Relays between a silent owner and a slow journal."""

    def __init__(self) -> None:
        self.journal = SlowJournal()
        self.owner = SilentOwner()
        self.owner.gate.clear()
        self.said: list[Answer | Notice] = []
        journal = cast("Any", self.journal)
        self.relays = Relays(
            journal, self.owner, lambda _, message: self.said.append(message), Changes(), lambda: 100.0
        )

    async def breathe(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def asked(self) -> None:
        """Bring it so far that the owner is asked."""
        self.relays.confirm(ASKED, None)
        await self.breathe()
        self.journal.sync()
        await self.breathe()
        assert len(self.owner.asked) == 1


async def test_a_resolve_in_the_same_breath_as_the_answer_does_not_open_the_rid_again() -> None:
    bench = Bench()
    await bench.asked()
    bench.owner.answer = lambda _: ENDED
    bench.owner.gate.set()
    bench.relays.resolve(ASKED, "given up")
    await bench.breathe()
    bench.journal.sync()
    await bench.breathe()

    assert bench.journal.rows[-1].answer == ENDED, "what is written last is what a restart finds"
    assert bench.said == [ENDED]


async def test_a_resolve_in_the_same_breath_as_the_end_comes_to_disk_is_answered() -> None:
    bench = Bench()
    bench.owner.answer = lambda _: ENDED
    await bench.asked()
    bench.owner.gate.set()
    await bench.breathe()
    bench.journal.sync()
    bench.relays.resolve(ASKED, "given up")
    await bench.breathe()
    bench.journal.sync()
    await bench.breathe()

    assert not bench.relays.broken.done()
    assert bench.said == [ENDED, ENDED]
