"""The head office's books as older versions of the program left them."""

from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import apsw
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData

import headoffice.migrations
from headoffice.database import Database, sqlite_engine
from headoffice.vouchers.types import PLAIN
from simulator.powercuts.headoffice_work import GATEWAY, KIOSK, NOON, PLACE, STORE

if TYPE_CHECKING:
    from random import Random

    from sqlalchemy import Connection

_MIGRATIONS = str(Path(headoffice.migrations.__file__).parent)


def older_books(random: Random) -> bytes:
    """Return books of an older schema, any but the newest, as their file: vouchers, one of them redeemed."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "hexiao.db"
        with closing(Database(sqlite_engine(f"sqlite:///{path}"))) as database:
            revision = random.choice(_older_revisions())
            database.write(lambda connection: _migrate(connection, revision))
            database.write(lambda connection: _fill(connection, random))
        with closing(apsw.Connection(str(path))) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return path.read_bytes()


def _older_revisions() -> list[str]:
    revisions = ScriptDirectory(_MIGRATIONS).walk_revisions()
    return sorted(one.revision for one in revisions)[:-1]


def _migrate(connection: Connection, revision: str) -> None:
    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", _MIGRATIONS)
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _fill(connection: Connection, random: Random) -> None:
    """Write a store, a gateway, a type, a key, three vouchers and a redemption, in the columns that there are."""
    books = MetaData()
    books.reflect(connection)

    def put(table: str, **values: Any) -> None:  # noqa: ANN401 - of any column
        columns = books.tables[table].c
        row = {name: value for name, value in values.items() if name in columns and value is not None}
        connection.execute(books.tables[table].insert(), row)

    put("stores", **PLACE, id=STORE)
    put("gateways", id=GATEWAY, name="G", seq=1)
    put("gateway_stores", gateway=GATEWAY, store=STORE)
    put("voucher_types", **{**PLAIN, "id": "t", "title": "T", "everywhere": True, "state": "approved", "terms": 1})
    numbers = [random.randbytes(16).hex() for _ in range(3)]
    for number in numbers:
        code = f"{random.randrange(10**11):011}X"
        made = {"id": number, "code": code, "type": "t", "state": "active", "uses": 1, "page_token": code}
        put("vouchers", **made, issued_at=NOON)
    rid = random.randbytes(16).hex()
    answer = f'{{"type":"answer","rid":"{rid}","verdict":"redeemed","final":true,"uses":[1]}}'
    # The first schema counted no gateway's rids.
    through = GATEWAY if "seq" in books.tables["gateways"].c else None
    whose = {"rid": rid, "requester": KIOSK, "gateway": through, "store": STORE, "voucher": numbers[0]}
    what = {"action": "redeem", "intent_digest": bytes(32), "quantity": 1, "method": "scan", "spent": "[1]"}
    put("redemptions", **whose, **what, verdict="redeemed", answer=answer, at=NOON)
    put("uses", voucher=numbers[0], number=1, rid=rid)
    if "signing_keys" in books.tables:
        put("signing_keys", id="a" * 8, public="a" * 64, added_at=NOON, lease_key=random.randbytes(32))
    if "cases" in books.tables:
        _put_case(put, random.randbytes(16).hex())


def _put_case(put: Any, rid: str) -> None:  # noqa: ANN401 - a function of many columns
    intent = f'{{"rid":"{rid}","code":"WX-{rid}"}}'
    whose = {"rid": rid, "requester": KIOSK, "gateway": GATEWAY, "store": STORE, "intent": intent}
    counted = {"phase": "sent", "queries": 1, "attempts": 1, "claimed_at": 1.0, "left_at": 1.0, "due": 2.0}
    put("cases", **whose, **counted, voucher=f"wx/{rid}", single=True, claims=True, detail="{}")
