"""Every answer that an own voucher can bring at a counter, at the look and at a confirm that comes all the same."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from tests.headoffice.counter import Clock, Counter

SHANGHAI = ZoneInfo("Asia/Shanghai")
EXPIRED = {"valid_from": "2020-01-01T00:00:00+08:00", "valid_until": "2020-02-01T00:00:00+08:00"}


def _assert_refused(counter: Counter, code: str, verdict: Verdict) -> None:
    """Look, and confirm all the same: both say why not, and both stand in the books."""
    before = len(counter.books())
    looked = counter.look(code)
    assert looked.verdict is verdict
    answer = counter.confirm(counter.intent(code), looked.terms)
    assert (answer.verdict, answer.final) == (verdict, True)
    assert answer.detail == looked.detail
    rows = counter.books()[before:]
    assert {row["rid"] for row in rows} == {None, answer.rid}
    assert [(row["verdict"], row["code_tail"]) for row in rows] == [(verdict, code[-4:])] * 2


@pytest.mark.parametrize(
    ("steps", "verdict"),
    [
        (["gift"], Verdict.GIFTING),
        (["delete"], Verdict.DELETED),
        (["withdraw"], Verdict.INVALIDATED),
        (["ask-refund"], Verdict.REFUNDING),
        (["ask-refund", "grant-refund"], Verdict.REFUNDED),
    ],
)
def test_a_step_of_its_life_refuses_it(counter: Counter, steps: list[str], verdict: Verdict) -> None:
    code = counter.issue()
    assert [counter.step(code, step) for step in steps] == [200] * len(steps)
    _assert_refused(counter, code, verdict)
    assert counter.spent(code) == 0


@pytest.mark.parametrize(("steps"), [["gift", "take-back"], ["ask-refund", "refuse-refund"]])
def test_a_step_taken_back_makes_it_good_again(counter: Counter, steps: list[str]) -> None:
    code = counter.issue()
    assert [counter.step(code, step) for step in steps] == [200, 200]
    assert counter.redeem(code).verdict is Verdict.REDEEMED


def test_an_unpaid_one_is_refused_until_it_is_paid(counter: Counter) -> None:
    code = counter.issue(paid=False)
    _assert_refused(counter, code, Verdict.UNPAID)
    assert counter.step(code, "pay") == 200
    assert counter.redeem(code).verdict is Verdict.REDEEMED


def test_an_expired_one_says_since_when(counter: Counter) -> None:
    code = counter.issue(**EXPIRED)
    _assert_refused(counter, code, Verdict.EXPIRED)
    assert counter.look(code).detail.at == "2020-02-01T00:00:00+08:00"


def test_one_that_is_not_valid_yet_says_from_when(counter: Counter) -> None:
    code = counter.issue(valid_from="2026-12-01T00:00:00Z")
    _assert_refused(counter, code, Verdict.NOT_YET_VALID)
    assert counter.look(code).detail.at == "2026-12-01T08:00:00+08:00"


def test_one_of_other_stores_names_them(counter: Counter) -> None:
    code = counter.issue(stores=["jingan"])
    _assert_refused(counter, code, Verdict.WRONG_STORE)
    looked = counter.look(code)
    assert (looked.detail.stores, looked.stores) == (("静安店",), ("jingan",))
    assert counter.in_store("jingan").redeem(code).verdict is Verdict.REDEEMED


def test_one_that_is_valid_in_no_store_yet_is_refused_everywhere(counter: Counter) -> None:
    _assert_refused(counter, counter.issue(stores=[]), Verdict.WRONG_STORE)


@pytest.mark.parametrize(
    ("terms", "verdict"),
    [
        ({"weekdays": ["mon", "fri"]}, Verdict.NOT_NOW),
        ({"weekdays": ["sat"]}, Verdict.REDEEMABLE),
        ({"hours": {"from": "14:00", "until": "18:00"}}, Verdict.NOT_NOW),
        ({"hours": {"from": "09:00", "until": "12:00"}}, Verdict.NOT_NOW),
        ({"hours": {"from": "12:00", "until": "14:00"}}, Verdict.REDEEMABLE),
        ({"hours": {"from": "22:00", "until": "02:00"}}, Verdict.NOT_NOW),
        ({"channels": ["online"]}, Verdict.NOT_FOR_COUNTER),
        ({"channels": ["online", "offline"]}, Verdict.REDEEMABLE),
    ],
)
def test_the_terms_of_its_type_decide(counter: Counter, terms: dict[str, Any], verdict: Verdict) -> None:
    counter.put_type("lunch", title="午餐", **terms)
    code = counter.issue(type="lunch")
    if verdict is Verdict.REDEEMABLE:
        assert counter.look(code).verdict is verdict
    else:
        _assert_refused(counter, code, verdict)


@pytest.mark.parametrize(
    ("minutes", "verdict"),
    [
        (21, Verdict.BOOKING_EARLY),
        (20, Verdict.REDEEMABLE),
        (0, Verdict.REDEEMABLE),
        (-9, Verdict.REDEEMABLE),
        (-10, Verdict.BOOKING_LATE),
    ],
)
def test_a_booking_is_honoured_around_its_time(counter: Counter, clock: Clock, minutes: int, verdict: Verdict) -> None:
    counter.put_type("table", title="四人桌", kind="booking", early_minutes=20, late_minutes=10)
    booked = clock() + timedelta(minutes=minutes)
    code = counter.issue(type="table", booked_for=booked.isoformat())
    if verdict is Verdict.REDEEMABLE:
        assert counter.redeem(code).verdict is Verdict.REDEEMED
        return
    _assert_refused(counter, code, verdict)
    assert counter.look(code).detail.at == booked.astimezone(SHANGHAI).isoformat()


def test_a_booking_keeps_its_time_when_its_type_changes(counter: Counter, clock: Clock) -> None:
    counter.put_type("table", title="四人桌", kind="booking", early_minutes=60)
    code = counter.issue(type="table", booked_for=(clock() + timedelta(minutes=45)).isoformat())
    counter.put_type("table", title="四人桌", kind="booking", early_minutes=5)
    assert counter.redeem(code).verdict is Verdict.REDEEMED


@pytest.mark.parametrize(
    ("dates", "verdict"),
    [(EXPIRED, Verdict.BOOKING_LATE), ({"valid_from": "2026-12-01T00:00:00Z"}, Verdict.BOOKING_EARLY)],
)
def test_the_dates_of_a_booking_that_has_no_time_are_its_time(
    counter: Counter, dates: dict[str, str], verdict: Verdict
) -> None:
    _assert_refused(counter, counter.issue(kind="booking", **dates), verdict)


def test_a_time_is_given_to_bookings_alone_and_without_other_dates(counter: Counter) -> None:
    for wrong in ({"kind": "gift"}, {"kind": "booking", "valid_until": "2030-01-01T00:00:00Z"}):
        answer = counter.api.post("/api/v1/vouchers", {"booked_for": "2026-11-21T12:00:00Z", **wrong})
        assert (answer.status_code, answer.json()["error"]) == (422, "refused")


@pytest.mark.parametrize(
    ("wanted", "amount", "verdict"),
    [
        ({}, None, Verdict.REDEEMED),
        ({}, 9999, Verdict.BELOW_MINIMUM),
        ({}, 10000, Verdict.REDEEMED),
        ({"kind": "cash", "value": 2000}, 7999, Verdict.BELOW_MINIMUM),
        ({"kind": "cash", "value": 2000}, 8000, Verdict.REDEEMED),
        ({"kind": "discount", "rate": 85}, 8499, Verdict.BELOW_MINIMUM),
        ({"kind": "discount", "rate": 85}, 8500, Verdict.REDEEMED),
        ({"kind": "gift", "value": 2000}, 8000, Verdict.BELOW_MINIMUM),
    ],
)
def test_what_was_received_and_what_the_voucher_took_off_must_come_to_the_minimum(
    counter: Counter, wanted: dict[str, Any], amount: int | None, verdict: Verdict
) -> None:
    counter.put_type("off", title="满一百", minimum=10000, **wanted)
    code = counter.issue(type="off")
    answer = counter.confirm(counter.intent(code, amount=amount), counter.look(code).terms)
    assert answer.verdict is verdict
    assert counter.spent(code) == (verdict is Verdict.REDEEMED)


def test_a_type_can_ask_what_was_received_and_the_look_says_what_the_bill_must_come_to(counter: Counter) -> None:
    counter.put_type("off", title="满一百", minimum=10000, asks_amount=True)
    counter.put_type("plain", title="蛋糕")
    code = counter.issue(type="off")
    asking, plain = counter.look(code), counter.look(counter.issue(type="plain"))
    assert (asking.asks_amount, asking.detail.minimum) == (True, 10000)
    assert (plain.asks_amount, plain.detail.minimum) == (False, None)
    refused = counter.confirm(counter.intent(code, amount=9999), asking.terms)
    assert (refused.verdict, refused.detail.minimum) == (Verdict.BELOW_MINIMUM, 10000)


def test_validity_in_days_runs_from_the_issue(counter: Counter, clock: Clock) -> None:
    counter.put_type("week", title="一周内", valid_days=7)
    code = counter.issue(type="week")
    clock.pass_by(timedelta(days=7, seconds=-1))
    assert counter.look(code).verdict is Verdict.REDEEMABLE
    clock.pass_by(timedelta(seconds=1))
    assert counter.look(code).verdict is Verdict.EXPIRED


def test_the_day_of_the_week_is_the_stores_own(counter: Counter, clock: Clock) -> None:
    counter.put_type("sunday", title="周日", weekdays=["sun"])
    counter.api.put("/api/v1/stores/jingan", json={"name": "静安店", "timezone": "Pacific/Auckland"}).raise_for_status()
    code = counter.issue(type="sunday")
    clock.pass_by(timedelta(hours=10))  # Saturday 22:00 in Shanghai, Sunday 03:00 in Auckland
    assert counter.look(code).verdict is Verdict.NOT_NOW
    assert counter.in_store("jingan").look(code).verdict is Verdict.REDEEMABLE


def test_a_code_that_nobody_issued_is_unknown(counter: Counter) -> None:
    _assert_refused(counter, "NOBODY-KNOWS-ME-0042", Verdict.UNKNOWN_CODE)


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("134567890123456789", Verdict.PAYMENT_CODE),
        ("HEXIAO:SETUP:v1.abcdef", Verdict.SETUP_CODE),
        ("WIFI:T:WPA;S:shop;P:secret;;", Verdict.SETUP_CODE),
    ],
)
def test_payment_and_setup_codes_leave_no_tail_and_no_hash(counter: Counter, code: str, verdict: Verdict) -> None:
    assert counter.look(code).verdict is verdict
    intent = counter.intent(code)
    assert counter.confirm(intent).verdict is verdict
    assert counter.confirm(intent).verdict is verdict
    look, confirm = counter.books()
    assert look["code_tail"] is confirm["code_tail"] is None


@pytest.mark.parametrize("code", ["a\x00b", "\x1b[31m", " ", "x\x07y", "'; DROP TABLE vouchers; --"])
def test_a_hostile_code_is_answered_and_breaks_nothing(counter: Counter, code: str) -> None:
    expected = Verdict.UNKNOWN_CODE if code.startswith("'") else Verdict.BAD_CODE
    assert counter.look(code).verdict is expected
    intent = counter.intent(code, clerk="a\x00b" * 100, reason="\x00")
    assert counter.confirm(intent).verdict is expected
    assert counter.confirm(intent).verdict is expected
    assert counter.redeem(counter.issue()).verdict is Verdict.REDEEMED
