"""Orders that are picked up: how far the shop is, what lies in stock, and that a race for either has one winner."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import pytest

from headoffice.vouchers.life import Objection, Standing
from headoffice.vouchers.orders import OrderState, OrderStep, Stage, forward, state_of
from protocol.owner import VoucherState
from protocol.vocabulary import Verdict
from tests.headoffice.racing import race

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.headoffice.counter import Counter

RACES = 12
LEADS = {
    (Stage.PLACED, OrderStep.ACCEPT): Stage.ACCEPTED,
    (Stage.PLACED, OrderStep.PREPARE): Stage.PREPARING,
    (Stage.PLACED, OrderStep.READY): Stage.READY,
    (Stage.ACCEPTED, OrderStep.PREPARE): Stage.PREPARING,
    (Stage.ACCEPTED, OrderStep.READY): Stage.READY,
    (Stage.PREPARING, OrderStep.READY): Stage.READY,
    (Stage.READY, OrderStep.PREPARE): Stage.PREPARING,
}


def _standing(state: VoucherState = VoucherState.ACTIVE, left: int = 1) -> Standing:
    return Standing(state, left, expired=False)


def _order(counter: Counter, code: str) -> str:
    return str(counter.api.get(f"/api/v1/vouchers/{code}").json()["order"])


def _stock(counter: Counter, pieces: int | None) -> None:
    counter.api.put("/api/v1/types/cake/stock/nanjing-lu", {"pieces": pieces}).raise_for_status()


@pytest.mark.parametrize(("stage", "step"), list(product(Stage, OrderStep)))
def test_each_step_of_an_order_leads_where_the_table_says_or_is_objected_to(stage: Stage, step: OrderStep) -> None:
    outcome = forward(step, stage, _standing())
    expected = LEADS.get((stage, step))
    assert isinstance(outcome, Objection) if expected is None else outcome is expected


@pytest.mark.parametrize(("stage", "step"), list(LEADS))
def test_an_order_that_is_over_unpaid_or_none_takes_no_step(stage: Stage, step: OrderStep) -> None:
    for state in set(VoucherState) - {VoucherState.ACTIVE}:
        assert isinstance(forward(step, stage, _standing(state)), Objection)
    assert isinstance(forward(step, stage, _standing(left=0)), Objection)
    assert isinstance(forward(step, None, _standing()), Objection)


def test_what_has_become_of_its_voucher_is_told_before_how_far_the_shop_is() -> None:
    assert state_of(Stage.READY, _standing(VoucherState.REFUNDED, left=0)) is OrderState.REFUNDED
    assert state_of(Stage.READY, _standing(left=0)) is OrderState.COMPLETED
    assert state_of(Stage.PLACED, _standing(VoucherState.UNPAID)) is OrderState.UNPAID
    assert state_of(None, _standing()) is None


def test_an_order_is_seen_from_its_payment_to_its_end(counter: Counter) -> None:
    code = counter.issue(kind="pick_up", stage="placed", paid=False)
    seen, refused = [_order(counter, code)], [counter.look(code).verdict]
    for step in ("pay", "accept", "prepare", "ready"):
        assert counter.step(code, step) == 200
        seen.append(_order(counter, code))
        refused.append(counter.look(code).verdict)
    assert seen == ["unpaid", "placed", "accepted", "preparing", "ready"]
    assert refused == [Verdict.UNPAID, *[Verdict.NOT_READY] * 3, Verdict.REDEEMABLE]
    looked = counter.look(code)
    redeemed = counter.redeem(code)
    assert looked.detail.pick_up
    assert redeemed.detail.pick_up
    assert _order(counter, code) == "completed"
    counter.undo(redeemed.rid)
    assert _order(counter, code) == "ready"
    assert [counter.step(code, step) for step in ("ask-refund", "grant-refund")] == [200, 200]
    assert _order(counter, code) == "refunded"


def test_only_an_order_has_a_stage(counter: Counter) -> None:
    assert counter.api.post("/api/v1/vouchers", {"kind": "gift", "stage": "ready"}).status_code == 422
    assert counter.step(counter.issue(kind="gift"), "accept") == 409
    assert counter.redeem(counter.issue(kind="pick_up")).verdict is Verdict.REDEEMED


def test_a_store_hands_out_what_it_has_and_an_undo_brings_it_back(counter: Counter) -> None:
    counter.put_type("cake", title="蛋糕", kind="pick_up")
    first, second = (counter.issue(type="cake") for _ in range(2))
    _stock(counter, 1)
    redeemed = counter.redeem(first)
    assert counter.api.get("/api/v1/types/cake/stock").json() == {"nanjing-lu": 0}
    assert counter.look(second).verdict is Verdict.OUT_OF_STOCK
    assert counter.redeem(second).verdict is Verdict.OUT_OF_STOCK
    assert counter.in_store("jingan").look(second).verdict is Verdict.REDEEMABLE
    counter.undo(redeemed.rid)
    assert counter.api.get("/api/v1/types/cake/stock").json() == {"nanjing-lu": 1}
    assert counter.redeem(second).verdict is Verdict.REDEEMED
    _stock(counter, None)
    assert counter.api.get("/api/v1/types/cake/stock").json() == {}
    assert counter.redeem(first).verdict is Verdict.REDEEMED


def test_more_than_the_store_has_is_not_handed_out(counter: Counter) -> None:
    counter.put_type("cake", title="蛋糕", kind="pick_up", uses=5)
    code = counter.issue(type="cake")
    _stock(counter, 2)
    assert counter.look(code).max_quantity == 2
    assert counter.redeem(code, quantity=3).verdict is Verdict.OUT_OF_STOCK
    assert counter.redeem(code, quantity=2).verdict is Verdict.REDEEMED


def test_stock_of_no_type_and_of_no_store_is_refused(counter: Counter) -> None:
    counter.put_type("cake", title="蛋糕", kind="pick_up")
    assert counter.api.put("/api/v1/types/pie/stock/nanjing-lu", {"pieces": 1}).status_code == 404
    assert counter.api.put("/api/v1/types/cake/stock/nowhere", {"pieces": 1}).status_code == 422


def _redeemer(counter: Counter, code: str) -> Callable[[], Verdict]:
    intent = counter.intent(code)
    return lambda: counter.confirm(intent).verdict


def test_of_orders_that_meet_at_the_last_piece_exactly_one_gets_it(counter: Counter) -> None:
    counter.put_type("cake", title="蛋糕", kind="pick_up")
    for _ in range(RACES):
        _stock(counter, 1)
        verdicts = race(*(_redeemer(counter, counter.issue(type="cake")) for _ in range(3)))
        assert sorted(verdicts) == [*[Verdict.OUT_OF_STOCK] * 2, Verdict.REDEEMED]
        assert counter.api.get("/api/v1/types/cake/stock").json() == {"nanjing-lu": 0}


def test_of_goods_taken_back_and_a_redemption_that_meet_exactly_one_wins(counter: Counter) -> None:
    def taken_back(code: str) -> bool:
        return counter.step(code, "prepare") == 200

    for _ in range(RACES):
        code = counter.issue(kind="pick_up")
        verdict, taken = race(_redeemer(counter, code), partial(taken_back, code))
        assert (verdict is Verdict.REDEEMED) is not taken
        assert counter.spent(code) == (not taken)
