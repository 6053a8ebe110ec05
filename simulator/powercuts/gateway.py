"""The gateway's journal under power cuts: its commits gather in a thread of its own, as they do in a shop."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

import apsw

from gateway.errors import GatewayError
from gateway.journal import Journal
from gateway.usage import Usage
from protocol.marks import Mark
from protocol.messages import Answer, Intent
from protocol.relay import Relay
from protocol.vocabulary import Verdict
from service.database import DatabaseError
from simulator.powercuts.workload import CorruptError, Ledger

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from simulator.powercuts.disk import Files

FILE = "journal.db"
_ENDS = (Verdict.REDEEMED, Verdict.ABORTED, Verdict.ALREADY_REDEEMED)
_ROUNDS, _AT_ONCE = 6, (1, 2, 4)


class GatewayStore:
    """``gateway.journal.Journal``: requests written, ended and settled, refusals and marks, several in one commit."""

    name = "gateway"
    files = FILE

    def play(self, folder: Path, vfs: str, ledger: Ledger, random: Random) -> None:
        """Serve some requests."""
        asyncio.run(self._play(folder, vfs, ledger, random))

    async def _play(self, folder: Path, vfs: str, ledger: Ledger, random: Random) -> None:
        ledger.phase("start")
        journal = Journal(folder / FILE, vfs=vfs)
        journal.start()
        ledger.phase("work")
        open_relays = {relay.intent.rid: relay for relay in journal.open()}
        for _ in range(_ROUNDS):
            work = [self._step(journal, ledger, random, open_relays) for _ in range(random.choice(_AT_ONCE))]
            await asyncio.gather(*work)
        ledger.phase("close")
        await journal.close()

    async def _step(self, journal: Journal, ledger: Ledger, random: Random, open_relays: dict[str, Relay]) -> None:
        """Write one thing, and note once it is said to be on the disk."""
        journal.heard("till-1", Mark(1, random.randrange(1000)))
        choice = random.random()
        if choice < 0.15:  # noqa: PLR2004 - some
            key = f"refusal {random.randbytes(4).hex()}"
            ledger.will(key, "expired")
            usage = Usage(at=1.0, kiosk=key, store="s", verdict=Verdict.EXPIRED, code_tail="0001")
            refused = journal.refuse(usage)
            await journal.flush()
            await refused
            ledger.did(key)
            return
        if choice < 0.6 or not open_relays:  # noqa: PLR2004
            rid = random.randbytes(16).hex()
            intent = Intent(rid=rid, code=f"SECRET-{rid}", offer="sealed")
            relay = Relay(requester="till-1", store="s", intent=intent)
            ledger.will(rid, ("pending", 0))
            await journal.write(relay)
            open_relays[rid] = relay
        else:
            rid, relay = open_relays.popitem()
            answer = Answer(rid=rid, verdict=random.choice(_ENDS), final=True)
            ended = Relay(requester="till-1", store="s", intent=relay.intent, answer=answer, closed=True)
            ledger.will(rid, (str(answer.verdict), 1))
            await journal.write(ended)
        ledger.did(rid)

    def read(self, folder: Path) -> dict[str, object]:
        """Open it as the gateway does, and write once more."""
        try:
            asyncio.run(_open_and_write(folder))
            return _states(folder / FILE)
        except (GatewayError, DatabaseError, apsw.Error) as error:
            raise CorruptError(str(error)) from error

    def older(self, random: Random) -> Files:
        """Return nothing: this is the first schema."""
        del random
        return {}


async def _open_and_write(folder: Path) -> None:
    journal = Journal(folder / FILE)
    journal.start()
    journal.open()
    journal.heard("till-2", Mark(9, 9))
    settled = journal.settle("0" * 32, handed_over=True)
    await journal.flush()
    await settled
    await journal.close()


def _states(path: Path) -> dict[str, object]:
    with closing(apsw.Connection(str(path))) as connection:
        checked = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        if checked != ["ok"]:
            raise CorruptError(str(checked[:3]))
        found: dict[str, object] = {
            rid: (verdict, closed)
            for rid, verdict, closed in connection.execute("SELECT rid, verdict, closed FROM relays")
        }
        found |= dict(connection.execute("SELECT kiosk, verdict FROM refusals"))
        return found
