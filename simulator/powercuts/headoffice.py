"""The head office's books on SQLite under power cuts: redemptions, undos and steps of a voucher's life."""

from __future__ import annotations

import io
import logging
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import apsw
from alembic import command
from alembic.config import Config
from sqlalchemy import insert, inspect

import headoffice.migrations
from headoffice.database import Database, open_database, sqlite_engine
from headoffice.errors import HeadOfficeError, NotAllowedError
from headoffice.redemptions.ledger import Ledger as Books
from headoffice.registry import put_gateway, put_store
from headoffice.tables.schema import voucher_types, vouchers
from headoffice.vouchers.issued import Order, issue, live
from headoffice.vouchers.life import Step
from headoffice.vouchers.types import PLAIN, put_type
from protocol.messages import Action, Answer, Intent
from protocol.upstream import AskRedeem, AskResolve
from simulator.powercuts.workload import CorruptError, Ledger

if TYPE_CHECKING:
    from random import Random

    from simulator.powercuts.disk import Files

FILE = "hexiao.db"
NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
GATEWAY, STORE = "gw-1", "s-1"
_STEPS = 8
_STORE = {"name": "S", "timezone": "Asia/Shanghai", "address": "", "phone": "", "hours": "", "clerk_policy": "none"}


class HeadOfficeStore:
    """``headoffice.database`` and ``headoffice.redemptions.ledger``: each call one transaction over several tables."""

    name = "head office"
    files = FILE

    def play(self, folder: Path, vfs: str, ledger: Ledger, random: Random) -> None:
        """Redeem, undo, issue and withdraw."""
        ledger.phase("start")
        with closing(open_database(f"sqlite:///{folder / FILE}", vfs=vfs)) as database:
            ledger.phase("work")
            if not database.read(_known):
                database.write(_furnish)
            books = Books(database, timedelta(minutes=15), lambda: NOON)
            codes = database.read(_codes)
            for _ in range(_STEPS):
                self._step(database, books, ledger, random, codes)

    def _step(self, database: Database, books: Books, ledger: Ledger, random: Random, codes: list[str]) -> None:
        """Do one thing."""
        choice = random.random()
        redeemed = [rid for rid, states in ledger.states.items() if states[-1] == "redeemed"]
        if choice < 0.3 or not codes:  # noqa: PLR2004 - some
            code = f"{random.randrange(10**11):011}X"
            ledger.will(f"voucher {code}", "active")
            database.write(lambda connection: issue(connection, Order(type="t", code=code), NOON))
            ledger.did(f"voucher {code}")
            codes.append(code)
        elif choice < 0.4:  # noqa: PLR2004
            code = codes.pop()
            ledger.will(f"voucher {code}", "withdrawn")
            try:
                database.write(lambda connection: live(connection, code, Step.WITHDRAW, NOON))
                ledger.did(f"voucher {code}")
            except NotAllowedError:
                ledger.states[f"voucher {code}"].pop()
        elif choice < 0.55 and redeemed:  # noqa: PLR2004
            target, rid = random.choice(redeemed), random.randbytes(16).hex()
            ledger.will(rid, "undone")
            ledger.will(target, "given back")
            books.answer(GATEWAY, _ask(Intent(rid=rid, action=Action.UNDO, undoes=target)))
            ledger.did(rid, target)
        else:
            rid = random.randbytes(16).hex()
            terms = 0 if random.random() < 0.2 else 1  # noqa: PLR2004 - some are for terms that are over
            verdict = "aborted" if terms == 0 else "redeemed"
            ledger.will(rid, verdict)
            ledger.will(rid, "already_redeemed")
            said = books.answer(GATEWAY, _ask(Intent(rid=rid, code=random.choice(codes)), terms))
            assert isinstance(said, Answer)  # noqa: S101 - nothing else is asked for
            ledger.states[rid] = [str(said.verdict)]
            ledger.did(rid)

    def read(self, folder: Path) -> dict[str, object]:
        """Open it as the head office does, and rule once more."""
        try:
            with closing(open_database(f"sqlite:///{folder / FILE}")) as database:
                if database.read(_known):
                    books = Books(database, timedelta(minutes=15), lambda: NOON)
                    last = Intent(rid="f" * 32, code="100200300400")
                    books.answer(GATEWAY, AskResolve(requester="till-1", store=STORE, intent=last))
            return _states(folder / FILE)
        except (HeadOfficeError, apsw.Error) as error:
            raise CorruptError(str(error)) from error

    def older(self, random: Random) -> Files:
        """Return the books as the first schema had them, with vouchers and a redemption in them."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / FILE
            _first_schema(path, random)
            return {FILE: path.read_bytes()}


def _ask(intent: Intent, terms: int = 1) -> AskRedeem:
    return AskRedeem(requester="till-1", store=STORE, intent=intent, terms=terms)


def _furnish(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's
    put_store(connection, STORE, _STORE)
    put_gateway(connection, GATEWAY, "G", [STORE])
    put_type(connection, "t", {**PLAIN, "title": "T"}, None)


def _known(connection: Any) -> bool:  # noqa: ANN401
    return bool(connection.exec_driver_sql("SELECT count(*) FROM gateways").scalar())


def _codes(connection: Any) -> list[str]:  # noqa: ANN401
    return [
        row[0] for row in connection.exec_driver_sql("SELECT code FROM vouchers WHERE state = 'active' ORDER BY code")
    ]


def _first_schema(path: Path, random: Random) -> None:
    database = Database(sqlite_engine(f"sqlite:///{path}"))
    logging.getLogger("alembic").setLevel(logging.WARNING)

    def migrate(connection: Any) -> None:  # noqa: ANN401
        config = Config(stdout=io.StringIO())
        config.set_main_option("script_location", str(Path(headoffice.migrations.__file__).parent))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")

    with closing(database):
        database.write(migrate)

        def furnish(connection: Any) -> None:  # noqa: ANN401
            put_store(connection, STORE, _STORE)
            connection.exec_driver_sql("INSERT INTO gateways (id, name) VALUES (?, ?)", (GATEWAY, "G"))
            connection.exec_driver_sql("INSERT INTO gateway_stores VALUES (?, ?)", (GATEWAY, STORE))
            names = inspect(connection).get_columns("voucher_types")
            plain = {name["name"]: PLAIN.get(name["name"]) for name in names}
            plain |= {"id": "t", "title": "T", "everywhere": True, "state": "approved", "terms": 1}
            connection.execute(insert(voucher_types), plain)
            for _ in range(3):
                code = f"{random.randrange(10**11):011}X"
                row = {"id": random.randbytes(16).hex(), "code": code, "type": "t", "state": "active", "uses": 1}
                connection.execute(insert(vouchers), {**row, "page_token": code, "issued_at": NOON})

        database.write(furnish)
        database.write(lambda connection: connection.exec_driver_sql("SELECT 1"))
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _states(path: Path) -> dict[str, object]:
    with closing(apsw.Connection(str(path))) as connection:
        checked = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        checked += [f"foreign key of {row[0]}" for row in connection.execute("PRAGMA foreign_key_check")]
        checked += [f"{row[0]} has not its uses" for row in connection.execute(_HALF)]
        checked += [f"{row[0]} counts {row[1]} rids" for row in connection.execute(_MISCOUNTED)]
        if checked != ["ok"]:
            raise CorruptError(str(checked[:3]))
        found: dict[str, object] = {
            rid: "given back" if undone else verdict for rid, verdict, undone in connection.execute(_RIDS)
        }
        found |= {f"voucher {code}": state for code, state in connection.execute("SELECT code, state FROM vouchers")}
        found.pop("f" * 32, None)
        return found


_RIDS = "SELECT rid, verdict, undone_by FROM redemptions"
#: A transaction is whole or not there: a redemption has its use, what was undone has none.
_HALF = """
    SELECT rid FROM redemptions WHERE verdict = 'redeemed'
        AND (undone_by ISNULL) != EXISTS (SELECT 1 FROM uses WHERE uses.rid = redemptions.rid)
"""
_MISCOUNTED = """
    SELECT id, seq FROM gateways WHERE seq != (SELECT count(*) FROM redemptions WHERE redemptions.gateway = gateways.id)
"""
