"""The kiosk's journal under power cuts."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import apsw

from device.clock import StoreClock
from device.errors import JournalError
from device.journal import Journal, restore
from protocol.messages import Answer, Intent
from protocol.vocabulary import Verdict
from simulator.powercuts.workload import CorruptError, Ledger

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from simulator.powercuts.disk import Files

FILE = "journal.db"
_ENDS = (Verdict.REDEEMED, Verdict.ABORTED, Verdict.EXPIRED)
_STEPS = 14
_RESTORED = 0.2


class KioskStore:
    """``device.journal.Journal``: minted, accepted, concluded, parked, forgone, settled, refused, tidied, restored."""

    name = "kiosk"
    files = FILE

    def play(self, folder: Path, vfs: str, ledger: Ledger, random: Random) -> None:
        """Serve some customers; now and then the journal is declared restored before."""
        ledger.phase("start")
        ledger.states.setdefault("generation", [1])  # it is in the file as soon as that is there
        if random.random() < _RESTORED and (folder / FILE).exists():
            ledger.phase("restore")
            ledger.will("generation", int(str(ledger.states["generation"][-1])) + 1)
            restore(folder / FILE, vfs=vfs)
            ledger.did("generation")
        journal = Journal(folder / FILE, "till-1", StoreClock(), vfs=vfs)
        journal.open()
        with closing(journal):
            ledger.phase("work")
            known = {one.intent.rid: one for one in journal.kept()}
            ended = [rid for rid, one in known.items() if one.answer is not None and one.answer.final]
            open_rids = [rid for rid in known if rid not in ended]
            for _ in range(_STEPS):
                self._step(journal, ledger, random, open_rids, ended)
            ledger.phase("tidy")
            journal.tidy()

    def _step(self, journal: Journal, ledger: Ledger, random: Random, open_rids: list[str], ended: list[str]) -> None:
        """Do one thing."""
        choice = random.random()
        if choice < 0.1:  # noqa: PLR2004 - one in ten
            key = f"refusal {journal.seq + 1}"
            ledger.will(key, "expired")
            journal.refuse(Verdict.EXPIRED, "0001", None)
            ledger.did(key)
        elif choice < 0.4 or not (open_rids or ended):  # noqa: PLR2004
            rid = random.randbytes(16).hex()
            ledger.will(rid, ("pending", 0, 0, 0))
            journal.mint(Intent(rid=rid, code=f"SECRET-{rid}", offer="sealed"))
            ledger.did(rid)
            open_rids.append(rid)
        elif open_rids and choice < 0.75:  # noqa: PLR2004
            rid = open_rids.pop(random.randrange(len(open_rids)))
            verdict = random.choice(_ENDS)
            stands, parked, forgone = ledger.states[rid][-1][:3]  # type: ignore[index]
            if not forgone and random.random() < 0.3:  # noqa: PLR2004
                stands = "accepted_offline"
                ledger.will(rid, (stands, parked, forgone, 0))
                journal.accept(Answer(rid=rid, verdict=Verdict.ACCEPTED_OFFLINE, final=False))
                ledger.did(rid)
                if random.random() < 0.3:  # noqa: PLR2004
                    open_rids.append(rid)
                    return
            if not parked and random.random() < 0.3:  # noqa: PLR2004
                parked = 1
                ledger.will(rid, (stands, 1, forgone, 0))
                journal.park(rid)
                ledger.did(rid)
            if not forgone and random.random() < 0.2:  # noqa: PLR2004
                forgone = 1
                ledger.will(rid, (stands, parked, 1, 0))
                journal.forgo(rid)
                ledger.did(rid)
            ledger.will(rid, (str(verdict), parked, forgone, 0))
            journal.conclude(Answer(rid=rid, verdict=verdict, final=True))
            ledger.did(rid)
            ended.append(rid)
        elif ended:
            rid = ended.pop()
            verdict, parked, forgone, _ = ledger.states[rid][-1]  # type: ignore[misc]
            ledger.will(rid, (verdict, parked, forgone, 1))
            journal.settle(rid, handed_over=True)
            ledger.did(rid)

    def read(self, folder: Path) -> dict[str, object]:
        """Open it as the kiosk does, and write once more."""
        journal = Journal(folder / FILE, "till-1", StoreClock())
        try:
            journal.open()
            with closing(journal):
                journal.kept()
                journal.place("gw-1", "s", "S")
            return _states(folder / FILE)
        except (JournalError, apsw.Error) as error:
            raise CorruptError(str(error)) from error

    def older(self, random: Random) -> Files:
        """Return nothing: this is the first schema."""
        del random
        return {}


def _states(path: Path) -> dict[str, object]:
    connection = apsw.Connection(str(path))
    with closing(connection):
        checked = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        if checked != ["ok"]:
            raise CorruptError(str(checked[:3]))
        ((generation,),) = connection.execute("SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'generation'")
        found: dict[str, object] = {"generation": generation}
        for seq, rid, verdict, parked, forgone, settled in connection.execute(
            "SELECT seq, rid, verdict, parked, forgone, settled_at NOTNULL FROM book"
        ):
            if rid is None:
                found[f"refusal {seq}"] = verdict
            else:
                found[rid] = (verdict, parked, forgone, settled)
        return found
