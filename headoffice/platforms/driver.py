"""Drives the rids at platforms: makes the calls that are in the books, takes their answers, does what is due.

Several head offices may run over one database. Each step is one transaction on a row that is held, so whoever is first
does it; a call is made by nobody but the process that has committed it, once. Where that dies, its call counts as made,
and another process goes on from there when it is due.

Books may have been put back to an older copy without anybody's word, and what they hold of a case may be long past. Its
gateway would know. So a case is driven by a process to which its gateway has spoken since it was started.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, assert_never

from headoffice.errors import BehindError, DatabaseError
from headoffice.platforms import cases
from headoffice.platforms.connectors import seen
from headoffice.platforms.ports import NoAnswerError, Spent, Worth
from headoffice.redemptions import standing
from headoffice.registry import all_gateways
from protocol import platform as machine
from protocol.platform import Consume, Query
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from headoffice.database import Database
    from headoffice.platforms.cases import Done
    from headoffice.platforms.connectors import Connectors
    from headoffice.redemptions.rids import Decision
    from headoffice.workers import Workers
    from protocol.platform import Case, Step

    Work = Callable[[Connection, Case], Step]

_log = logging.getLogger(__name__)

#: How often the books are looked through for what is due.
ROUND_S = 0.5
#: After the database did not take an answer, how long until it is told again.
AGAIN_S = 0.5
#: How often the platform's record is read of a rid that waits for others.
RECORD_S = 60.0
#: A gateway that has said nothing for so long after the start may be gone for good: its cases are driven all the same.
UNHEARD_S = 3600.0
#: At the end, what is under way gets so long.
LAST_CALLS_S = 5.0

_SAID = {
    Spent.OURS: Verdict.REDEEMED,
    Spent.OTHERS: Verdict.ALREADY_REDEEMED,
    Spent.NOBODY: Verdict.ABORTED,
}


class Driver:
    """The calls of this process, and its rounds; nothing is called before ``start``."""

    def __init__(
        self,
        database: Database,
        workers: Workers,
        connectors: Connectors,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep the parts; ``clock`` tells the time of the books (with its offset), ``monotonic`` seconds."""
        self.connectors = connectors
        self._database = database
        self._workers = workers
        self._clock = clock
        self._monotonic = monotonic
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ending: dict[str, set[asyncio.Event]] = {}
        self._open_since: dict[str, float] = {}
        """Since when this process knows a case to be open: no other's word nor a clock that may be set counts."""
        self._record_at: dict[str, float] = {}
        self._heard: set[str] = set()
        self._started_at = monotonic()
        self._broken: BaseException | None = None

    async def start(self) -> None:
        """Make ready to call."""
        self._loop = asyncio.get_running_loop()
        await self.connectors.start()

    async def run(self) -> None:
        """Do what is due, round by round, until cancelled; raise what has broken one of its tasks."""
        while self._broken is None:
            try:
                await self.round()
            except DatabaseError as error:
                _log.error("event=round_failed error=%s", error)
            await asyncio.sleep(ROUND_S)
        raise self._broken

    async def close(self) -> None:
        """Let calls that are under way come back, for a while; then hang up."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=LAST_CALLS_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self.connectors.close()

    # --- asked by the doors ---------------------------------------------------------------------------------------

    def recognises(self, code: str | None) -> bool:
        """Whether a code may be a platform's."""
        return self.connectors.recognises(code)

    def heard(self, gateway: str) -> None:
        """Note that a gateway has spoken; may be called from any thread."""
        self._heard.add(gateway)

    def call(self, done: Done) -> None:
        """Make the calls of a step that has just been committed; may be called from any thread."""
        if self._loop is None:
            msg = "the driver has not been started"
            raise RuntimeError(msg)
        self._loop.call_soon_threadsafe(self._make, done)

    async def worth(self, code: str) -> Worth | None:
        """Return what a code is worth to a look; UPSTREAM_UNAVAILABLE where a platform does not answer."""
        try:
            return await self.connectors.worth(code)
        except NoAnswerError as error:
            _log.warning("event=look_unanswered error=%s", error)
            return Worth(voucher="", verdict=Verdict.UPSTREAM_UNAVAILABLE)

    @contextmanager
    def listening(self, rid: str) -> Iterator[asyncio.Event]:
        """Give an event that is set once this process has brought the rid to its end."""
        ended = asyncio.Event()
        waiting = self._ending.setdefault(rid, set())
        waiting.add(ended)
        try:
            yield ended
        finally:
            waiting.discard(ended)
            if not waiting and self._ending.get(rid) is waiting:
                del self._ending[rid]

    async def reported(self, voucher: str, *, ours: bool) -> None:
        """Take a platform's event about a voucher, named with its platform; raise DatabaseError, BehindError.

        While the books may be behind, the event may be about a rid that they do not know, so it is not taken.
        """

        def find(connection: Connection) -> str | None:
            filed, spoken = cases.claimant(connection, voucher), self._spoken(connection)
            heard = bool(spoken) if filed is None else filed.gateway in spoken
            if not (heard and _attributable(connection)):
                msg = "the books may be behind; send it again"
                raise BehindError(msg)
            return None if filed is None else filed.case.rid

        rid = await self._workers.read(self._database.read, find)
        if rid is None:
            return
        done = await self._step(rid, lambda _, case: machine.reported(case, ours=ours))
        if done is not None and done.wrote:
            _log.info("event=attributed rid=%s by=event ours=%s", rid, ours)

    async def decide(self, rid: str, spent: Spent, decision: Decision) -> Done | None:
        """Take a person's word on a rid: None where no such rid is unfinished, nothing written where it is too soon.

        Raises BehindError where the books are an older copy, or a journal that is missing may hold its end.
        """
        verdict = _SAID[spent]

        def take(connection: Connection, case: Case) -> machine.Step:
            standing.require_current(connection)
            return machine.decided(case, verdict, decision.why, self._watched_s(rid))

        return await self._step(rid, take, decision=decision)

    def quiet_in_s(self, rid: str) -> float:
        """Return in how many seconds it may be said of an open rid that it spent nothing."""
        return max(0.0, machine.QUIET_S - self._watched_s(rid))

    async def round(self) -> None:
        """Do what is due now."""
        now = self._clock().timestamp()

        def find(connection: Connection) -> tuple[list[str], list[Case], bool]:
            gateways = self._spoken(connection)
            doubtful = cases.open_now(connection, gateways)
            return cases.due_at(connection, now, gateways), doubtful, bool(doubtful) and _attributable(connection)

        due, doubtful, attributable = await self._workers.read(self._database.read, find)
        self._watch(doubtful)
        if attributable:
            self._read_records(doubtful)
        for rid in due:
            try:
                await self._step(rid, lambda _, case: machine.tick(case, now), if_free=True)
            except DatabaseError as error:  # those that are due behind it may be written all the same
                _log.error("event=case_not_driven rid=%s error=%s", rid, error)

    def _spoken(self, connection: Connection) -> set[str]:
        """Return the gateways whose cases may be driven: none while a missing journal may hold the end of any."""
        books = standing.books_of(connection)
        if books.stopped or books.restoring:
            return set()
        if self._monotonic() - self._started_at >= UNHEARD_S:
            return {gateway["id"] for gateway in all_gateways(connection)}
        return self._heard.copy()

    # --- steps ----------------------------------------------------------------------------------------------------

    async def _step(
        self, rid: str, work: Work, *, if_free: bool = False, decision: Decision | None = None
    ) -> Done | None:
        """Take one step with a case in one transaction, then make the calls that it wants."""

        def take(connection: Connection) -> Done | None:
            filed = cases.find(connection, rid, if_free=if_free)
            if filed is None:
                return None
            done = cases.carry_out(connection, filed.gateway, work(connection, filed.case), self._clock(), decision)
            if done.wrote:
                standing.count(connection, {filed.gateway: 1})
            return done

        done = await self._workers.write(self._database.write, take)
        if done is not None:
            self._make(done)
            if done.case.answer is not None:
                _log.info(
                    "event=ended rid=%s verdict=%s attempts=%s", rid, done.case.answer.verdict, done.case.attempts
                )
                for ended in self._ending.get(rid, ()):
                    ended.set()
        return done

    async def _until_taken(self, rid: str, work: Work) -> None:
        """Take a step as soon as the database does: what a platform has said is not said again."""
        while True:
            try:
                await self._step(rid, work)
            except DatabaseError as error:
                _log.warning("event=answer_not_taken rid=%s error=%s", rid, error)
                await asyncio.sleep(AGAIN_S)
            else:
                return

    def _make(self, done: Done) -> None:
        for call in done.calls:
            match call:
                case Query(number=number):
                    self._spawn(self._query(done.case, number))
                case Consume(attempt=attempt):
                    self._spawn(self._consume(done.case, attempt))
                case _:
                    assert_never(call)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broken = error

    # --- calls ----------------------------------------------------------------------------------------------------

    async def _query(self, asked: Case, number: int) -> None:
        asked_at, code = self._monotonic(), asked.intent.code or ""
        try:
            worth = await self.connectors.worth(code)
        except NoAnswerError as error:
            _log.warning("event=query_unanswered rid=%s number=%s error=%s", asked.rid, number, error)
            return
        found = seen(worth, code, asked.store, asked.intent.quantity)

        def take(connection: Connection, case: Case) -> Step:
            holder, now = cases.holder(connection, found.voucher), self._clock().timestamp()
            return machine.checked(case, found, holder, now, query=number, took_s=self._monotonic() - asked_at)

        await self._until_taken(asked.rid, take)

    async def _consume(self, leaving: Case, attempt: int) -> None:
        try:
            verdict = await self.connectors.consume(leaving)
        except NoAnswerError as error:
            _log.warning("event=consume_unanswered rid=%s attempt=%s error=%s", leaving.rid, attempt, error)
            return
        _log.info("event=consume_answered rid=%s attempt=%s verdict=%s", leaving.rid, attempt, verdict)
        await self._until_taken(leaving.rid, lambda _, case: machine.consumed(case, attempt, verdict))

    async def _read_record(self, case: Case) -> None:
        try:
            spent = await self.connectors.record(case)
        except NoAnswerError as error:
            _log.warning("event=record_unanswered rid=%s error=%s", case.rid, error)
            return
        if spent is None:
            return
        verdict, watched_s = _SAID[spent], self._watched_s(case.rid)
        await self._until_taken(
            case.rid, lambda _, case: machine.decided(case, verdict, "the platform's record", watched_s)
        )

    # --- what only others can say ---------------------------------------------------------------------------------

    def _watch(self, doubtful: Sequence[Case]) -> None:
        """Note since when each is known to be open."""
        now = self._monotonic()
        self._open_since = {case.rid: self._open_since.get(case.rid, now) for case in doubtful}
        self._record_at = {rid: at for rid, at in self._record_at.items() if rid in self._open_since}

    def _read_records(self, doubtful: Sequence[Case]) -> None:
        """Read the platform's record of those that have been open for long."""
        now = self._monotonic()
        for case in doubtful:
            if case.single and now >= self._record_at.get(case.rid, self._open_since[case.rid] + machine.QUIET_S):
                self._record_at[case.rid] = now + RECORD_S
                self._spawn(self._read_record(case))

    def _watched_s(self, rid: str) -> float:
        now = self._monotonic()
        return now - self._open_since.get(rid, now)


def _attributable(connection: Connection) -> bool:
    """Whether what a platform says was consumed by this chain can only be a rid that is in the books by its voucher."""
    return not cases.forgotten(connection)
