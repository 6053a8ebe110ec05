"""The head office's books on SQLite under power cuts, from every older schema on."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import apsw

from headoffice.database import open_database
from headoffice.errors import HeadOfficeError
from protocol.messages import Intent
from protocol.upstream import AskResolve
from simulator.powercuts.headoffice_older import older_books
from simulator.powercuts.headoffice_work import GATEWAY, STORE, Work, books_over, furnish, is_furnished
from simulator.powercuts.workload import CorruptError, Ledger

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from simulator.powercuts.disk import Files

FILE = "hexiao.db"
_LAST = "f" * 32


class HeadOfficeStore:
    """``headoffice.database`` and ``headoffice.redemptions.ledger``: each call one transaction over several tables."""

    name = "head office"
    files = FILE

    def play(self, folder: Path, vfs: str, ledger: Ledger, random: Random) -> None:
        """Redeem, undo, issue, lease, ask a platform, stop and restore."""
        ledger.phase("start")
        with closing(open_database(f"sqlite:///{folder / FILE}", vfs=vfs)) as database:
            ledger.phase("work")
            ledger.states.setdefault("generation", [1])
            if not database.read(is_furnished):
                database.write(furnish)
            Work(database, ledger, random).play()

    def read(self, folder: Path) -> dict[str, object]:
        """Open it as the head office does, and rule once more."""
        try:
            with closing(open_database(f"sqlite:///{folder / FILE}")) as database:
                if database.read(is_furnished):
                    last = Intent(rid=_LAST, code="100200300400")
                    books_over(database).answer(GATEWAY, AskResolve(requester="till-1", store=STORE, intent=last))
            return _states(folder / FILE)
        except (HeadOfficeError, apsw.Error) as error:
            raise CorruptError(str(error)) from error

    def older(self, random: Random) -> Files:
        """Return the books as one of the older schemas had them, with rows of what it knew of."""
        return {FILE: older_books(random)}


def _states(path: Path) -> dict[str, object]:
    with closing(apsw.Connection(str(path))) as connection:
        wrong = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        wrong += [f"foreign key of {row[0]}" for row in connection.execute("PRAGMA foreign_key_check")]
        for query, what in _HALVES:
            wrong += [f"{row[0]} {what}" for row in connection.execute(query)]
        if wrong:
            raise CorruptError(str(wrong[:3]))
        found: dict[str, object] = {
            rid: "given back" if undone else verdict for rid, verdict, undone in connection.execute(_RIDS)
        }
        found |= {f"case {rid}": (phase, attempts) for rid, phase, attempts in connection.execute(_CASES)}
        for query in _BY_KEY:
            found |= dict(connection.execute(query))
        found.pop(_LAST, None)
        return found


_RIDS = "SELECT rid, verdict, undone_by FROM redemptions"
_CASES = "SELECT rid, phase, attempts FROM cases"
_BY_KEY = (
    "SELECT 'voucher ' || code, state FROM vouchers",
    "SELECT 'lease ' || id, CASE WHEN ended_at IS NULL THEN 'runs' ELSE 'ended' END FROM leases",
    "SELECT 'generation', coalesce(max(generation), 1) FROM restores",
    "SELECT 'stopped', max(generation) FROM stops HAVING count(*)",
    "SELECT 'uploaded ' || id, uploaded FROM gateways WHERE uploaded",
    "SELECT 'open ' || rid, 'uploaded' FROM uploaded_open",
    "SELECT 'marks of ' || id, seq FROM gateways WHERE id = 'gw-platform'",
)
#: A transaction is whole or not there.
_HALVES = (
    (
        """
        SELECT rid FROM redemptions WHERE verdict = 'redeemed' AND platform IS NULL
            AND (undone_by ISNULL) != EXISTS (SELECT 1 FROM uses WHERE uses.rid = redemptions.rid)
        """,
        "has not its uses",
    ),
    (
        """
        SELECT id FROM gateways WHERE id != 'gw-platform'
            AND seq != (SELECT count(*) FROM redemptions WHERE redemptions.gateway = gateways.id)
                + (SELECT count(ended_at) FROM leases WHERE leases.gateway = gateways.id AND ended_by IS NULL)
        """,
        "has not as many rids, and leases given back, as it counts",
    ),
    (
        """
        SELECT rid FROM cases
            WHERE (phase = 'ended') != EXISTS (SELECT 1 FROM redemptions WHERE redemptions.rid = cases.rid)
        """,
        "is recorded, and has not ended at its platform, or has ended and is not recorded",
    ),
    (
        "SELECT id FROM leases WHERE (ended_at IS NULL) != EXISTS (SELECT 1 FROM vouchers WHERE lease = leases.id)",
        "runs and has no voucher, or has ended and has one",
    ),
)
