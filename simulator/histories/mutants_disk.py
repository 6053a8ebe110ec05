"""What a kiosk does while its disk is full broken on purpose, one rule at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.actions import Actions
from device.counter.effects import Mint
from device.errors import JournalError
from simulator.histories.kinds import Kind
from simulator.histories.mutant import broken

if TYPE_CHECKING:
    from device.actions import BookEntry
    from device.counter.effects import Effect, Show
    from device.counter.events import NotWritten
    from protocol.messages import KioskMessage
    from simulator.histories.mutant import Whatever


def _forgets(_: Whatever) -> Whatever:
    """Write what the disk takes, and nothing later."""

    def mutant(self: Actions, entry: BookEntry) -> None:
        try:
            self._enter(entry)
        except JournalError:
            return

    return mutant


def _goes_on(carry_out: Whatever) -> Whatever:
    """Let what was to follow a redemption leave, though it is not on disk."""

    def mutant(self: Actions, effects: tuple[Effect, ...]) -> NotWritten | None:
        carry_out(self, effects)
        return carry_out(self, tuple(one for one in effects if not isinstance(one, Mint)))  # type: ignore[no-any-return]

    return mutant


def _sends_it(_: Whatever) -> Whatever:
    """Let a RESOLVE leave that says of a redemption that it is forgone, though that is not on disk."""

    def mutant(self: Actions, message: KioskMessage, _failed: NotWritten | None) -> None:
        self.ports.link.send(message)

    return mutant


def _shows_it(show: Whatever) -> Whatever:
    """Show that a redemption was accepted offline, though that is not on disk."""

    def mutant(self: Actions, effect: Show, _failed: NotWritten | None) -> None:
        show(self, effect, None)

    return mutant


DISK = (
    broken("what a full disk refuses is forgotten", 9, (Actions, "_write", _forgets)),
    broken("a redemption that the disk refuses leaves all the same", 1, (Actions, "carry_out", _goes_on)),
    broken("a RESOLVE leaves before it is forgone on disk", 11, (Actions, "_send", _sends_it), kind=Kind.OFFLINE),
    broken("an acceptance is shown before the disk has it", 11, (Actions, "_show", _shows_it), kind=Kind.OFFLINE),
)
