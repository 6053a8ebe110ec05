"""Codes that a platform owns, through the books: what is answered, what is sent, and when (rules 3 and 5 to 8)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest
from sqlalchemy import select

from headoffice.platforms.ports import Spent, Worth
from headoffice.redemptions.rids import Decision
from headoffice.tables.cases import cases
from protocol import platform as machine
from protocol.messages import Notice
from protocol.vocabulary import Verdict
from tests.headoffice.platforms.conftest import CARD, CODE

if TYPE_CHECKING:
    from protocol.messages import Answer, Intent
    from tests.headoffice.platforms.conftest import Process, Shop


def _unanswered(shop: Shop) -> Intent:
    """Redeem with the first consume unanswered and the second refused: nobody knows whose use it was."""
    shop.platform.hears = [None, Verdict.ALREADY_REDEEMED]
    intent = shop.intent(CODE)
    assert shop.confirm(intent).verdict is Verdict.PENDING
    shop.process.pass_by(machine.CONSUME_S + 2)
    shop.process.round()
    assert len(shop.platform.consumed) == 2
    shop.process.round()
    return intent


def _verdict(shop: Shop, intent: Intent) -> Verdict:
    return shop.confirm(intent).verdict


def _rows(shop: Shop) -> list[tuple[str, int, bool]]:
    found = select(cases.c.phase, cases.c.attempts, cases.c.intent.is_(None))
    return [tuple(row) for row in shop.process.database.read(lambda connection: connection.execute(found).all())]


# --- the good way ---------------------------------------------------------------------------------------------------


def test_a_platforms_code_is_looked_at_and_redeemed_once(shop: Shop) -> None:
    looked = shop.look(CODE)
    assert (looked.verdict, looked.voucher, looked.detail.title) == (Verdict.REDEEMABLE, "cards/card-1", "拿铁")
    intent = shop.intent(CODE)
    assert _verdict(shop, intent) is Verdict.PENDING
    done = shop.confirm(intent)
    assert (done.verdict, done.final, done.voucher) == (Verdict.REDEEMED, True, "cards/card-1")
    assert (done.detail.store, done.detail.kiosk, done.detail.title) == ("南京路店", "till-1", "拿铁")
    assert shop.confirm(intent) == done
    assert shop.platform.consumed == [(CODE, 1)]
    assert _rows(shop) == [("ended", 1, True)], "the code is erased with the end"
    (row,) = [row for row in shop.books() if row["rid"] == intent.rid]
    assert (row["verdict"], row["platform"], row["code_tail"]) == ("redeemed", "cards", CODE[-4:])


def test_a_known_rid_with_other_fields_is_a_fault_before_and_after_its_end(shop: Shop) -> None:
    intent = shop.intent(CODE)
    shop.platform.silent = True
    for _ in range(2):
        shop.confirm(intent)
        forged = msgspec.structs.replace(intent, quantity=2)
        answer = shop.ledger.answer(shop.gateway, shop.ask(forged))
        assert isinstance(answer, Notice)
        assert answer.verdict is Verdict.FAULT
        shop.platform.silent = False
        shop.process.pass_by(machine.QUERY_S)
        shop.process.round()
    assert shop.platform.consumed == [(CODE, 1)]


@pytest.mark.rule(12)
def test_rule_12_what_the_own_counter_of_a_replaced_gateway_began_at_a_platform_is_ended_by_the_next(
    shop: Shop,
) -> None:
    old = replace(shop, kiosk=shop.gateway)
    intent = old.intent(CODE)
    shop.platform.silent = True
    assert old.confirm(intent).verdict is Verdict.PENDING
    shop.api.put("/api/v1/gateways/gw-new", {"name": "新网关", "stores": [shop.store]}).raise_for_status()
    new = replace(shop, gateway="gw-new", kiosk="gw-new")
    assert new.resolve(intent).verdict is Verdict.ABORTED
    assert new.settle(intent.rid).verdict is Verdict.ABORTED
    assert shop.platform.consumed == []


def test_a_second_showing_says_when_and_where_whatever_a_replica_says(shop: Shop) -> None:
    first = shop.intent(CODE)
    shop.confirm(first)
    looked = shop.look(CODE)
    assert (looked.verdict, looked.detail.kiosk) == (Verdict.ALREADY_REDEEMED, "till-1")
    second = shop.intent(CODE)
    shop.confirm(second)
    again = shop.confirm(second)
    assert (again.verdict, again.detail.store, again.detail.kiosk) == (Verdict.ALREADY_REDEEMED, "南京路店", "till-1")
    assert len(shop.platform.consumed) == 1


def test_what_a_platform_has_consumed_is_not_undone(shop: Shop) -> None:
    intent = shop.intent(CODE)
    shop.confirm(intent)
    assert shop.undo(intent.rid).verdict is Verdict.UNDO_UNSUPPORTED
    assert _verdict(shop, intent) is Verdict.REDEEMED


def test_the_chains_own_code_is_never_shown_to_a_platform(shop: Shop) -> None:
    own = shop.issue(title="拿铁", code="600000000002")
    assert shop.redeem(own).verdict is Verdict.REDEEMED
    assert shop.platform.queried == []


def test_a_code_that_no_platform_has_is_unknown(shop: Shop) -> None:
    assert shop.look("600000000009").verdict is Verdict.UNKNOWN_CODE
    assert shop.platform.queried == ["600000000009"]
    assert shop.look("TOO-SHORT").verdict is Verdict.UNKNOWN_CODE
    assert shop.platform.queried == ["600000000009"], "it has not the shape"
    intent = shop.intent("600000000009")
    shop.confirm(intent)
    assert _verdict(shop, intent) is Verdict.UNKNOWN_CODE


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("worth", "quantity", "verdict"),
    [
        (replace(CARD, verdict=Verdict.EXPIRED), 1, Verdict.EXPIRED),
        (replace(CARD, stores={"jingan": "静安店"}), 1, Verdict.WRONG_STORE),
        (replace(CARD, uses=5, left=2), 3, Verdict.NOT_ENOUGH_USES),
    ],
)
def test_what_the_precheck_refuses_is_refused_and_nothing_leaves(
    shop: Shop, worth: Worth, quantity: int, verdict: Verdict
) -> None:
    shop.platform.cards[CODE] = worth
    intent = shop.intent(CODE, quantity)
    shop.confirm(intent)
    answer = shop.confirm(intent)
    assert (answer.verdict, answer.final) == (verdict, True)
    assert shop.platform.consumed == []


def test_a_refusal_of_the_only_consume_is_the_end(shop: Shop) -> None:
    shop.platform.hears = [Verdict.ALREADY_REDEEMED]
    intent = shop.intent(CODE)
    shop.confirm(intent)
    assert _verdict(shop, intent) is Verdict.ALREADY_REDEEMED
    again = shop.intent(CODE)
    shop.confirm(again)
    assert _verdict(shop, again) is Verdict.REDEEMED, "a refused rid claims nothing"


def test_a_platform_that_does_not_answer_ends_nothing_but_a_look(shop: Shop) -> None:
    shop.platform.silent = True
    assert shop.look(CODE).verdict is Verdict.UPSTREAM_UNAVAILABLE
    intent = shop.intent(CODE)
    assert _verdict(shop, intent) is Verdict.PENDING
    assert _verdict(shop, intent) is Verdict.PENDING
    for _ in range(4):
        shop.process.pass_by(machine.QUERY_S)
        shop.process.round()
    assert _verdict(shop, intent) is Verdict.UPSTREAM_UNAVAILABLE
    assert shop.platform.consumed == []


def test_giving_up_before_the_consume_has_left_aborts(shop: Shop) -> None:
    shop.platform.silent = True
    intent = shop.intent(CODE)
    shop.confirm(intent)
    assert shop.resolve(intent).verdict is Verdict.ABORTED
    shop.platform.silent = False
    shop.process.pass_by(machine.QUERY_S)
    shop.process.round()
    assert (_verdict(shop, intent), shop.platform.consumed) == (Verdict.ABORTED, [])


def test_a_resolve_of_an_unknown_rid_is_a_tombstone(shop: Shop) -> None:
    intent = shop.intent(CODE)
    assert shop.resolve(intent).verdict is Verdict.ABORTED
    assert _verdict(shop, intent) is Verdict.ABORTED
    assert shop.platform.queried == []


# --- doubt ----------------------------------------------------------------------------------------------------------


def test_after_silence_no_is_no_answer_and_others_find_the_card_busy(shop: Shop) -> None:
    intent = _unanswered(shop)
    assert _rows(shop) == [("open", 2, False)]
    assert _verdict(shop, intent) is Verdict.PENDING
    assert shop.resolve(intent).verdict is Verdict.PENDING
    assert shop.look(CODE).verdict is Verdict.BUSY
    other = shop.intent(CODE)
    shop.confirm(other)
    assert _verdict(shop, other) is Verdict.BUSY


@pytest.mark.parametrize(("ours", "verdict"), [(True, Verdict.REDEEMED), (False, Verdict.ALREADY_REDEEMED)])
def test_the_platforms_event_says_whose_it_was(shop: Shop, ours: bool, verdict: Verdict) -> None:  # noqa: FBT001
    intent = _unanswered(shop)
    shop.process.run(shop.process.driver.reported("cards/card-2", ours=ours))
    assert _verdict(shop, intent) is Verdict.PENDING, "another card's event"
    for _ in range(2):
        shop.process.run(shop.process.driver.reported("cards/card-1", ours=ours))
        assert _verdict(shop, intent) is verdict


def _decide(process: Process, intent: Intent, spent: Spent) -> Answer | None:
    done = process.run(process.driver.decide(intent.rid, spent, Decision(by="li.lei", why="not in the list")))
    return None if done is None else done.case.answer


def test_a_person_is_believed_that_nothing_was_spent_once_this_process_has_watched_long_enough(shop: Shop) -> None:
    intent = _unanswered(shop)
    assert _decide(shop.process, intent, Spent.NOBODY) is None
    assert _verdict(shop, intent) is Verdict.PENDING
    shop.process.pass_by(machine.QUIET_S)
    started_anew = shop.another_process()
    started_anew.round()
    assert _decide(started_anew, intent, Spent.NOBODY) is None
    answer = _decide(shop.process, intent, Spent.NOBODY)
    assert answer is not None
    assert (answer.verdict, answer.detail.reason) == (Verdict.ABORTED, "not in the list")
    assert _verdict(shop, intent) is Verdict.ABORTED
    assert _decide(shop.process, intent, Spent.OURS) is None, "it has ended"


def test_a_person_is_believed_at_once_that_it_was_ours(shop: Shop) -> None:
    intent = _unanswered(shop)
    assert _decide(shop.process, intent, Spent.OURS) is not None
    assert _verdict(shop, intent) is Verdict.REDEEMED


@pytest.mark.parametrize(
    ("says", "verdict"),
    [
        (Spent.OURS, Verdict.REDEEMED),
        (Spent.OTHERS, Verdict.ALREADY_REDEEMED),
        (Spent.NOBODY, Verdict.ABORTED),
        (None, Verdict.PENDING),
    ],
)
def test_the_platforms_record_is_read_once_no_consume_can_be_under_way(
    shop: Shop, says: Spent | None, verdict: Verdict
) -> None:
    shop.platform.says = says
    intent = _unanswered(shop)
    shop.process.pass_by(machine.QUIET_S - 1)
    shop.process.round()
    assert _verdict(shop, intent) is Verdict.PENDING
    shop.process.pass_by(1)
    shop.process.round()
    assert _verdict(shop, intent) is verdict


def test_several_uses_are_consumed_once_and_held_by_one_rid_at_a_time(shop: Shop) -> None:
    shop.platform.cards[CODE] = replace(CARD, uses=3, left=3)
    first, second = shop.intent(CODE, 2), shop.intent(CODE, 1)
    shop.platform.hears = [None]
    shop.confirm(first)
    for _ in range(3):
        shop.process.pass_by(30)
        shop.process.round()
    assert (_verdict(shop, first), shop.platform.consumed) == (Verdict.PENDING, [(CODE, 2)])
    shop.platform.cards[CODE] = replace(CARD, uses=3, left=1)
    for wanted in (second, shop.intent(CODE, 2)):
        shop.confirm(wanted)
        assert _verdict(shop, wanted) is Verdict.BUSY, "that uses are wanting is only said where spent ones are why"
    _decide(shop.process, first, Spent.OURS)
    third = shop.intent(CODE, 1)
    shop.confirm(third)
    assert _verdict(shop, third) is Verdict.REDEEMED
