"""Rule 11 where a platform owns the voucher: what restored books have lost counts as having left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from headoffice.errors import BehindError
from headoffice.redemptions import standing
from protocol import platform as machine
from protocol.marks import Mark
from protocol.messages import Answer, Detail
from protocol.vocabulary import Verdict
from tests.headoffice.platforms.conftest import CODE
from tests.headoffice.test_restore import HERE, THERE, kept, restored, upload

if TYPE_CHECKING:
    from headoffice.database import Database
    from tests.headoffice.counter import Clock
    from tests.headoffice.platforms.conftest import Shop


@pytest.fixture
def behind(shop: Shop, database: Database, clock: Clock) -> Shop:
    """Return a shop whose books were put back, and were restored; both gateways' journals are missing."""
    restored(shop, database, clock)
    return shop


def _drive(shop: Shop, rounds: int = 3) -> None:
    for _ in range(rounds):
        shop.process.pass_by(machine.LONGEST_PAUSE_S + machine.CONSUME_S)
        shop.process.round()


def test_a_rid_that_comes_without_an_end_is_driven_forward_and_never_aborted(behind: Shop) -> None:
    intent = behind.intent(CODE)
    upload(behind, HERE, kept(behind, intent, None))
    assert behind.resolve(intent).verdict is Verdict.PENDING
    _drive(behind)
    assert behind.platform.queried == [], "the other journal may hold the end of it"
    upload(behind, THERE)
    behind.platform.hears = [Verdict.ALREADY_REDEEMED]
    _drive(behind)
    assert behind.platform.consumed == [(CODE, 1)]
    assert behind.resolve(intent).verdict is Verdict.PENDING, "the forgotten one may have landed"
    behind.process.run(behind.process.driver.reported("cards/card-1", ours=True))
    assert behind.resolve(intent).verdict is Verdict.REDEEMED


def test_an_end_that_comes_closes_the_case_that_the_copy_still_had(
    shop: Shop, database: Database, clock: Clock
) -> None:
    shop.platform.hears = [None]
    intent = shop.intent(CODE)
    shop.confirm(intent)
    restored(shop, database, clock)
    detail = Detail(title="拿铁", code_tail=CODE[-4:])
    answer = Answer(rid=intent.rid, verdict=Verdict.REDEEMED, final=True, detail=detail, voucher="cards/card-1")
    upload(shop, HERE, kept(shop, intent, answer))
    upload(shop, THERE)
    _drive(shop)
    assert len(shop.platform.consumed) == 1, "nothing more is sent for it"
    assert shop.resolve(intent).verdict is Verdict.REDEEMED
    assert shop.look(CODE).verdict is Verdict.ALREADY_REDEEMED
    (row,) = [row for row in shop.books() if row["rid"] == intent.rid]
    assert row["platform"] == "cards"
    assert shop.process.database.read(standing.status)["discrepancies"] == []


def test_a_rid_that_was_only_claimed_in_the_copy_is_not_aborted(shop: Shop, database: Database, clock: Clock) -> None:
    shop.process.dies_at_the_next_call()
    intent = shop.intent(CODE)
    shop.confirm(intent)
    restored(shop, database, clock)
    again = shop.at(shop.another_process())
    assert again.resolve(intent).verdict is Verdict.PENDING
    for gateway in (HERE, THERE):
        upload(again, gateway)
    _drive(again)
    assert again.resolve(intent).verdict is Verdict.REDEEMED


def test_nothing_begins_and_nothing_is_offered_before_every_journal_is_in(behind: Shop) -> None:
    intent = behind.intent(CODE)
    assert behind.look(CODE).verdict is Verdict.UPSTREAM_UNAVAILABLE
    assert behind.confirm(intent).verdict is Verdict.PENDING
    for gateway in (HERE, THERE):
        upload(behind, gateway)
    assert behind.look(CODE).verdict is Verdict.REDEEMABLE
    behind.confirm(intent)
    assert behind.confirm(intent).verdict is Verdict.REDEEMED


def test_every_step_of_a_case_is_counted_so_that_an_older_copy_is_found_out(shop: Shop, database: Database) -> None:
    intent = shop.intent(CODE)
    shop.confirm(intent)
    peer = database.read(lambda connection: standing.meet(connection, HERE, shop.ask(intent)))
    assert peer.own == Mark(1, 3), "claimed, left, ended"


def test_an_event_is_not_taken_while_it_may_be_about_a_rid_that_the_books_have_lost(
    shop: Shop, database: Database, clock: Clock
) -> None:
    shop.platform.hears = [None]
    first = shop.intent(CODE)
    shop.confirm(first)
    unheard = shop.another_process(hears=False)
    with pytest.raises(BehindError):
        unheard.run(unheard.driver.reported("cards/card-1", ours=True))
    restored(shop, database, clock)
    with pytest.raises(BehindError):
        shop.process.run(shop.process.driver.reported("cards/card-1", ours=True))
    lost = shop.intent(CODE)
    upload(shop, HERE, kept(shop, lost, None))
    upload(shop, THERE)
    with pytest.raises(BehindError):
        shop.process.run(shop.process.driver.reported("cards/card-1", ours=True))
    assert {shop.resolve(intent).verdict for intent in (first, lost)} == {Verdict.PENDING}


def test_an_event_about_what_the_books_have_lost_is_asked_for_again_until_they_have_it(behind: Shop) -> None:
    lost = behind.intent(CODE)
    with pytest.raises(BehindError):
        behind.process.run(behind.process.driver.reported("cards/card-1", ours=True))
    upload(behind, HERE, kept(behind, lost, None))
    upload(behind, THERE)
    with pytest.raises(BehindError):
        behind.process.run(behind.process.driver.reported("cards/card-1", ours=True))
    behind.platform.hears = [None]
    _drive(behind)
    behind.process.run(behind.process.driver.reported("cards/card-1", ours=True))
    assert behind.resolve(lost).verdict is Verdict.REDEEMED


def test_nothing_begins_at_a_code_of_which_a_lost_rid_may_have_consumed_the_voucher(behind: Shop) -> None:
    lost, late = behind.intent(CODE), behind.intent(CODE)
    upload(behind, HERE, kept(behind, lost, None))
    upload(behind, THERE)
    assert behind.confirm(late).verdict is Verdict.PENDING
    assert behind.platform.queried == []
    assert behind.resolve(late).verdict is Verdict.ABORTED
    _drive(behind)
    assert behind.resolve(lost).verdict is Verdict.REDEEMED


def _redeemed(rid: str) -> Answer:
    return Answer(rid=rid, verdict=Verdict.REDEEMED, final=True, voucher="cards/card-1")


@pytest.mark.rule(11)
def test_the_only_use_stays_with_the_rid_that_had_it_and_no_event_gives_it_to_another(behind: Shop) -> None:
    had, lost = behind.intent(CODE), behind.intent(CODE)
    behind.platform.hears = [Verdict.ALREADY_REDEEMED]
    upload(behind, HERE, kept(behind, lost, None))
    upload(behind, THERE, kept(behind, had, _redeemed(had.rid)))
    _drive(behind)
    behind.process.run(behind.process.driver.reported("cards/card-1", ours=True))
    assert behind.resolve(lost).verdict is Verdict.ALREADY_REDEEMED
    assert behind.platform.consumed == []
    assert behind.look(CODE).verdict is Verdict.ALREADY_REDEEMED
    assert behind.process.database.read(standing.status)["discrepancies"] == []


def test_what_the_copy_still_had_at_a_use_that_turns_out_to_be_anothers_ends(
    shop: Shop, database: Database, clock: Clock
) -> None:
    shop.platform.hears = [None]
    had, before = shop.intent(CODE), shop.intent(CODE)
    shop.confirm(before)
    restored(shop, database, clock)
    peer = database.read(lambda connection: standing.meet(connection, HERE, shop.ask(before)))
    upload(shop, THERE, kept(shop, had, _redeemed(had.rid)))
    assert shop.resolve(before).verdict is Verdict.ALREADY_REDEEMED
    now = database.read(lambda connection: standing.meet(connection, HERE, shop.ask(before)))
    assert now.own.sequence == peer.own.sequence + 1, "an older copy of it is found out"
    upload(shop, HERE)
    _drive(shop)
    shop.process.run(shop.process.driver.reported("cards/card-1", ours=True))
    assert shop.resolve(before).verdict is Verdict.ALREADY_REDEEMED
    assert len(shop.platform.consumed) == 1, "nothing more is sent for it"


def test_two_that_both_had_the_only_use_are_told_of(behind: Shop) -> None:
    first, second = behind.intent(CODE), behind.intent(CODE)
    upload(behind, HERE, kept(behind, first, _redeemed(first.rid)))
    upload(behind, THERE, kept(behind, second, _redeemed(second.rid)))
    (told,) = behind.process.database.read(standing.status)["discrepancies"]
    assert told["rid"] == second.rid
    assert told["what"] == f"the only use of cards/card-1 is {first.rid}'s"
    assert {behind.resolve(intent).verdict for intent in (first, second)} == {Verdict.REDEEMED}
