"""Undo: a rid of its own, the uses of the one it names, once, inside the window."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from protocol.messages import Action, Intent
from protocol.vocabulary import Verdict
from tests.headoffice.counter import new_rid

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.headoffice.counter import Clock, Counter

WAIT_S = 30


def test_an_undone_voucher_can_be_redeemed_again(counter: Counter) -> None:
    code = counter.issue()
    first = counter.redeem(code)
    undo = counter.undo(first.rid)
    assert (undo.verdict, undo.final) == (Verdict.UNDONE, True)
    assert counter.spent(code) == 0
    assert counter.redeem(code).verdict is Verdict.REDEEMED
    assert counter.spent(code) == 1


@pytest.mark.rule(10)
def test_the_answer_to_an_undone_rid_says_by_which_it_was_undone(counter: Counter) -> None:
    code = counter.issue()
    intent = counter.intent(code)
    counter.confirm(intent)
    undo = counter.undo(intent.rid)
    for answer in (counter.confirm(intent), counter.resolve(intent)):
        assert (answer.verdict, answer.undone_by) == (Verdict.REDEEMED, undo.rid)
    assert counter.spent(code) == 0


def test_only_the_uses_of_the_named_rid_are_given_back(counter: Counter) -> None:
    code = counter.issue(kind="multi_use", uses=5)
    counter.redeem(code, quantity=1)
    second = counter.redeem(code, quantity=2)
    assert counter.undo(second.rid).detail.quantity == 2
    assert counter.spent(code) == 1


def test_a_second_undo_is_aborted_and_gives_nothing_back(counter: Counter) -> None:
    code = counter.issue(kind="multi_use", uses=5)
    first = counter.redeem(code)
    counter.undo(first.rid)
    counter.redeem(code)
    assert counter.undo(first.rid).verdict is Verdict.ABORTED
    assert counter.spent(code) == 1


def test_of_many_undos_that_race_exactly_one_succeeds(counter: Counter) -> None:
    code = counter.issue()
    first = counter.redeem(code)
    start = Barrier(8)

    def undo(_: int) -> Verdict:
        start.wait(WAIT_S)
        return counter.undo(first.rid).verdict

    with ThreadPoolExecutor(8) as threads:
        verdicts = list(threads.map(undo, range(8)))
    assert sorted(verdicts) == sorted([Verdict.UNDONE] + [Verdict.ABORTED] * 7)


def test_a_repeat_of_an_undo_gets_its_answer_again(counter: Counter) -> None:
    first = counter.redeem(counter.issue())
    intent = Intent(rid=new_rid(), action=Action.UNDO, undoes=first.rid)
    undone = counter.confirm(intent, terms=0)
    assert counter.confirm(intent, terms=0) == undone
    assert len(counter.books()) == 2


def test_after_the_window_it_is_too_late(counter: Counter, clock: Clock) -> None:
    code = counter.issue()
    first = counter.redeem(code)
    clock.pass_by(timedelta(minutes=15, seconds=1))
    assert counter.undo(first.rid).verdict is Verdict.UNDO_TOO_LATE
    assert counter.spent(code) == 1


def test_another_stores_redemption_cannot_be_undone_from_here(counter: Counter) -> None:
    code = counter.issue()
    first = counter.redeem(code)
    assert counter.in_store("jingan").undo(first.rid).verdict is Verdict.UNDO_UNSUPPORTED
    assert counter.spent(code) == 1


@pytest.mark.rule(10)
def test_what_has_no_end_yet_is_busy_and_may_be_undone_later_under_another_rid(counter: Counter) -> None:
    intent = counter.intent(counter.issue())
    assert counter.undo(intent.rid).verdict is Verdict.BUSY
    assert counter.confirm(intent).verdict is Verdict.REDEEMED
    assert counter.undo(intent.rid).verdict is Verdict.UNDONE


@pytest.mark.parametrize("what", ["a refusal", "an undo"])
def test_only_a_redemption_can_be_undone(counter: Counter, what: str) -> None:
    targets: dict[str, Callable[[], str]] = {
        "a refusal": lambda: counter.redeem("UNKNOWN-CODE").rid,
        "an undo": lambda: counter.undo(counter.redeem(counter.issue()).rid).rid,
    }
    assert counter.undo(targets[what]()).verdict is Verdict.UNDO_UNSUPPORTED


def test_a_resolved_undo_leaves_the_redemption_as_it_is(counter: Counter) -> None:
    code = counter.issue()
    first = counter.redeem(code)
    intent = Intent(rid=new_rid(), action=Action.UNDO, undoes=first.rid)
    assert counter.resolve(intent).verdict is Verdict.ABORTED
    assert counter.confirm(intent, terms=0).verdict is Verdict.ABORTED
    assert counter.spent(code) == 1


def test_the_api_undoes_by_the_same_rules(counter: Counter, clock: Clock) -> None:
    code = counter.issue()
    first = counter.redeem(code)
    key = new_rid()
    answers = [
        counter.api.post(
            f"/api/v1/redemptions/{first.rid}/undo", {"reason": "wrong one"}, {"idempotency-key": key}
        ).json()
        for _ in range(2)
    ]
    assert answers == [{"rid": key, "undoes": first.rid, "verdict": "undone"}] * 2
    assert counter.spent(code) == 0

    again = counter.api.post(f"/api/v1/redemptions/{first.rid}/undo")
    assert (again.status_code, again.json()["error"]) == (409, "aborted")

    late = counter.redeem(code)
    clock.pass_by(timedelta(hours=1))
    refused = counter.api.post(f"/api/v1/redemptions/{late.rid}/undo")
    assert (refused.status_code, refused.json()["error"]) == (409, "undo_too_late")
    reused = counter.api.post(f"/api/v1/redemptions/{late.rid}/undo", headers={"idempotency-key": key})
    assert (reused.status_code, reused.json()["error"]) == (409, "fault")
    assert counter.api.post(f"/api/v1/redemptions/{new_rid()}/undo").status_code == 404
    assert counter.spent(code) == 1
