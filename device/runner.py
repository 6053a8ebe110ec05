"""The kiosk's one deciding thread: items out of the mailbox, through the counter, effects to the hands.

Edge threads only post. Nothing but this loop changes the counter.
"""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING, assert_never

from device import debounce
from device.counter import events as met
from device.counter.states import EnteringCode, Typing
from device.counter.step import deadline, step
from device.mailbox import Died, Edge, GunRead, Stop
from device.scan import events as seen
from protocol.ids import RID_BYTES
from protocol.marks import shown_in
from protocol.messages import Welcome

if TYPE_CHECKING:
    from device.actions import Actions
    from device.counter.effects import Effect
    from device.counter.states import Counter
    from device.mailbox import Mailbox
    from device.watchdog import Watchdog
    from protocol.messages import GatewayMessage

log = logging.getLogger(__name__)


class Runner:
    """Runs one counter from its start to the end of the process."""

    def __init__(self, mailbox: Mailbox, actions: Actions, watchdog: Watchdog, counter: Counter) -> None:
        """Keep the parts, and the counter as it begins."""
        self._mailbox = mailbox
        self._actions = actions
        self._ports = actions.ports
        self._watchdog = watchdog
        self._counter = counter
        self._buttons = debounce.Buttons()
        self._edges = 0

    def run(self, first: tuple[Effect, ...]) -> int:
        """Carry out the counter's first effects, and serve until somebody stops it; return the exit code."""
        self._act(first)
        while True:
            item = self._mailbox.take(self._patience_s())
            match item:
                case Stop():
                    return 0
                case Died(part=part, error=error):
                    log.error("part_died part=%s error=%r", part, error)
                    return 1
                case Edge():
                    self._edge(item)
                case None:
                    pass
                case _:
                    self._feed(self._event(item))
            self._catch_up()
            self._actions.catch_up()

    def _patience_s(self) -> float | None:
        """Return how long nothing is due, in seconds; None: for ever."""
        due = (deadline(self._counter), debounce.deadline(self._buttons), self._watchdog.due_at)
        first = min((at for at in due if at is not None), default=None)
        return None if first is None else max(0.0, first - time.monotonic())

    def _catch_up(self) -> None:
        """Do what the time asks for."""
        now = time.monotonic()
        if self._mailbox.is_empty:  # an edge that waits tells more than a level: it knows when it was
            self._buttons, changes = debounce.check(self._buttons, self._ports.panel.pressed, now)
            self._press(changes)
        due_at = deadline(self._counter)
        if due_at is not None and due_at <= now:
            self._feed(met.Tick())
        self._watchdog.turn(now)

    def _edge(self, edge: Edge) -> None:
        self._buttons, changes = debounce.edge(self._buttons, edge.button, pressed=edge.pressed, at=edge.at)
        # Which buttons set a PIN, or what turns out to be a code that pays, is nobody's business.
        secret = isinstance(self._counter.phase, Typing | EnteringCode)
        if not secret and any(change.pressed for change in changes):
            log.info("pressed button=%s at=%.6f", edge.button, edge.at)
        self._press(changes)
        self._edges += 1
        self._ports.monitor.handled(self._edges)

    def _press(self, changes: tuple[debounce.Change, ...]) -> None:
        for change in changes:
            if change.pressed:
                self._feed(met.Pressed(change.button, os.urandom(RID_BYTES)))
            else:
                self._feed(met.Released(change.button, change.held_s))

    def _event(self, item: met.Heard | met.LinkUp | met.LinkDown | seen.ScanEvent | GunRead) -> met.Event:
        """Return what the counter calls this item."""
        match item:
            case seen.Scanned():
                log.info("scanned format=%s frame_at=%.6f ms=%.1f", item.format, item.frame_at, item.decode_ms)
                return met.Scanned(item.text)
            case GunRead(text=text):
                return met.Scanned(text, stays=False)
            case seen.SeveralCodes():
                return met.SeveralCodes()
            case seen.Gone():
                return met.Gone()
            case seen.Alive():
                return met.CameraReady()
            case seen.CameraFault():
                log.warning("camera_fault error=%s", item.error)
                self._watchdog.camera_reported(time.monotonic())
                return met.CameraFault()
            case met.Heard(message=message):
                return self._heard(message)
            case met.LinkUp() | met.LinkDown():
                return item
            case _:
                assert_never(item)

    def _heard(self, message: GatewayMessage) -> met.Event:
        """Look at the marks of a message; a journal that is older than the gateway remembers it may not go on."""
        own, shown = self._ports.journal.mark, shown_in(message)
        if isinstance(message, Welcome) and own.is_behind(shown):
            log.error("journal_behind own=%s shown=%s do=hexiao_device_restore", own, shown)
            return met.JournalBehind()
        self._ports.journal.heard(message)
        return met.Heard(message)

    def _feed(self, event: met.Event) -> None:
        self._counter, effects = step(self._counter, event, time.monotonic())
        self._act(effects)

    def _act(self, effects: tuple[Effect, ...]) -> None:
        failed = self._actions.carry_out(effects)
        if failed is not None:
            self._feed(failed)
