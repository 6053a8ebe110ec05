"""The gateway's journal under power cuts: its commits gather in a thread of its own, as they do in a shop."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

import apsw

from gateway.errors import GatewayError
from gateway.journal import Journal, restore
from gateway.schema import MIGRATIONS
from protocol.marks import Mark
from service.database import DatabaseError
from simulator.powercuts.gateway_rows import fill
from simulator.powercuts.gateway_work import Work
from simulator.powercuts.workload import CorruptError, Ledger, written_by_an_older_version

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from simulator.powercuts.disk import Files

FILE = "journal.db"
_ROUNDS, _AT_ONCE = 6, (1, 2, 4)
_RESTORED = 0.2


class GatewayStore:
    """``gateway.journal.Journal``: all that it writes, several writes in one commit, from every older schema on."""

    name = "gateway"
    files = FILE

    def play(self, folder: Path, vfs: str, ledger: Ledger, random: Random) -> None:
        """Serve some requests; now and then the journal is declared restored before."""
        ledger.phase("start")
        if random.random() < _RESTORED and (folder / FILE).exists():
            ledger.phase("restore")
            (before,) = ledger.states["generation"][-1:]
            ledger.will("generation", int(str(before)) + 1)
            restore(folder / FILE, vfs=vfs)
            ledger.did("generation")
        asyncio.run(self._play(folder, vfs, ledger, random))

    async def _play(self, folder: Path, vfs: str, ledger: Ledger, random: Random) -> None:
        journal = Journal(folder / FILE, vfs=vfs)
        ledger.states.setdefault("generation", [1])  # it is in the file as soon as that is there
        journal.start()
        ledger.phase("work")
        work = Work(journal, ledger, random)
        for _ in range(_ROUNDS):
            await work.together(random.choice(_AT_ONCE))
        ledger.phase("close")
        await journal.close()

    def read(self, folder: Path) -> dict[str, object]:
        """Open it as the gateway does, and write once more."""
        try:
            asyncio.run(_open_and_write(folder))
            return _states(folder / FILE)
        except (GatewayError, DatabaseError, apsw.Error) as error:
            raise CorruptError(str(error)) from error

    def older(self, random: Random) -> Files:
        """Return the journal as one of the older schemas had it, with rows in every table of that."""
        version = random.randrange(1, len(MIGRATIONS))
        return written_by_an_older_version(FILE, MIGRATIONS[:version], lambda connection: fill(connection, random))


async def _open_and_write(folder: Path) -> None:
    journal = Journal(folder / FILE)
    journal.start()
    journal.open()
    journal.leases()
    journal.open_shifts()
    journal.heard("till-2", Mark(9, 9))
    settled = journal.settle("0" * 32, handed_over=True)
    await journal.flush()
    await settled
    await journal.close()


def _states(path: Path) -> dict[str, object]:
    """Return the state of each row by what it is about; raise CorruptError where a commit is there by halves."""
    with closing(apsw.Connection(str(path))) as connection:
        wrong = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        wrong += [f"{rid} has accepted what it has no claim on" for (rid,) in connection.execute(_UNCLAIMED)]
        wrong += [f"{rid} has a claim, and has accepted nothing" for (rid,) in connection.execute(_UNACCEPTED)]
        wrong += [f"lease {lease} has not all of its vouchers" for (lease,) in connection.execute(_INCOMPLETE)]
        if wrong:
            raise CorruptError(str(wrong[:3]))
        found: dict[str, object] = {
            rid: (verdict, closed, handed_over)
            for rid, verdict, closed, handed_over in connection.execute(
                "SELECT rid, verdict, closed, handed_over FROM relays"
            )
        }
        for query in _BY_KEY:
            found |= dict(connection.execute(query))
        found.pop("peer till-2", None)
        return found


_BY_KEY = (
    "SELECT kiosk, verdict FROM refusals",
    "SELECT 'peer ' || peer, seq FROM peers",
    "SELECT name, value FROM meta",
    "SELECT 'shift ' || id, until FROM shifts",
    "SELECT 'tries ' || clerk, count FROM tries",
    "SELECT 'day ' || day, json_extract(closing, '$.by') FROM closings",
    "SELECT 'lease ' || lease, coalesce(json_extract(held, '$.complete'), 0) FROM leases",
    "SELECT 'keys', group_concat(id, ' ' ORDER BY id) FROM keys HAVING count(*)",
)
#: What is accepted and the claim on its uses are one commit, and so are its end and that the claim is free.
_UNCLAIMED = """
    SELECT rid FROM relays WHERE verdict = 'accepted_offline' AND
        json_array_length(answer, '$.accepted.uses') != (SELECT count(*) FROM claims WHERE claims.rid = relays.rid)
"""
_UNACCEPTED = """
    SELECT rid FROM claims WHERE NOT EXISTS (
        SELECT 1 FROM relays WHERE relays.rid = claims.rid AND verdict IN ('accepted_offline', 'redeemed')
    )
"""
#: A lease is complete once all of its vouchers are on disk; every one here is of as many.
_INCOMPLETE = """
    SELECT lease FROM leases WHERE json_extract(held, '$.complete')
        AND (SELECT count(*) FROM leased WHERE leased.lease = leases.lease) != 2
"""
