"""A voucher's life: which step leads where, what is objected, and that a race with a counter has one winner."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from headoffice.vouchers.life import Objection, Standing, Step, take
from protocol.owner import VoucherState
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from tests.headoffice.counter import Counter

S = VoucherState
LEADS = {
    (S.UNPAID, Step.PAY): S.ACTIVE,
    (S.UNPAID, Step.DELETE): S.DELETED,
    (S.UNPAID, Step.WITHDRAW): S.WITHDRAWN,
    (S.ACTIVE, Step.GIFT): S.GIFTING,
    (S.ACTIVE, Step.DELETE): S.DELETED,
    (S.ACTIVE, Step.WITHDRAW): S.WITHDRAWN,
    (S.ACTIVE, Step.ASK_REFUND): S.REFUNDING,
    (S.GIFTING, Step.TAKE_BACK): S.ACTIVE,
    (S.GIFTING, Step.WITHDRAW): S.WITHDRAWN,
    (S.REFUNDING, Step.GRANT_REFUND): S.REFUNDED,
    (S.REFUNDING, Step.REFUSE_REFUND): S.ACTIVE,
}
RACES = 12
WAIT_S = 30


@pytest.mark.parametrize(("state", "step"), list(product(VoucherState, Step)))
def test_each_step_leads_where_the_table_says_or_is_objected_to(state: VoucherState, step: Step) -> None:
    outcome = take(step, Standing(state, left=1, expired=False))
    expected = LEADS.get((state, step))
    if expected is None:
        assert isinstance(outcome, Objection)
    else:
        assert outcome is expected


@pytest.mark.parametrize(("state", "step"), list(LEADS))
def test_a_used_voucher_takes_no_step(state: VoucherState, step: Step) -> None:
    assert isinstance(take(step, Standing(state, left=0, expired=False)), Objection)


@pytest.mark.parametrize(("state", "step"), list(LEADS))
def test_an_expired_voucher_is_neither_given_away_nor_refunded(state: VoucherState, step: Step) -> None:
    outcome = take(step, Standing(state, left=1, expired=True))
    assert isinstance(outcome, Objection) is (step in {Step.GIFT, Step.ASK_REFUND})


def test_a_step_that_may_not_be_taken_says_why_and_changes_nothing(counter: Counter) -> None:
    code = counter.issue()
    counter.redeem(code)
    answer = counter.api.post(f"/api/v1/vouchers/{code}/gift")
    assert (answer.status_code, answer.json()) == (
        409,
        {"error": "not_allowed", "hint": "gift is not possible: the voucher has been used"},
    )
    assert counter.api.get(f"/api/v1/vouchers/{code}").json()["state"] == "active"


def test_steps_of_no_voucher_and_unknown_steps_are_refused(counter: Counter) -> None:
    assert counter.api.post("/api/v1/vouchers/NO-SUCH/gift").status_code == 404
    assert counter.api.post(f"/api/v1/vouchers/{counter.issue()}/burn").status_code == 422


def test_the_history_tells_everything_in_order(counter: Counter) -> None:
    code = counter.issue()
    for step in ("gift", "take-back"):
        counter.step(code, step)
    counter.in_store("jingan").look(code)
    first = counter.redeem(code)
    counter.look(code)
    counter.undo(first.rid)
    voucher = counter.api.get(f"/api/v1/vouchers/{code}").json()
    told = [entry["step"] or entry["verdict"] for entry in voucher["history"]]
    assert sorted(told) == sorted(["gift", "take-back", "redeemed", "already_redeemed", "undone"])
    assert voucher["uses_left"] == 1
    assert voucher["page"].startswith("http://vouchers.example/v/")


@pytest.mark.parametrize("step", ["gift", "delete", "withdraw", "ask-refund"])
def test_of_a_step_and_a_redemption_that_meet_exactly_one_wins(counter: Counter, step: str) -> None:
    def race(code: str) -> tuple[bool, bool]:
        start = Barrier(2)
        intent = counter.intent(code)

        def redeem() -> bool:
            start.wait(WAIT_S)
            return counter.confirm(intent).verdict is Verdict.REDEEMED

        def live() -> bool:
            start.wait(WAIT_S)
            return counter.step(code, step) == 200

        with ThreadPoolExecutor(2) as threads:
            redeemed, stepped = threads.submit(redeem), threads.submit(live)
            return redeemed.result(), stepped.result()

    for _ in range(RACES):
        code = counter.issue()
        redeemed, stepped = race(code)
        assert redeemed is not stepped
        assert counter.spent(code) == redeemed
