"""Carries out what the counter wants done: journal, link, screen, panel. The only place that does, and in order."""

from __future__ import annotations

import logging
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias, assert_never

from device.counter.effects import (
    Accept,
    Conclude,
    Effect,
    Forgo,
    Ignored,
    Mint,
    Park,
    Placed,
    ReadOut,
    Refuse,
    Send,
    Settle,
    Show,
    Tidy,
)
from device.counter.events import AcceptFailed, ForgoFailed, MintFailed
from device.errors import JournalError
from device.view import Screen
from protocol.ids import code_tail
from protocol.messages import Look, Resolve
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.clock import StoreClock
    from device.counter.events import NotWritten
    from device.journal import Journal
    from device.ports import Monitor, Panel
    from device.view import View
    from protocol.comparing import AskBook
    from protocol.messages import Answer, Intent, KioskMessage

log = logging.getLogger(__name__)

#: What is written later where the disk is full: of a redemption that was begun each step, in order. Everything else is
#: told again, or was a refusal, which spent nothing.
_Step: TypeAlias = Conclude | Park | Settle

BookEntry: TypeAlias = Conclude | Park | Settle | Refuse | Placed | Tidy


class ViewPort(Protocol):
    """Where views are drawn: a ``device.display.screen.DisplayThread``."""

    def show(self, view: View) -> None:
        """Show this view from now on; never wait."""


class ViewSpeaker(Protocol):
    """Where views are spoken: a ``device.speaker.Speaker``."""

    def say(self, view: View) -> None:
        """Say this from now on, and nothing older; never wait."""


class MessagePort(Protocol):
    """Where messages leave: a ``device.link.Link``."""

    def send(self, message: KioskMessage) -> None:
        """Send a message, or drop it; never wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything that the counter acts on."""

    journal: Journal
    clock: StoreClock
    link: MessagePort
    screen: ViewPort
    panel: Panel
    monitor: Monitor
    speaker: ViewSpeaker | None = None
    """Where there is one."""


class Actions:
    """The counter's hands."""

    def __init__(self, ports: Ports, on_ready: Callable[[], None]) -> None:
        """Keep the ports; ``on_ready`` is called once, when the first screen after the start is shown."""
        self.ports = ports
        self._on_ready: Callable[[], None] | None = on_ready
        self._shown: View | None = None
        self._owed: deque[_Step] = deque()

    def carry_out(self, effects: tuple[Effect, ...]) -> NotWritten | None:
        """Carry out effects in order; stop and report where a redemption could not be written down.

        Where it could not be written down that one is forgone, only its RESOLVE stays here; that one was accepted
        offline, only the view that says so.
        """
        failed: AcceptFailed | ForgoFailed | None = None
        for effect in effects:
            match effect:
                case Mint(intent=intent):
                    if not self._mint(intent):
                        return MintFailed(intent.rid)  # what was to follow it must not leave
                case Accept(answer=answer):
                    failed = failed if self._accept(answer) else AcceptFailed(answer.rid)
                case Forgo(rid=rid):
                    failed = failed if self._forgo(rid) else ForgoFailed(rid)
                case Send(message=message):
                    self._send(message, failed)
                case Show():
                    self._show(effect, failed)
                case Ignored(reason=reason):
                    log.info("ignored reason=%s", reason)
                case ReadOut(asked=asked):
                    self._read_out(asked)
                case _:
                    self._write(effect)
        return failed

    def _send(self, message: KioskMessage, failed: NotWritten | None) -> None:
        """Send a message, unless it says of a redemption that it was forgone, which is not on disk."""
        if isinstance(failed, ForgoFailed) and isinstance(message, Resolve) and message.intent.rid == failed.rid:
            return
        if isinstance(message, Look):
            log.info("looking look=%s tail=%s", message.look, code_tail(message.code))
        self.ports.link.send(message)

    def _mint(self, intent: Intent) -> bool:
        """Write a redemption down; return whether it is on disk."""
        try:
            self.ports.journal.mint(intent)
        except JournalError as error:
            log.error("redemption_not_begun rid=%s error=%s", intent.rid, error)  # noqa: TRY400 - says what to do
            return False
        tail = code_tail(intent.code) if intent.code else None
        log.info("redeeming rid=%s tail=%s quantity=%s", intent.rid, tail, intent.quantity)
        return True

    def _accept(self, answer: Answer) -> bool:
        """Write down that a redemption was accepted offline; return whether it is on disk."""
        try:
            self.ports.journal.accept(answer)
        except JournalError as error:
            log.error("acceptance_not_written rid=%s error=%s", answer.rid, error)  # noqa: TRY400 - says what to do
            return False
        log.info("accepted_offline rid=%s", answer.rid)
        return True

    def _forgo(self, rid: str) -> bool:
        """Write down that a redemption is forgone; return whether it is on disk."""
        try:
            self.ports.journal.forgo(rid)
        except JournalError as error:
            log.error("redemption_not_forgone rid=%s error=%s", rid, error)  # noqa: TRY400 - says what to do
            return False
        log.info("forgone rid=%s", rid)
        return True

    def _show(self, effect: Show, failed: NotWritten | None) -> None:
        """Show a view, unless it says of a redemption that it was accepted offline, which is not on disk."""
        view, before = effect.view, self._shown
        if isinstance(failed, AcceptFailed) and view.verdict is Verdict.ACCEPTED_OFFLINE and view.rid == failed.rid:
            return
        self._shown = view
        if before is None or before.light != view.light:
            self.ports.panel.light(view.light)
        if effect.announced:
            self.ports.panel.play(view.sound)
            if self.ports.speaker is not None:
                self.ports.speaker.say(view)
        self.ports.screen.show(view)
        self.ports.monitor.shown(view)
        if effect.announced:
            shown = (view.seq, view.screen, view.verdict, view.rid, time.monotonic())
            log.info("shown seq=%s screen=%s verdict=%s rid=%s at=%.6f", *shown)
        if self._on_ready is not None and view.screen is not Screen.STARTING:
            self._on_ready()
            self._on_ready = None

    def _read_out(self, asked: AskBook) -> None:
        """Tell the gateway a part of the journal; where it cannot be read the gateway lists this kiosk as silent."""
        try:
            self.ports.link.send(self.ports.journal.book(asked.before))
        except JournalError as error:
            log.error("journal_not_read error=%s", error)  # noqa: TRY400 - says what to do

    def _write(self, entry: BookEntry) -> None:
        """Write what nothing waits for, behind what the disk has refused so far."""
        self.catch_up()
        try:
            if not self._owed:
                self._enter(entry)
                return
        except JournalError as error:
            log.error("journal_not_written entry=%s error=%s", type(entry).__name__, error)  # noqa: TRY400
        if isinstance(entry, _Step):
            self._owed.append(entry)

    def catch_up(self) -> None:
        """Write what the disk has refused, in its order: nothing is settled in the books before it has ended there.

        What is still owed when the process ends was not settled either, so it is asked for again at the next start.
        """
        while self._owed:
            try:
                self._enter(self._owed[0])
            except JournalError:
                return  # it was told when it was refused
            self._owed.popleft()

    def _enter(self, entry: BookEntry) -> None:
        journal = self.ports.journal
        match entry:
            case Conclude(answer=answer):
                log.info("concluded rid=%s verdict=%s undone_by=%s", answer.rid, answer.verdict, answer.undone_by)
                journal.conclude(answer)
            case Park(rid=rid):
                log.info("parked rid=%s", rid)
                journal.park(rid)
            case Settle(rid=rid, handed_over=handed_over):
                log.info("settled rid=%s handed_over=%s", rid, handed_over)
                journal.settle(rid, handed_over=handed_over)
            case Refuse(verdict=verdict, code_tail=tail, clerk=clerk):
                log.info("refused verdict=%s tail=%s", verdict, tail)
                journal.refuse(verdict, tail, clerk)
            case Placed(gateway=gateway, store=store, store_name=store_name, time=told):
                self.ports.clock.learn(told)
                journal.place(gateway, store, store_name)
            case Tidy():
                journal.tidy()
            case _:
                assert_never(entry)
