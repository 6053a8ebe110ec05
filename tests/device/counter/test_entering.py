"""A voucher's code and what was received for it, set with the buttons: begun at rest, and on an offer that asks."""

from __future__ import annotations

import random
from statistics import fmean

import msgspec
import pytest

from device.counter.digits import END, HOLD_S, POINT, REPEAT_S, TO_LETTERS
from device.counter.effects import Refuse
from device.counter.events import Released
from device.counter.states import EnteringAmount, EnteringCode
from device.ports import Button
from device.view import Screen
from protocol.classify import PRACTICE_PREFIX
from protocol.messages import Detail, Look, Method, Refusal
from protocol.vocabulary import Verdict
from tests.device.counter.bench import CODE, WELCOME, Bench

#: A clerk with some practice, who reads the code from the customer's screen: so long for the next character and the
#: way to the button, so long from one press to the next.
READ_S = 0.4
PRESS_S = 0.2


@pytest.fixture
def bench() -> Bench:
    """Return a counter at rest."""
    return Bench().open_up()


def set_place(bench: Bench, place: str) -> None:
    """Turn the wheel the shorter way to a place, and take it."""
    phase = bench.counter.phase
    assert isinstance(phase, EnteringCode | EnteringAmount)
    places = phase.entry.wheel_places
    up = places.index(place)
    down = len(places) - up
    bench.wait(READ_S)
    for button in [*[Button.UP if up <= down else Button.DOWN] * min(up, down), Button.OK]:
        bench.press(button)
        bench.wait(PRESS_S / 2)
        bench.do(Released(button, PRESS_S / 2))
        bench.wait(PRESS_S / 2)


def type_code(bench: Bench, *places: str) -> None:
    """Type a code from rest to its end."""
    bench.press(Button.DOWN)
    bench.do(Released(Button.DOWN, PRESS_S / 2))
    for place in (*places, END):
        set_place(bench, place)


def test_a_typed_code_is_looked_up_and_redeemed_as_a_scanned_one_and_says_how_it_came(bench: Bench) -> None:
    type_code(bench, *"556120487733")
    (look,) = bench.sent(Look)
    assert (look.code, look.method) == ("556120487733", Method.TYPED)
    bench.offered()
    bench.press()
    (confirm,) = bench.confirms()
    assert (confirm.intent.code, confirm.intent.method) == ("556120487733", Method.TYPED)
    bench.answered()
    assert bench.view.verdict is Verdict.REDEEMED


def test_what_is_typed_of_a_practice_voucher_is_its_whole_code(bench: Bench) -> None:
    type_code(bench, "ABC", *"PPPPABCD", "123", *"2345")
    (look,) = bench.sent(Look)
    assert (look.code, look.method) == (f"{PRACTICE_PREFIX}ABCD2345", Method.TYPED)


def test_the_entry_says_how_far_it_has_come(bench: Bench) -> None:
    bench.press(Button.DOWN)
    assert bench.view.screen is Screen.TYPING
    assert bench.lines == ["券码 0位", "[0]", "▲▼OK ×退回"]
    for place in ("5", "5", TO_LETTERS, "C"):
        set_place(bench, place)
    assert bench.lines[:2] == ["券码 3位", "55C[A]"]


def test_twelve_digits_take_less_than_twenty_seconds() -> None:
    took = []
    drawn = random.Random(20260501)
    for _ in range(60):
        bench = Bench().open_up()
        begun = bench.now
        type_code(bench, *(drawn.choice("0123456789") for _ in range(12)))
        assert len(bench.sent(Look)) == 1
        took.append(bench.now - begun)
    assert max(took) < 20.0, sorted(took)[-5:]
    assert fmean(took) < 17.0


def test_a_held_button_turns_the_wheel_on(bench: Bench) -> None:
    bench.press(Button.DOWN)
    bench.press(Button.UP)
    bench.wait(HOLD_S + REPEAT_S + 0.01)
    bench.do(Released(Button.UP, HOLD_S + REPEAT_S + 0.01))
    bench.wait(5)
    assert bench.lines[1] == "[3]"


def test_cancel_goes_back_one_and_from_nothing_out_of_the_entry(bench: Bench) -> None:
    bench.press(Button.DOWN)
    set_place(bench, "7")
    bench.press(Button.CANCEL)
    assert bench.lines[1] == "[0]"
    bench.press(Button.CANCEL)
    assert bench.view.screen is Screen.IDLE


def test_an_entry_that_nobody_goes_on_with_is_given_up(bench: Bench) -> None:
    bench.press(Button.DOWN)
    bench.wait(29.0)
    set_place(bench, "7")
    bench.wait(29.0)
    assert bench.lines[0] == "券码 1位"
    bench.wait(1.1)
    assert bench.view.screen is Screen.IDLE


def test_a_code_that_is_held_up_meanwhile_is_served_after_the_entry(bench: Bench) -> None:
    bench.press(Button.DOWN)
    bench.scan()
    assert bench.sent(Look) == []
    bench.press(Button.CANCEL)
    assert [(look.code, look.method) for look in bench.sent(Look)] == [(CODE, Method.SCAN)]


def test_a_payment_code_that_is_typed_is_refused_by_name_and_leaves_no_trace(bench: Bench) -> None:
    type_code(bench, *"134567890123456789")
    assert bench.view.verdict is Verdict.PAYMENT_CODE
    assert bench.sent(Look) == []
    assert [refusal.code_tail for refusal in bench.sent(Refusal)] == [None]
    assert bench.wanted(Refuse) == [Refuse(Verdict.PAYMENT_CODE, None, None)]
    assert "6789" not in repr(bench.counter)


def test_nobody_types_in_vain_where_a_clerk_has_to_sign_in_first(bench: Bench) -> None:
    bench.hear(msgspec.structs.replace(WELCOME, clerk_required=True))
    bench.press(Button.DOWN)
    assert bench.view.verdict is Verdict.CLERK_REQUIRED
    assert bench.wanted(Refuse) == []


# --- what was received

MEAL = Detail(title="满减券", value="¥20", minimum=10000)


@pytest.fixture
def asked(bench: Bench) -> Bench:
    """Return a counter that asks what was received."""
    bench.scan()
    bench.offered(detail=MEAL, asks_amount=True)
    bench.press()
    return bench


def test_an_offer_says_what_the_bill_must_come_to_and_ok_asks_what_was_received(bench: Bench) -> None:
    bench.scan()
    bench.offered(detail=MEAL, asks_amount=True)
    assert bench.lines[1:3] == ["满减券", "¥20 满¥100可用"]
    bench.press()
    assert bench.view.screen is Screen.TYPING
    assert bench.lines == ["实收金额", "¥[0]", "满¥100可用", "▲▼OK ×退回"]
    assert bench.confirms() == []


@pytest.mark.parametrize(("places", "fen"), [("128", 12800), ("128.5", 12850), ("0.05", 5), ("0", 0), ("9.", 900)])
def test_the_end_of_the_sum_confirms_the_offer_with_it_in_fen(asked: Bench, places: str, fen: int) -> None:
    for place in (*places.replace(".", POINT), END):
        set_place(asked, place)
    (confirm,) = asked.confirms()
    assert (confirm.intent.amount, confirm.intent.code, confirm.intent.quantity) == (fen, CODE, 1)
    assert asked.view.verdict is Verdict.PENDING


def test_a_bill_that_is_too_small_is_refused_with_what_it_must_come_to(asked: Bench) -> None:
    for place in ("9", "9", END):
        set_place(asked, place)
    asked.answered(Verdict.BELOW_MINIMUM, detail=MEAL)
    assert asked.lines[0] == "未达使用门槛"
    assert "满¥100可用" in asked.lines


def test_cancel_goes_back_to_the_offer_as_it_has_counted_down(asked: Bench) -> None:
    asked.wait(10)
    asked.press(Button.CANCEL)
    assert asked.lines[0] == "待核销"
    assert asked.view.countdown == pytest.approx(45 / 55)
    asked.press(Button.CANCEL)
    assert asked.view.verdict is Verdict.ABORTED
    assert asked.confirms() == []


def test_an_offer_lapses_while_the_sum_is_set_as_it_does_without(asked: Bench) -> None:
    set_place(asked, "1")
    asked.wait(50)
    assert asked.view.screen is Screen.TYPING
    asked.wait(5)
    assert asked.lines == ["超时,未核销"]
    assert asked.confirms() == []


def test_the_same_code_is_not_served_again_while_its_sum_is_set(asked: Bench) -> None:
    asked.scan()
    assert asked.counter.waiting is None
