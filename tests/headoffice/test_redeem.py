"""Redeem, repeat, resolve, settle: a rid has one answer, a use is spent once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import TYPE_CHECKING

import msgspec
import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from headoffice.errors import DatabaseError
from headoffice.tables.schema import redemptions, refusals, uses
from protocol.last_use import UNSETTLED
from protocol.messages import Answer, Notice
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Table

    from headoffice.database import Database
    from tests.headoffice.counter import Clock, Counter

RACERS = 32
WAIT_S = 30


def test_a_look_offers_and_a_confirm_redeems(counter: Counter) -> None:
    code = counter.issue(title="拿铁一杯", kind="gift", value_text="大杯")
    looked = counter.look(code)
    assert (looked.verdict, looked.detail.title, looked.detail.value) == (Verdict.REDEEMABLE, "拿铁一杯", "大杯")
    assert looked.stores is None
    assert counter.spent(code) == 0

    answer = counter.confirm(counter.intent(code), looked.terms)
    assert answer.verdict is Verdict.REDEEMED
    assert answer.final
    assert (answer.detail.store, answer.detail.kiosk) == ("南京路店", "till-1")
    assert answer.detail.at == "2026-11-21T12:00:00+08:00"
    assert answer.detail.code_tail == code[-4:]
    assert counter.spent(code) == 1


def test_a_second_redemption_is_told_when_and_where_the_first_was(counter: Counter) -> None:
    code = counter.issue()
    counter.redeem(code)
    elsewhere = counter.in_store("jingan")
    for detail in (elsewhere.look(code).detail, elsewhere.confirm(elsewhere.intent(code)).detail):
        assert (detail.at, detail.store, detail.kiosk) == ("2026-11-21T12:00:00+08:00", "南京路店", "till-1")
    assert counter.spent(code) == 1


def test_a_repeat_of_a_rid_gets_the_recorded_answer_and_spends_nothing_more(counter: Counter) -> None:
    code = counter.issue(kind="multi_use", uses=3)
    intent = counter.intent(code)
    first = counter.confirm(intent)
    assert counter.confirm(intent) == first
    assert counter.resolve(intent) == first
    assert counter.spent(code) == 1
    assert len(counter.books()) == 1


@pytest.mark.parametrize(
    "change",
    [{"quantity": 2}, {"code": "ANOTHER-CODE"}, {"offer": "of another look"}, {"clerk": "1002"}, {"amount": 1}],
)
def test_a_rid_with_other_fields_is_a_fault_and_changes_nothing(counter: Counter, change: dict[str, object]) -> None:
    code = counter.issue(kind="multi_use", uses=3)
    intent = counter.intent(code, clerk="1001")
    counter.confirm(intent)
    answer = counter.ledger.answer(counter.gateway, counter.ask(msgspec.structs.replace(intent, **change)))
    assert isinstance(answer, Notice)
    assert (answer.verdict, answer.rid) == (Verdict.FAULT, intent.rid)
    assert counter.spent(code) == 1


def test_a_rid_of_another_requester_is_a_fault_and_changes_nothing(counter: Counter) -> None:
    code = counter.issue(kind="multi_use", uses=3)
    intent = counter.intent(code)
    counter.confirm(intent)
    thief = counter.in_store("jingan")
    answer = thief.ledger.answer(thief.gateway, thief.ask(intent))
    assert isinstance(answer, Notice)
    assert answer.verdict is Verdict.FAULT
    assert counter.spent(code) == 1


def test_of_many_that_race_for_one_voucher_exactly_one_wins(counter: Counter, database: Database) -> None:
    code = counter.issue()
    intents = [counter.intent(code) for _ in range(RACERS)]
    start = Barrier(RACERS)

    def confirm(number: int) -> Verdict:
        start.wait(WAIT_S)
        return counter.confirm(intents[number]).verdict

    with ThreadPoolExecutor(RACERS) as threads:
        verdicts = list(threads.map(confirm, range(RACERS)))
    assert sorted(verdicts) == sorted([Verdict.REDEEMED] + [Verdict.ALREADY_REDEEMED] * (RACERS - 1))
    assert counter.spent(code) == 1
    assert len(counter.books()) == RACERS


def test_a_rid_that_arrives_many_times_at_once_is_redeemed_once_and_always_answered_alike(counter: Counter) -> None:
    code = counter.issue(kind="multi_use", uses=RACERS)
    intent = counter.intent(code)
    start = Barrier(RACERS)

    def confirm(_: int) -> Answer:
        start.wait(WAIT_S)
        return counter.confirm(intent)

    with ThreadPoolExecutor(RACERS) as threads:
        answers = list(threads.map(confirm, range(RACERS)))
    assert answers == [answers[0]] * RACERS
    assert counter.spent(code) == 1


def test_those_that_race_for_the_uses_of_a_card_get_them_all_and_no_more(counter: Counter) -> None:
    code = counter.issue(kind="multi_use", uses=10)
    start = Barrier(8)

    def confirm(_: int) -> Answer:
        start.wait(WAIT_S)
        return counter.confirm(counter.intent(code, quantity=3))

    with ThreadPoolExecutor(8) as threads:
        verdicts = [answer.verdict for answer in threads.map(confirm, range(8))]
    assert verdicts.count(Verdict.REDEEMED) == 3
    assert verdicts.count(Verdict.NOT_ENOUGH_USES) == 5
    assert counter.spent(code) == 9


@pytest.mark.rule(3)
def test_the_books_themselves_hold_a_use_once(counter: Counter, database: Database) -> None:
    """Whatever the code above them believes: two rids cannot both have it."""
    one, other = counter.issue(), counter.issue()
    for code in (one, other):
        counter.redeem(code)

    def claim_again(connection: Connection) -> None:
        voucher, number, rid = connection.execute(select(uses)).all()[0]
        rids = connection.execute(select(redemptions.c.rid).where(redemptions.c.rid != rid)).scalars()
        connection.execute(insert(uses), {"voucher": voucher, "number": number, "rid": next(iter(rids))})

    with pytest.raises(DatabaseError) as refused:
        database.write(claim_again)
    assert isinstance(refused.value.__cause__, IntegrityError)


def test_a_quantity_is_taken_whole_or_not_at_all(counter: Counter) -> None:
    code = counter.issue(kind="multi_use", uses=5)
    assert counter.look(code).max_quantity == 5
    first = counter.redeem(code, quantity=3)
    assert (first.detail.quantity, first.detail.uses_left) == (3, 2)
    assert counter.look(code).max_quantity == 2

    assert counter.redeem(code, quantity=3).verdict is Verdict.NOT_ENOUGH_USES
    assert counter.spent(code) == 3

    assert counter.redeem(code, quantity=2).detail.uses_left == 0
    assert counter.look(code).verdict is Verdict.USES_EXHAUSTED


def test_resolving_an_unknown_rid_leaves_a_tombstone_that_a_late_request_meets(counter: Counter) -> None:
    code = counter.issue()
    intent = counter.intent(code)
    ended = counter.resolve(intent, reason="the customer left")
    assert (ended.verdict, ended.detail.reason) == (Verdict.ABORTED, "the customer left")
    assert counter.confirm(intent) == ended
    assert counter.spent(code) == 0
    assert counter.redeem(code).verdict is Verdict.REDEEMED


def test_resolving_a_redeemed_rid_tells_the_truth(counter: Counter) -> None:
    code = counter.issue()
    intent = counter.intent(code)
    redeemed = counter.confirm(intent)
    assert counter.resolve(intent) == redeemed


def test_an_offer_made_before_the_terms_changed_redeems_nothing(counter: Counter) -> None:
    counter.put_type("latte", title="拿铁")
    code = counter.issue(type="latte")
    terms = counter.look(code).terms
    counter.put_type("latte", title="拿铁", weekdays=["sat"])
    late = counter.confirm(counter.intent(code), terms)
    assert late.verdict is Verdict.ABORTED
    assert counter.spent(code) == 0
    assert counter.redeem(code).verdict is Verdict.REDEEMED


def _after(counter: Counter, *stores: str) -> Counter:
    """Return the own counter of a gateway that has come in place of the stores' others."""
    counter.api.put("/api/v1/gateways/gw-new", {"name": "新网关", "stores": list(stores)}).raise_for_status()
    return replace(counter, gateway="gw-new", kiosk="gw-new")


@pytest.mark.rule(12)
def test_rule_12_what_a_gateways_own_counter_began_is_ended_by_the_gateway_that_replaces_it(counter: Counter) -> None:
    old = replace(counter, kiosk=counter.gateway)
    code = counter.issue()
    intent = old.intent(code)
    redeemed = old.confirm(intent)
    new = _after(counter, counter.store)
    assert new.resolve(intent) == redeemed
    assert new.confirm(intent) == redeemed, "a repeat begins nothing"
    assert new.settle(intent.rid) == redeemed
    assert counter.spent(code) == 1
    assert [row["kiosk"] for row in counter.books()] == [old.kiosk], "whose it was stays as it is"


@pytest.mark.rule(2)
@pytest.mark.parametrize("whose", ["a kiosk's", "another store's", "with other fields"])
def test_rule_2_what_was_not_begun_there_is_still_anothers(counter: Counter, whose: str) -> None:
    old = counter if whose == "a kiosk's" else replace(counter, kiosk=counter.gateway)
    intent = old.intent(counter.issue())
    old.confirm(intent)
    new = _after(counter, "jingan" if whose == "another store's" else counter.store)
    if whose == "with other fields":
        intent = msgspec.structs.replace(intent, offer="another")
    refused = new.ledger.answer(new.gateway, new.ask(intent))
    assert isinstance(refused, Notice)
    assert refused.verdict is Verdict.FAULT
    if whose != "with other fields":
        assert isinstance(new.settle(intent.rid), Notice)


def test_settled_is_noted_once_and_only_for_its_requester(counter: Counter) -> None:
    redeemed = counter.redeem(counter.issue())
    stranger = counter.in_store("jingan")
    assert isinstance(stranger.settle(redeemed.rid), Notice)
    assert counter.settle(redeemed.rid) == redeemed
    assert counter.settle(redeemed.rid, handed_over=False) == redeemed
    (row,) = counter.books()
    assert row["handed_over"] is True
    assert row["settled_at"] is not None


@pytest.mark.rule(9)
def test_a_second_showing_asks_whether_anything_was_handed_over_where_nobody_has_seen_the_first_answer(
    counter: Counter, clock: Clock
) -> None:
    code = counter.issue()
    redeemed = counter.redeem(code)
    assert not counter.look(code).detail.unsettled
    clock.pass_by(UNSETTLED)
    assert counter.look(code).detail.unsettled
    counter.settle(redeemed.rid, handed_over=False)
    assert not counter.look(code).detail.unsettled


def test_a_typed_code_is_understood_as_people_write_it(counter: Counter) -> None:
    code = counter.issue()
    typed = "-".join(code[at : at + 4] for at in range(0, 16, 4)).lower().replace("0", "o").replace("1", "l")
    assert counter.look(typed).verdict is Verdict.REDEEMABLE
    assert counter.redeem(typed).verdict is Verdict.REDEEMED
    assert counter.look(code).verdict is Verdict.ALREADY_REDEEMED


def test_no_code_and_no_offer_is_logged(counter: Counter, caplog: pytest.LogCaptureFixture) -> None:
    code = counter.issue(code="A-CODE-TO-LOOK-FOR")
    counter.issue(code="ANOTHER-OF-THEM")
    counter.api.post("/api/v1/vouchers", {"code": "ANOTHER-OF-THEM"})
    redeemed = counter.redeem(code)
    counter.look("UNKNOWN-TO-US")
    counter.undo(redeemed.rid)
    assert f"rid={redeemed.rid}" in caplog.text
    for secret in (code, "ANOTHER-OF-THEM", "UNKNOWN-TO-US", "sealed"):
        assert secret not in caplog.text


def _all(database: Database, table: Table) -> Sequence[object]:
    return database.read(lambda connection: connection.execute(select(table)).all())


def test_no_code_is_kept_with_a_redemption(counter: Counter, database: Database) -> None:
    code = counter.issue()
    counter.redeem(code)
    counter.redeem("no such code 1234")
    rows = [row for table in (redemptions, refusals) for row in _all(database, table)]
    assert rows
    for secret in (code, "no such code 1234", "sealed"):
        assert secret not in repr(rows)
