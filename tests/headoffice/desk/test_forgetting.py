"""The process forgets customers by itself, as its configuration says."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from headoffice.database import Database, open_database
from headoffice.tables.pages import wallets
from headoffice.vouchers.wallets import wallet_of
from tests.headoffice.process import start, write_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WITHIN_S = 60.0


def known(database: Database) -> list[str]:
    found = select(wallets.c.customer).where(wallets.c.customer.is_not(None)).order_by(wallets.c.customer)
    return list(database.read(lambda connection: connection.execute(found).scalars().all()))


def test_a_head_office_forgets_the_customers_whose_time_has_come(tmp_path: Path, free_port: Callable[[], int]) -> None:
    config = write_config(tmp_path, free_port(), free_port())
    config.write_text(f"{config.read_text()}\n[customers]\nkeep_days = 30\n")
    (tmp_path / "data").mkdir()
    now = datetime.now(UTC)

    def remember(connection: Connection) -> None:
        for customer, days in (("old", 31), ("new", 29)):
            wallet_of(connection, customer, now - timedelta(days=days))

    with closing(open_database(f"sqlite:///{tmp_path / 'data' / 'hexiao.db'}")) as database:
        database.write(remember)
        assert known(database) == ["new", "old"]
        with start(config) as process:
            try:
                until = time.monotonic() + WITHIN_S
                while known(database) != ["new"]:
                    assert process.poll() is None, config.with_suffix(".log").read_text()
                    assert time.monotonic() < until
                    time.sleep(0.1)
            finally:
                process.terminate()
                process.wait(WITHIN_S)
    assert process.returncode == 0
