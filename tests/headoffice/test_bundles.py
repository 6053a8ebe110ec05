"""Vouchers that were bought together: what a look at one of them offers of the others."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from headoffice.vouchers.bundles import MOST
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from tests.headoffice.counter import Clock, Counter


def bought(counter: Counter, count: int, **wanted: Any) -> list[str]:
    """Return the codes of an order of so many."""
    return [counter.issue(title="门票", bundle="WX-20260501-7", **wanted) for _ in range(count)]


def beside(counter: Counter, code: str) -> list[str]:
    """Return the codes that are offered with one."""
    return [other.code for other in counter.look(code).others]


def test_a_look_at_one_offers_the_others_each_redeemed_on_its_own(counter: Counter) -> None:
    codes = bought(counter, 3)
    looked = counter.look(codes[1])
    assert looked.max_quantity == 1
    assert {other.code for other in looked.others} == {codes[0], codes[2]}
    for other in looked.others:
        answer = counter.confirm(counter.intent(other.code), other.terms)
        assert (answer.verdict, answer.voucher) == (Verdict.REDEEMED, other.voucher)
    assert beside(counter, codes[1]) == []
    assert counter.redeem(codes[1]).verdict is Verdict.REDEEMED


def test_a_voucher_that_was_bought_alone_has_none_beside_it(counter: Counter) -> None:
    bought(counter, 2)
    alone = counter.issue(title="门票")
    other_order = counter.issue(title="门票", bundle="another")
    assert beside(counter, alone) == beside(counter, other_order) == []


@pytest.mark.parametrize("step", ["gift", "delete", "withdraw", "ask-refund"])
def test_what_is_not_to_be_redeemed_is_not_offered(counter: Counter, step: str) -> None:
    codes = bought(counter, 3)
    counter.step(codes[0], step)
    assert beside(counter, codes[1]) == [codes[2]]
    assert beside(counter, codes[0]) == []


def test_only_what_is_exactly_like_it_and_valid_now_is_offered(counter: Counter, clock: Clock) -> None:
    codes = bought(counter, 2)
    bought(counter, 1, kind="gift")
    bought(counter, 1, valid_until=(clock() + timedelta(hours=1)).isoformat())
    bought(counter, 1, paid=False)
    assert len(beside(counter, codes[0])) == 2
    clock.pass_by(timedelta(hours=1))
    assert beside(counter, codes[0]) == [codes[1]]


def test_what_needs_a_look_of_its_own_is_not_offered_with_another(counter: Counter) -> None:
    assert beside(counter, bought(counter, 2, kind="multi_use", uses=3)[0]) == []
    counter.put_type("asking", title="门票", asks_amount=True)
    asking = [counter.issue(type="asking", bundle="asking") for _ in range(2)]
    assert beside(counter, asking[0]) == []


def test_an_order_that_is_large_is_redeemed_in_parts(counter: Counter) -> None:
    codes = bought(counter, MOST + 5)
    assert len(beside(counter, codes[-1])) == MOST - 1
