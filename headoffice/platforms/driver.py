"""Drives the rids at platforms: makes the calls that are in the books, takes their answers, does what is due.

Several head offices may run over one database. Each step is one transaction on a row that is held, so whoever is first
does it; a call is made by nobody but the process that has committed it, once. Where that dies, its call counts as made,
and another process goes on from there when it is due.

Books may have been put back to an older copy without anybody's word, also under a process that goes on, and what they
hold of a case may be long past. Its gateway would know. So a case is driven by a process to which its gateway has
spoken over this run of the books; and of what has left over another run, nothing but a success ends it.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, assert_never

from headoffice.database import run_of
from headoffice.errors import BehindError, DatabaseError
from headoffice.platforms import cases
from headoffice.platforms.connectors import seen
from headoffice.platforms.ports import NoAnswerError, Spent, Worth
from headoffice.platforms.watch import Watch
from headoffice.redemptions import standing
from headoffice.registry import all_gateways
from protocol import platform as machine
from protocol.platform import Consume, Query
from protocol.vocabulary import Verdict
from service.clock import since_boot_s

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
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
        monotonic: Callable[[], float] = since_boot_s,
    ) -> None:
        """Keep the parts; ``clock`` tells the time of the books (with its offset), ``monotonic`` seconds.

        Those go on while the machine sleeps: the platform does not.
        """
        self.connectors = connectors
        self._database = database
        self._workers = workers
        self._clock = clock
        self._monotonic = monotonic
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ending: dict[str, set[asyncio.Event]] = {}
        self._watched = Watch("", monotonic)
        self._turn = Lock()
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

    def heard(self, gateway: str, run: str) -> None:
        """Note that a gateway has spoken over a run of the books; may be called from any thread."""
        self._watch(run).heard.add(gateway)

    def call(self, done: Done) -> None:
        """Make the calls of a step that has just been committed; may be called from any thread."""
        if self._loop is None:
            msg = "the driver has not been started"
            raise RuntimeError(msg)
        self._loop.call_soon_threadsafe(self._make, done, self._monotonic())

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

        def find(connection: Connection) -> tuple[str | None, str]:
            filed, spoken = cases.claimant(connection, voucher), self._spoken(connection)
            heard = bool(spoken) if filed is None else filed.gateway in spoken
            if not (heard and _attributable(connection)):
                msg = "the books may be behind; send it again"
                raise BehindError(msg)
            return None if filed is None else filed.case.rid, run_of(connection)

        rid, run = await self._workers.read(self._database.read, find)
        if rid is None:
            return
        done = await self._step(rid, lambda _, case: machine.reported(case, ours=ours), run=run)
        if done is not None and done.wrote:
            _log.info("event=attributed rid=%s by=event ours=%s", rid, ours)

    async def decide(self, rid: str, spent: Spent, decision: Decision) -> Done | None:
        """Take a person's word on a rid: None where no such rid is unfinished, nothing written where it is too soon.

        Raises BehindError where the books are an older copy, or a journal that is missing may hold its end.
        """
        verdict = _SAID[spent]

        def take(connection: Connection, case: Case) -> machine.Step:
            standing.require_current(connection)
            open_for_s = self._watch(run_of(connection)).open_for_s(rid)
            return machine.decided(case, verdict, decision.why, open_for_s)

        return await self._step(rid, take, decision=decision)

    def quiet_in_s(self, rid: str) -> float:
        """Return in how many seconds it may be said of an open rid that it spent nothing."""
        return max(0.0, machine.QUIET_S - self._watched.open_for_s(rid))

    async def round(self) -> None:
        """Do what is due now."""
        now = self._clock().timestamp()

        def find(connection: Connection) -> tuple[list[str], list[Case], bool, Watch]:
            watch, gateways = self._watch(run_of(connection)), self._spoken(connection)
            doubtful = cases.open_now(connection, gateways)
            due = cases.due_at(connection, now, gateways)
            return due, doubtful, bool(doubtful) and _attributable(connection), watch

        due, doubtful, attributable, watch = await self._workers.read(self._database.read, find)
        watch.note_open(doubtful)
        if attributable:
            for case in watch.records_due(doubtful):
                self._spawn(self._read_record(case, watch))
        for rid in due:
            try:
                await self._step(rid, lambda _, case: machine.tick(case, now), if_free=True, run=watch.run)
            except BehindError:
                return  # what was due was so over another run
            except DatabaseError as error:  # those that are due behind it may be written all the same
                _log.error("event=case_not_driven rid=%s error=%s", rid, error)

    def _spoken(self, connection: Connection) -> set[str]:
        """Return the gateways whose cases may be driven: none while a missing journal may hold the end of any."""
        books, watch = standing.books_of(connection), self._watch(run_of(connection))
        if books.stopped or books.restoring:
            return set()
        if watch.is_long:
            return {gateway["id"] for gateway in all_gateways(connection)}
        return watch.heard.copy()

    def _watch(self, run: str) -> Watch:
        """Return what is known of a run of the books; nothing is, where another was the last that was seen."""
        with self._turn:
            if run != self._watched.run:
                _log.info("event=run_of_books run=%s", run)
                self._watched = Watch(run, self._monotonic)
            return self._watched

    # --- steps ----------------------------------------------------------------------------------------------------

    async def _step(
        self,
        rid: str,
        work: Work,
        *,
        if_free: bool = False,
        decision: Decision | None = None,
        run: str | None = None,
    ) -> Done | None:
        """Take one step with a case in one transaction, then make the calls that it wants.

        ``run``: only over this run of the books; raise BehindError over another.
        """

        def take(connection: Connection) -> tuple[Done, float] | None:
            if run not in {None, run_of(connection)}:
                msg = "the books were put back meanwhile; send it again"
                raise BehindError(msg)
            filed = cases.find(connection, rid, if_free=if_free)
            if filed is None:
                return None
            before = self._monotonic()
            done = cases.carry_out(connection, filed.gateway, work(connection, filed.case), self._clock(), decision)
            if done.wrote:
                standing.count(connection, {filed.gateway: 1})
            return done, before

        taken = await self._workers.write(self._database.write, take)
        if taken is None:
            return None
        done, before = taken
        self._make(done, before)
        if done.case.answer is not None:
            _log.info("event=ended rid=%s verdict=%s attempts=%s", rid, done.case.answer.verdict, done.case.attempts)
            for ended in self._ending.get(rid, ()):
                ended.set()
        return done

    async def _until_taken(self, rid: str, work: Work, run: str | None = None) -> None:
        """Take a step as soon as the database does: what a platform has said is not said again."""
        while True:
            try:
                await self._step(rid, work, run=run)
            except BehindError:
                _log.warning("event=answer_of_another_run rid=%s", rid)
                return
            except DatabaseError as error:
                _log.warning("event=answer_not_taken rid=%s error=%s", rid, error)
                await asyncio.sleep(AGAIN_S)
            else:
                return

    def _make(self, done: Done, before: float) -> None:
        """Make the calls of a step that has been committed; ``before`` is a moment at which it had not been yet."""
        for call in done.calls:
            match call:
                case Query(number=number):
                    self._spawn(self._query(done, number))
                case Consume(attempt=attempt):
                    self._spawn(self._consume(done, attempt, before + machine.CONSUME_S))
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

    async def _query(self, done: Done, number: int) -> None:
        asked = done.case
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

        await self._until_taken(asked.rid, take, done.run)

    async def _consume(self, done: Done, attempt: int, until: float) -> None:
        """Send a consume, unless this process stood still: others conclude from its time that none is under way."""
        leaving, left_s = done.case, until - self._monotonic()
        if left_s <= 0:
            _log.warning("event=consume_not_sent rid=%s attempt=%s late_s=%.1f", leaving.rid, attempt, -left_s)
            return
        try:
            verdict = await self.connectors.consume(leaving, left_s)
        except NoAnswerError as error:
            _log.warning("event=consume_unanswered rid=%s attempt=%s error=%s", leaving.rid, attempt, error)
            return
        _log.info("event=consume_answered rid=%s attempt=%s verdict=%s", leaving.rid, attempt, verdict)

        def take(connection: Connection, case: Case) -> Step:
            if run_of(connection) != done.run:
                case = machine.reminded(case, leaving, cases.holder(connection, leaving.voucher or ""))
            return machine.consumed(case, attempt, verdict)

        await self._until_taken(leaving.rid, take)

    async def _read_record(self, case: Case, watch: Watch) -> None:
        try:
            spent = await self.connectors.record(case)
        except NoAnswerError as error:
            _log.warning("event=record_unanswered rid=%s error=%s", case.rid, error)
            return
        if spent is None:
            return
        verdict, open_for_s = _SAID[spent], watch.open_for_s(case.rid)
        await self._until_taken(
            case.rid, lambda _, case: machine.decided(case, verdict, "the platform's record", open_for_s), watch.run
        )


def _attributable(connection: Connection) -> bool:
    """Whether what a platform says was consumed by this chain can only be a rid that is in the books by its voucher."""
    return not cases.forgotten(connection)
