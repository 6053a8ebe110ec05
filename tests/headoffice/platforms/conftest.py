"""A counter whose head office asks a platform that does what the test has written down."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from headoffice.database import run_of
from headoffice.platforms.connectors import Connectors, Named
from headoffice.platforms.driver import Driver
from headoffice.platforms.ports import Worth
from headoffice.redemptions.ledger import Ledger
from headoffice.workers import Workers
from protocol.upstream import AskLook
from tests.fakes.platform import ScriptedPlatform
from tests.headoffice.conftest import WINDOW
from tests.headoffice.counter import Counter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headoffice.database import Database
    from headoffice.platforms.cases import Done
    from protocol.upstream import UpstreamAnswer, UpstreamRequest
    from tests.headoffice.asgi import Client
    from tests.headoffice.counter import Clock

CODE = "600000000001"
CARD = Worth(voucher="card-1", title="拿铁")


@dataclass
class Process:
    """One head office over the books, with its own monotonic clock; each method waits until nothing is under way."""

    database: Database
    clock: Clock
    platform: ScriptedPlatform
    runner: asyncio.Runner
    workers: Workers
    hears: bool = True
    """Whether the gateway has spoken to it."""
    elapsed_s: float = 0.0
    driver: Driver = field(init=False)
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        connectors = Connectors([Named("cards", self.platform)])
        self.driver = Driver(self.database, self.workers, connectors, self.clock, lambda: self.elapsed_s)
        self.ledger = Ledger(self.database, WINDOW, self.clock, self.driver)
        self.runner.run(self.driver.start())
        if self.hears:
            self.driver.heard("gw-nanjing-lu", self.database.read(run_of))

    def answer(self, gateway: str, ask: UpstreamRequest) -> UpstreamAnswer:
        """Answer as the door does, without waiting for an end."""
        return self.runner.run(self._answer(gateway, ask))

    async def _answer(self, gateway: str, ask: UpstreamRequest) -> UpstreamAnswer:
        worth = None
        if isinstance(ask, AskLook) and self.ledger.is_for_a_platform(gateway, ask):
            worth = await self.driver.worth(ask.code)
        answer = self.ledger.answer(gateway, ask, worth)
        await self._idle()
        return answer

    def round(self) -> None:
        """Do what is due."""
        self.run(self.driver.round())

    def run(self, work: Any) -> Any:
        """Do something of the driver's."""

        async def play() -> Any:
            result = await work
            await self._idle()
            return result

        return self.runner.run(play())

    def pass_by(self, seconds: float) -> None:
        """Let time pass, by both clocks."""
        self.clock.pass_by(timedelta(seconds=seconds))
        self.elapsed_s += seconds

    def dies_at_the_next_call(self) -> None:
        """From now on no call leaves, though the books have it: the process is killed behind that commit."""
        self.driver._make = lambda *_: None  # type: ignore[method-assign]

    def freezes_behind_the_attempt(self, seconds: float) -> None:
        """From now on a consume leaves so long after its attempt was committed: the process is stopped, or swapped."""
        make = self.driver._make

        def make_late(done: Done, before: float) -> None:
            if done.case.attempts:
                self.pass_by(seconds)
            make(done, before)

        self.driver._make = make_late  # type: ignore[method-assign]

    async def _idle(self) -> None:
        await asyncio.sleep(0)  # what was called from the outside begins in the next turn
        while self.driver._tasks:
            await asyncio.wait(self.driver._tasks)
        if self.driver._broken is not None:
            raise self.driver._broken


@dataclass
class Shop(Counter):
    """The counter, with what stands behind it."""

    process: Process = None  # type: ignore[assignment]

    @property
    def platform(self) -> ScriptedPlatform:
        """The platform that everybody asks."""
        return self.process.platform

    def another_process(self, *, hears: bool = True) -> Process:
        """Start another head office over the same books."""
        now = self.process
        return Process(now.database, now.clock, now.platform, now.runner, now.workers, hears)

    def at(self, process: Process) -> Shop:
        """Return the same counter, answered by another process."""
        return Shop(self.api, process, self.clock, process=process)  # type: ignore[arg-type]


@pytest.fixture
def shop(counter: Counter, database: Database, clock: Clock, api: Client) -> Iterator[Shop]:
    """Return a counter in a chain that has one platform, with one card."""
    with asyncio.Runner() as runner, closing(Workers(1, 2)) as workers:
        platform = ScriptedPlatform()
        platform.cards[CODE] = CARD
        process = Process(database, clock, platform, runner, workers)
        yield Shop(api, process, clock, process=process)  # type: ignore[arg-type]
