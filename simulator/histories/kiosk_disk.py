"""A kiosk's disk in a history: at each write the process may die, and while the disk is full it takes none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.counter.states import Kept
from device.errors import JournalError
from protocol.ids import code_tail
from protocol.marks import NEVER, Mark
from protocol.values import replace
from simulator.histories.faults import Fault, State

if TYPE_CHECKING:
    from protocol.messages import Answer, Intent
    from simulator.histories.kiosk import Kiosk

#: For how long a full disk stays full, seconds.
FULL_S = (0.0, 12.0)


class KioskDisk:
    """What is on it: the redemptions that are open or not seen, and how many it ever took."""

    def __init__(self) -> None:
        """Begin empty."""
        self.rows: dict[str, Kept] = {}
        self.sequence = 0
        self.generation = 1
        self.gateway: str | None = None
        self.heard = NEVER
        self.seal: str | None = None
        """The gateway's, on what was heard of it."""

    @property
    def mark(self) -> Mark:
        """How far it has come."""
        return Mark(self.generation, self.sequence)

    def copy(self) -> KioskDisk:
        """Return a copy, to be put back later."""
        twin = KioskDisk()
        twin.rows, twin.sequence, twin.generation = dict(self.rows), self.sequence, self.generation
        twin.gateway, twin.heard, twin.seal = self.gateway, self.heard, self.seal
        return twin


class Died(Exception):  # noqa: N818 - it is no error: it ends a step where the process dies of it
    """The process has died at a commit."""


class Journal:
    """``device.journal.Journal`` over such a disk, as ``device.actions`` writes to it.

    What it refuses because the disk is full the shipped code writes later, in its order, or lets nothing follow.
    """

    def __init__(self, kiosk: Kiosk) -> None:
        """Keep whose it is."""
        self._kiosk = kiosk

    def mint(self, intent: Intent) -> None:
        """Write down a new redemption."""
        kiosk = self._kiosk
        kiosk.oracle.serves(kiosk.name, kiosk.runs)
        self._room(intent.rid)
        self._commit(intent.rid, Kept(intent=intent, tail=code_tail(intent.code or "")), minted=True)

    def forgo(self, rid: str) -> None:
        """Note that no word of an acceptance counts any more."""
        self._room(rid)
        self._commit(rid, replace(self._rows[rid], forgone=True))

    def accept(self, answer: Answer) -> None:
        """Write down that it was accepted offline."""
        self._room(answer.rid)
        self._change(answer.rid, answer=answer)

    def conclude(self, answer: Answer) -> None:
        """Write down the final answer."""
        self._room(answer.rid)
        self._kiosk.oracle.advance(answer.rid, State.ANSWERED)
        self._change(answer.rid, answer=answer)

    def park(self, rid: str) -> None:
        """Note that it was given up at the counter."""
        self._room(rid)
        known = self._rows.get(rid)
        if known is not None:
            self._commit(rid, replace(known, parked=True))

    def settle(self, rid: str, *, handed_over: bool) -> None:
        """Note that the answer was seen."""
        del handed_over  # whatever it was, nothing of it is open
        self._room(rid)
        known = self._rows.get(rid)
        if known is not None and (known.answer is None or not known.answer.final):
            self._kiosk.oracle.violated("rule 9", rid, "settled in a journal in which it has no end")
        self._kiosk.oracle.advance(rid, State.SETTLED)
        self._commit(rid, None)

    def place(self, *placed: str) -> None:
        """Note the store; it is in the disk's own room, and of the gateway the kiosk writes down what it has heard."""

    def refuse(self, *refusal: object) -> None:
        """Write down a refusal, which is in no history."""

    def tidy(self) -> None:
        """Clear what is over, which in a history is gone at once."""

    @property
    def _rows(self) -> dict[str, Kept]:
        return self._kiosk.disk.rows

    def _room(self, rid: str) -> None:
        """Raise JournalError where the disk is full."""
        if self._kiosk.disk_is_full(rid):
            msg = "the disk is full"
            raise JournalError(msg)

    def _change(self, rid: str, *, answer: Answer) -> None:
        self._kiosk.keep_heard()
        known = self._rows.get(rid)
        if known is not None:
            self._commit(rid, replace(known, answer=answer))

    def _commit(self, rid: str, row: Kept | None, *, minted: bool = False) -> None:
        """Write a row, or take it out; raise Died where the process dies of it."""
        kiosk = self._kiosk
        dies = kiosk.faults.kills_at_commit(Fault.KIOSK_COMMIT, [rid])
        if dies != "before":
            if row is None:
                self._rows.pop(rid, None)
            else:
                self._rows[rid] = row
            kiosk.disk.sequence += minted
        if dies is not None:
            kiosk.crash(kiosk.world.random.uniform(0.5, 6.0), reboot=kiosk.world.random.choice((True, False)))
            raise Died
