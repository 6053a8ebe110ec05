"""Carries the relay machine's effects out: journal, head office, answer; one machine for each request that is open.

The machine (protocol.relay) decides, this module only acts, in the order that the machine gave. A request stays in
memory until its end is on disk; after that the journal answers for it.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, assert_never

from gateway.changes import Changes, Topic
from protocol import relay as machine
from protocol.messages import Action, Answer, Notice
from protocol.relay import Ask, Relay, Reply, Write
from protocol.upstream import AskRedeem, AskResolve, AskSettled
from protocol.values import replace
from protocol.vocabulary import Verdict
from service.clock import since_boot_s

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from gateway.journal import Journal
    from gateway.ports import Owner
    from protocol.leasing import Accepted
    from protocol.messages import Intent
    from protocol.relay import Effect, Step

log = logging.getLogger(__name__)

#: How often the open requests are looked through for one that is due again.
TICK_S = 0.25

Said = Answer | Notice


class Relays:
    """Every request that this gateway has taken and that has not ended."""

    def __init__(
        self,
        journal: Journal,
        owner: Owner,
        say: Callable[[str, Said], None],
        changes: Changes,
        clock: Callable[[], float] = since_boot_s,
    ) -> None:
        """Keep the parts; ``say`` answers a requester, ``clock`` gives seconds since boot."""
        self._journal = journal
        self._owner = owner
        self._say = say
        self._changes = changes
        self._clock = clock
        self._relays: dict[str, Relay] = {}
        self._waiting: dict[str, set[asyncio.Future[Answer]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.contradicted: asyncio.Queue[str] = asyncio.Queue()
        """Gets each rid of which the owner has another end than the journal, whenever somebody was told so."""
        self.broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Gets the error of an effect that could not be carried out: nobody knows what it left, so the process ends."""

    def start(self) -> None:
        """Take up what the journal has open; only the ends of those are asked for."""
        for found in self._journal.open():
            self._follow(machine.restart(found, self._clock()))
        if self._relays:
            log.warning("requests_open_at_start count=%s", len(self._relays))

    def confirm(self, asked: Relay, objection: str | None, voucher: str | None = None) -> Said | None:
        """Take a REQ and return what can be said at once; None where the answer will follow by ``say``."""
        if asked.accepted is None and asked.intent.code is not None and self.has_accepted(asked.intent.code):
            # The head office has not been told of it yet, and could spend the same use for this one.
            objection = objection or machine.PROMISED
        return self._take(asked.intent, partial(machine.take_confirm, asked=asked, objection=objection), voucher)

    def resolve(self, asked: Relay, reason: str | None) -> Said | None:
        """Take a RESOLVE, as ``confirm`` takes a REQ."""
        said = self._take(asked.intent, partial(machine.take_resolve, asked=asked, reason=reason), None)
        if asked.accepted is not None and asked.intent.code is not None:
            for step in machine.give_way(self.of_code(asked.intent.code), self._clock()):
                self._follow(step)
        return said

    def known(self, rid: str, asked: Intent | None = None) -> Relay | None:
        """Return what is recorded under a rid, from memory or from the journal."""
        return self._relays.get(rid) or self._journal.find(rid, asked)

    def open_of(self, requester: str) -> int:
        """Return how many requests of one requester are open; what was accepted here has a limit of its own."""
        mine = (relay for relay in self._relays.values() if relay.requester == requester)
        return sum(1 for relay in mine if relay.is_open and relay.accepted is None)

    def holds(self, code: str) -> bool:
        """Whether a request for this code is open here."""
        return any(relay.intent.code == code and relay.is_open for relay in self._relays.values())

    def of_code(self, code: str) -> list[Relay]:
        """Return the requests for this code that are in memory: all that are open, and what has just ended."""
        return [relay for relay in self._relays.values() if relay.intent.code == code]

    def has_accepted(self, code: str) -> bool:
        """Whether something was accepted for this code of which the head office has not said the end."""
        return any(relay.accepted is not None for relay in self.of_code(code))

    def accepted(self) -> list[Accepted]:
        """Return everything that was accepted and that the head office has not brought to its end."""
        return [relay.accepted for relay in self._relays.values() if relay.accepted is not None]

    def tick(self) -> None:
        """Ask again for what is due."""
        now = self._clock()
        for relay in tuple(self._relays.values()):
            stepped, effects = machine.tick(relay, now)
            if effects:
                self._follow((stepped, effects))

    async def ended(self, rid: str, timeout_s: float) -> Answer | None:
        """Wait for the final answer to an open rid; None where none came in time."""
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(rid, set())
        waiting.add(answered)
        await asyncio.wait([answered], timeout=timeout_s)
        waiting.discard(answered)
        if not waiting:
            self._waiting.pop(rid, None)
        return answered.result() if answered.done() else None

    def settle(self, requester: str, rid: str, *, handed_over: bool) -> bool:
        """Record that a requester's answer was seen; return False where it has no such request: nothing changes."""
        relay = self.known(rid)
        if relay is None or relay.requester != requester:
            return False
        written = self._journal.settle(rid, handed_over=handed_over)
        written.add_done_callback(lambda _: self._changes.tell(Topic.RECORDS))
        self._spawn(self._pass_settled(AskSettled(requester=requester, rid=rid, handed_over=handed_over)))
        return True

    async def drain(self, timeout_s: float) -> None:
        """Let what is in flight come to its end, for so long at most; then stop it, which loses nothing."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._tasks:  # one that ends may have begun the next
                    await asyncio.wait(self._tasks)
        for task in self._tasks:
            task.cancel()

    def _take(self, intent: Intent, step: Callable[..., Step], voucher: str | None) -> Said | None:
        known = self.known(intent.rid, intent)
        relay, effects = step(known, now=self._clock())
        match effects:
            case (Reply(message=message),):
                return message
            case _:
                self._follow((relay, effects), voucher)
        if known is None or not known.is_open or known.accepted is not None or relay.accepted is not None:
            return None
        return known.answer or Answer(rid=intent.rid, verdict=Verdict.PENDING, final=False)

    def _follow(self, step: Step, voucher: str | None = None) -> None:
        relay, effects = step
        self._relays[relay.intent.rid] = relay
        try:
            self._carry_out(relay, effects, voucher)
        except Exception as error:
            if not self.broken.done():
                self.broken.set_exception(error)
            raise

    def _carry_out(self, relay: Relay, effects: Sequence[Effect], voucher: str | None = None) -> None:
        """Carry out the effects of a step now, as far as nothing has to be waited for: so no step overtakes another."""
        for number, effect in enumerate(effects, 1):
            match effect:
                case Write(relay=row, durable=durable, claim=claim):
                    written = self._journal.write(row, durable=durable, voucher=voucher, claim=claim)
                    written.add_done_callback(partial(self._written, row))
                    if durable:
                        self._spawn(self._carry_on(written, relay, effects[number:]))
                        return
                case Ask(message=message):
                    self._spawn(self._ask(relay.intent.rid, message))
                case Reply(message=message):
                    self._answer(relay, message)
                case _:
                    assert_never(effect)

    async def _carry_on(self, written: asyncio.Future[None], relay: Relay, effects: Sequence[Effect]) -> None:
        await written
        self._carry_out(relay, effects)

    async def _ask(self, rid: str, message: AskRedeem | AskResolve) -> None:
        answer = None
        left = machine.time_left(self._relays[rid], message, self._clock())
        if left is None or left > 0:
            answer = await self._owner.ask(message, left)
        relay, now = self._relays[rid], self._clock()
        if isinstance(answer, Answer | Notice) and answer.rid in {rid, None}:
            if isinstance(answer, Notice):
                log.warning("headoffice_notice rid=%s verdict=%s hint=%s", rid, answer.verdict, answer.hint)
            self._follow(machine.heard(relay, answer, now))
        else:
            if answer is not None:
                log.error("headoffice_answered_something_else rid=%s kind=%s", rid, type(answer).__name__)
            self._follow(machine.unheard(relay, now))

    def _answer(self, relay: Relay, message: Said) -> None:
        rid = relay.intent.rid
        self._say(relay.requester, message)
        if isinstance(message, Notice) or not message.final:
            return
        log.info("answered rid=%s requester=%s store=%s verdict=%s", rid, relay.requester, relay.store, message.verdict)
        if machine.has_two_ends(message):
            log.error("two_ends rid=%s requester=%s store=%s", rid, relay.requester, relay.store)
            self.contradicted.put_nowait(rid)
        for answered in self._waiting.pop(rid, ()):
            if not answered.done():
                answered.set_result(message)
        if message.verdict is Verdict.UNDONE and relay.intent.action is Action.UNDO and relay.intent.undoes is not None:
            self.mark_undone(relay.intent.undoes, by=rid)

    def mark_undone(self, rid: str, by: str) -> None:
        """Take over that the owner has undone a redemption, under that rid."""
        target = self.known(rid)
        if target is None:
            return
        marked, effects = machine.undone(target, by)
        if rid in self._relays:
            self._relays[rid] = marked
        for effect in effects:
            if isinstance(effect, Write):
                self._journal.write(effect.relay, durable=False).add_done_callback(partial(self._written, effect.relay))

    def _written(self, relay: Relay, _: asyncio.Future[None]) -> None:
        """Forget a request whose end is on disk, unless it has changed since; tell whoever watches."""
        rid = relay.intent.rid
        current = self._relays.get(rid)
        if current is not None and current.accepted is not None and current.answer == relay.answer:
            self._relays[rid] = replace(current, kept=True)
        if current is not None and not current.is_open and not current.flying and current.answer == relay.answer:
            del self._relays[rid]
        self._changes.tell(Topic.RECORDS)

    async def _pass_settled(self, message: AskSettled) -> None:
        await self._owner.ask(message)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not self.broken.done():
            self.broken.set_exception(error)
