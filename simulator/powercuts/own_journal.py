"""The head office's own journal under power cuts: lines that are only ever appended."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from headoffice.errors import HeadOfficeError
from headoffice.redemptions import own_journal as shipped
from headoffice.redemptions.own_journal import OwnJournal
from protocol.messages import Action, Answer, Intent, Method
from protocol.upstream import AskRedeem
from protocol.vocabulary import Verdict
from simulator.powercuts.system import RecordedSystem, recorded
from simulator.powercuts.workload import CorruptError, Ledger

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from simulator.powercuts.disk import Files

FILE = "own.journal"
_STEPS = 14
_AT = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
_LAST = "f" * 32


class OwnJournalStore:
    """``headoffice.redemptions.own_journal.OwnJournal``: what pages redeemed and what the head office undid."""

    name = "ownjournal"
    files = FILE

    def play(self, folder: Path, vfs: str, ledger: Ledger, random: Random) -> None:
        """Keep what was answered, and what became of that; now and then the process ends in between."""
        del vfs  # it is SQLite's
        ledger.phase("work")
        journal = OwnJournal(folder / FILE)
        with recorded(shipped, RecordedSystem(ledger.events)):
            for _ in range(_STEPS):
                if random.random() < 0.1:  # noqa: PLR2004 - now and then
                    journal = OwnJournal(folder / FILE)
                self._step(journal, ledger, random)

    def _step(self, journal: OwnJournal, ledger: Ledger, random: Random) -> None:
        redeemed = [rid for rid, states in ledger.states.items() if states[-1] == ("redeemed", False)]
        again = bool(redeemed) and random.random() < 0.3  # noqa: PLR2004 - some
        rid = random.choice(redeemed) if again else random.randbytes(16).hex()
        ledger.will(rid, ("redeemed", again))
        _keep(journal, rid, undone_by=random.randbytes(16).hex() if again else None)
        ledger.did(rid)

    def read(self, folder: Path) -> dict[str, object]:
        """Read it as ``restore`` does, and append once more."""
        journal = OwnJournal(folder / FILE)
        try:
            before = _states(journal)
            _keep(journal, _LAST)
            after = _states(journal)
        except HeadOfficeError as error:
            raise CorruptError(str(error)) from error
        if after.pop(_LAST, None) is None or before != after:
            msg = "one more line has changed what is read"
            raise CorruptError(msg)
        return after

    def older(self, random: Random) -> Files:
        """Return a journal whose lines only begin with a line break, as the first version wrote them."""
        line = shipped.line_of(*_answered(random.randbytes(16).hex()), _AT)
        return {FILE: line.rstrip(b"\n")}


def _answered(rid: str, undone_by: str | None = None) -> tuple[AskRedeem, Answer]:
    intent = Intent(rid=rid, action=Action.REDEEM, code="100200300400", method=Method.WEB)
    answer = Answer(rid=rid, verdict=Verdict.REDEEMED, final=True, voucher=rid, uses=(1,), undone_by=undone_by)
    return AskRedeem(requester="page", store="online", intent=intent), answer


def _keep(journal: OwnJournal, rid: str, undone_by: str | None = None) -> None:
    journal.keep(*_answered(rid, undone_by), _AT)


def _states(journal: OwnJournal) -> dict[str, object]:
    """Return what is read of each rid; raise HeadOfficeError where it cannot be."""
    found: dict[str, object] = {}
    for entry in journal.entries():
        if entry.answer is not None:
            found[entry.intent.rid] = (str(entry.answer.verdict), entry.answer.undone_by is not None)
    return found
