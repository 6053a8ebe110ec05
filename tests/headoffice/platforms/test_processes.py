"""Processes that die between the books and the platform, and several of them at once: nothing is spent twice."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from headoffice.errors import DatabaseError
from headoffice.platforms import cases as books
from headoffice.platforms import desk
from headoffice.platforms.watch import UNHEARD_S
from headoffice.redemptions import rids, standing
from headoffice.redemptions.rids import Record
from headoffice.registry import put
from headoffice.tables.cases import cases
from headoffice.tables.schema import stores
from protocol import platform as machine
from protocol.messages import Answer
from protocol.owner import Ruling
from protocol.platform import Phase
from protocol.upstream import AskResolve
from protocol.vocabulary import Verdict
from tests.headoffice.conftest import NOON
from tests.headoffice.platforms.conftest import CARD, CODE
from tests.headoffice.racing import WHERE_THEY_OVERLAP, overlapping

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headoffice.database import Database
    from protocol.messages import Intent
    from tests.headoffice.platforms.conftest import Shop


def _attempts(shop: Shop) -> int:
    found = select(cases.c.attempts)
    return int(shop.process.database.read(lambda connection: connection.execute(found).scalar_one()))


def test_killed_behind_the_claim_another_process_asks_anew_and_nothing_had_left(shop: Shop) -> None:
    shop.process.dies_at_the_next_call()
    intent = shop.intent(CODE)
    assert shop.confirm(intent).verdict is Verdict.PENDING
    assert shop.platform.queried == []
    other = shop.another_process()
    other.round()
    assert shop.platform.queried == [], "not due yet: the first may be alive"
    other.pass_by(machine.QUERY_S)
    other.round()
    assert shop.at(other).confirm(intent).verdict is Verdict.REDEEMED
    assert (len(shop.platform.consumed), _attempts(shop)) == (1, 1)


def test_killed_behind_the_claim_for_long_the_rid_is_aborted(shop: Shop) -> None:
    shop.process.dies_at_the_next_call()
    intent = shop.intent(CODE)
    shop.confirm(intent)
    other = shop.another_process()
    other.pass_by(machine.ABORT_S)
    other.round()
    assert shop.at(other).confirm(intent).verdict is Verdict.ABORTED
    assert shop.platform.consumed == []


def test_killed_behind_the_attempt_it_counts_as_left_and_a_refusal_after_it_is_no_end(shop: Shop) -> None:
    intent = shop.intent(CODE)
    process, make = shop.process, shop.process.driver._make
    process.driver._make = lambda done, *more: make(done, *more) if done.case.attempts == 0 else None  # type: ignore[method-assign]
    shop.confirm(intent)
    assert (shop.platform.consumed, _attempts(shop)) == ([], 1)
    shop.platform.hears = [Verdict.ALREADY_REDEEMED]
    other = shop.another_process()
    other.pass_by(machine.CONSUME_S + 2)
    other.round()
    assert (len(shop.platform.consumed), _attempts(shop)) == (1, 2)
    assert shop.at(other).confirm(intent).verdict is Verdict.PENDING, "the first may have landed"


def test_an_answer_that_the_dead_never_took_is_asked_for_again_by_the_next(shop: Shop) -> None:
    shop.platform.hears = [None, Verdict.REDEEMED]
    intent = shop.intent(CODE)
    shop.confirm(intent)
    other = shop.another_process()
    other.pass_by(machine.CONSUME_S + 2)
    other.round()
    assert shop.at(other).confirm(intent).verdict is Verdict.REDEEMED
    assert _attempts(shop) == len(shop.platform.consumed) == 2


def test_of_many_processes_one_does_what_is_due(shop: Shop) -> None:
    shop.platform.hears = [None, None]
    intents = [shop.intent(CODE)]
    shop.confirm(intents[0])
    others = [shop.another_process() for _ in range(4)]
    others[0].pass_by(machine.CONSUME_S + 2)

    async def all_at_once() -> None:
        await asyncio.gather(*(other.driver.round() for other in others))

    for other in others:
        other.run(all_at_once())
    assert len(shop.platform.consumed) == _attempts(shop) == 2


def test_of_many_rids_at_one_card_one_consumes_it(shop: Shop) -> None:
    processes = [shop.process, *(shop.another_process() for _ in range(3))]
    intents = [shop.intent(CODE) for _ in processes]

    async def all_at_once() -> None:
        asked = zip(processes, intents, strict=True)
        await asyncio.gather(
            *(asyncio.to_thread(one.ledger.answer, shop.gateway, shop.ask(intent)) for one, intent in asked)
        )

    shop.process.run(all_at_once())
    for process in processes:
        process.run(asyncio.sleep(0))
    verdicts = [shop.confirm(intent).verdict for intent in intents]
    assert verdicts.count(Verdict.REDEEMED) == 1
    assert set(verdicts) <= {Verdict.REDEEMED, Verdict.BUSY, Verdict.ALREADY_REDEEMED}
    assert len(shop.platform.consumed) == 1


def test_a_process_that_a_gateway_has_not_spoken_to_drives_none_of_its_cases(shop: Shop) -> None:
    shop.platform.hears = [None]
    intent = shop.intent(CODE)
    shop.confirm(intent)
    other = shop.another_process(hears=False)
    other.pass_by(machine.CONSUME_S + 2)
    other.round()
    assert _attempts(shop) == 1, "these books may be an older copy; the gateway would know"
    assert shop.at(other).confirm(intent).verdict is Verdict.PENDING
    other.round()
    assert (_attempts(shop), shop.at(other).confirm(intent).verdict) == (2, Verdict.REDEEMED)


def test_a_gateway_that_is_gone_for_good_keeps_no_case_open(shop: Shop) -> None:
    shop.platform.hears = [None]
    shop.confirm(shop.intent(CODE))
    other = shop.another_process(hears=False)
    other.round()
    other.pass_by(UNHEARD_S - 1)
    other.round()
    assert _attempts(shop) == 1
    other.pass_by(1)
    other.round()
    assert _attempts(shop) == 2


def _resolve(shop: Shop, connection: Connection, intent: Intent) -> None:
    """Take a RESOLVE of a rid that has a case, in a transaction that is still open."""
    filed = books.find(connection, intent.rid)
    assert filed is not None
    desk.take(connection, shop.gateway, filed, AskResolve(requester=shop.kiosk, store=shop.store, intent=intent), NOON)


def _phases(database: Database) -> list[str]:
    return list(database.read(lambda connection: connection.execute(select(cases.c.phase)).scalars()))


@pytest.mark.rule(2)
@WHERE_THEY_OVERLAP
def test_a_repeat_that_overlaps_the_end_of_its_rid_is_answered_with_that_end(shop: Shop, database: Database) -> None:
    shop.process.dies_at_the_next_call()
    intent = shop.intent(CODE)
    shop.confirm(intent)
    told = overlapping(
        database,
        lambda connection: _resolve(shop, connection, intent),
        partial(shop.process.ledger.answer, shop.gateway, shop.ask(intent)),
    )
    assert isinstance(told, Answer)
    assert (told.verdict, _phases(database)) == (Verdict.ABORTED, [Phase.ENDED])


@pytest.mark.rule(2)
@WHERE_THEY_OVERLAP
def test_an_upload_that_overlaps_the_end_of_its_rid_changes_nothing(shop: Shop, database: Database) -> None:
    shop.process.dies_at_the_next_call()
    intent = shop.intent(CODE)
    shop.confirm(intent)
    lost = machine.presume(shop.kiosk, shop.store, intent, shop.clock().timestamp())

    def keep() -> None:
        at = shop.clock()
        with pytest.raises(DatabaseError, match="lost races"):  # whoever repeats it looks for an end first
            database.write(lambda connection: books.keep(connection, shop.gateway, lost, at))

    overlapping(database, lambda connection: _resolve(shop, connection, intent), keep)
    assert _phases(database) == [Phase.ENDED]


@pytest.mark.rule(2)
@WHERE_THEY_OVERLAP
def test_a_repeat_that_overlaps_the_refusal_of_its_rid_begins_nothing(shop: Shop, database: Database) -> None:
    intent, ledger = shop.intent(CODE, clerk="0007"), shop.process.ledger

    def refuse(connection: Connection) -> None:
        """Ask for clerks from now on, which nobody else can see yet, and refuse this one."""
        put(connection, stores, {"id": shop.store}, {"clerk_policy": "each"})
        peer = standing.peer_of(connection, shop.gateway)
        ledger._rule(connection, peer, shop.ask(intent), shop.clock())

    told = overlapping(database, refuse, partial(ledger.answer, shop.gateway, shop.ask(intent)))
    assert isinstance(told, Answer)
    assert (told.verdict, _phases(database)) == (Verdict.CLERK_WRONG_STORE, [Phase.ENDED])


def test_a_case_is_begun_over_no_other(shop: Shop, database: Database) -> None:
    intent = shop.intent(CODE)
    shop.confirm(intent)
    for ask in (shop.ask(intent), AskResolve(requester=shop.kiosk, store=shop.store, intent=intent)):
        with pytest.raises(DatabaseError, match="lost races"):
            database.write(partial(desk.begin, gateway=shop.gateway, ask=ask, at=shop.clock()))
    assert _phases(database) == [Phase.ENDED]
    assert shop.confirm(intent).verdict is Verdict.REDEEMED


def test_a_case_that_cannot_be_written_keeps_none_behind_it_waiting(shop: Shop, database: Database) -> None:
    shop.platform.cards["600000000002"] = CARD
    shop.process.dies_at_the_next_call()
    first, second = shop.intent(CODE), shop.intent("600000000002")
    for intent in (first, second):
        shop.confirm(intent)
        shop.process.pass_by(1)
    answer = Answer(rid=first.rid, verdict=Verdict.ABORTED, final=True)
    end = Record(gateway=shop.gateway, ask=shop.ask(first), ruling=Ruling(answer=answer), voucher=None, at=shop.clock())
    database.write(lambda connection: rids.record(connection, end))
    shop.process.pass_by(machine.ABORT_S)
    shop.process.round()
    assert shop.confirm(second).verdict is Verdict.ABORTED
    assert sorted(_phases(database)) == [Phase.CLAIMED, Phase.ENDED]
