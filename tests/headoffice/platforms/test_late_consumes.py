"""A process that stands still between its books and the platform: what it would send late it does not send."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, select

from headoffice.tables.cases import cases
from protocol import platform as machine
from protocol.platform import Phase
from protocol.vocabulary import Verdict
from tests.fakes.platform import ScriptedPlatform
from tests.headoffice.platforms.conftest import CODE

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headoffice.database import Database
    from tests.headoffice.platforms.conftest import Shop


class Silent(ScriptedPlatform):
    """A platform that takes a consume and never answers."""

    async def consume(self, code: str, quantity: int) -> Verdict:
        self.consumed.append((code, quantity))
        return await asyncio.Future()


def _phase(database: Database) -> tuple[str, int]:
    found = select(cases.c.phase, cases.c.attempts)
    phase, attempts = database.read(lambda connection: connection.execute(found).one())
    return phase, attempts


@pytest.mark.rule(7)
def test_a_process_that_was_frozen_behind_the_attempt_sends_no_consume_any_more(shop: Shop, database: Database) -> None:
    shop.process.freezes_behind_the_attempt(machine.CONSUME_S)
    intent = shop.intent(CODE)
    shop.confirm(intent)
    shop.process.run(asyncio.sleep(0))
    assert shop.platform.consumed == [], "others may have concluded that none can be under way"
    assert _phase(database) == (Phase.SENT, 1)
    other = shop.another_process()
    other.pass_by(machine.CONSUME_S + 2)
    shop.platform.hears = [Verdict.ALREADY_REDEEMED]
    other.round()
    assert _phase(database) == (Phase.OPEN, 2), "to everybody else it counts as having left"


def test_one_that_was_frozen_in_the_commit_sends_none_either(shop: Shop, database: Database) -> None:
    def freeze(connection: Connection) -> None:
        if connection.execute(select(cases.c.attempts)).scalar():
            shop.process.pass_by(machine.CONSUME_S)

    event.listen(database.engine, "commit", freeze)
    try:
        shop.confirm(shop.intent(CODE))
        shop.process.run(asyncio.sleep(0))
    finally:
        event.remove(database.engine, "commit", freeze)
    assert shop.platform.consumed == []
    assert _phase(database) == (Phase.SENT, 1)


def test_a_consume_that_leaves_late_is_waited_for_no_longer_than_one_that_leaves_at_once(
    shop: Shop, database: Database
) -> None:
    shop.platform.__class__ = Silent
    shop.process.freezes_behind_the_attempt(machine.CONSUME_S - 0.05)
    begun = time.monotonic()
    shop.confirm(shop.intent(CODE))
    shop.process.run(asyncio.sleep(0))
    assert len(shop.platform.consumed) == 1
    assert time.monotonic() - begun < machine.CONSUME_S / 2
    assert _phase(database) == (Phase.SENT, 1)
