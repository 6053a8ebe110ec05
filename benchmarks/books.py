"""Books filled with redemptions that were never made, by multiplying one that was: what a shop has after some years."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.rig import Counter

_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)"
#: Columns of a copied row that are made anew; every other one is taken from the row that is copied.
_NEW = {
    "headoffice/hexiao.db": {
        "vouchers": {
            "id": "printf('%032x', i)",
            "code": "printf('BENCH%011d', i)",
            "page_token": "printf('bench-%d', i)",
        },
        "redemptions": {"rid": "printf('%032x', i)", "voucher": "printf('%032x', i)"},
        "uses": {"voucher": "printf('%032x', i)", "rid": "printf('%032x', i)"},
    },
    "gateway/journal.db": {"relays": {"n": "NULL", "rid": "printf('%032x', i)"}},
}
#: Which row is copied: a redemption that succeeded and is settled, and what belongs to it.
_MODEL = {
    "vouchers": "id = (SELECT voucher FROM uses LIMIT 1)",
    "redemptions": "rid = (SELECT rid FROM uses LIMIT 1)",
    "uses": "rid = (SELECT rid FROM uses LIMIT 1)",
    "relays": "n = (SELECT min(n) FROM relays WHERE verdict = 'redeemed')",
}


def fill(counter: Counter, redemptions: int) -> None:
    """Stop gateway and head office, put so many redemptions into their books, and start them again."""
    for part in ("gateway", "headoffice"):
        counter.call("POST", f"/api/parts/{part}/kill")
    for file, tables in _NEW.items():
        multiply(counter.folder / file, tables, redemptions)
    for part in ("headoffice", "gateway"):
        counter.call("POST", f"/api/parts/{part}/start")


def multiply(file: Path, tables: dict[str, dict[str, str]], times: int) -> None:
    """Copy a redemption so many times; ``tables`` has what the copies have anew, as SQL of their number i."""
    connection = apsw.Connection(str(file))
    with connection:
        for table, made in tables.items():
            names = [str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")]
            values = ", ".join(made.get(name, name) for name in names)
            source = f"(SELECT * FROM {table} WHERE {_MODEL[table]}), n"  # noqa: S608 - names from above
            connection.execute(f"{_NUMBERS} INSERT INTO {table} SELECT {values} FROM {source}", (times,))  # noqa: S608
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
