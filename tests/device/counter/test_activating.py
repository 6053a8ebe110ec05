"""A clerk's one-time code before the camera: a PIN is typed twice, and goes nowhere but into what is asked."""

from __future__ import annotations

import msgspec
import pytest

from device.counter.effects import Refuse
from device.ports import Button
from device.view import Screen
from protocol.duty import Activate, OnDuty
from protocol.messages import Detail, Look, Notice, Offered, Refused, Signed
from protocol.vocabulary import Colour, Verdict
from tests.device.counter.bench import BOOT, WELCOME, Bench

START = "HEXIAO:START:5D41402ABC4B2A76B9719D911017C592"
WANG = OnDuty(sign_in="a" * 32, clerk="1001", name="王小明")


@pytest.fixture
def bench() -> Bench:
    """Return a counter at rest in a store that asks for its clerk."""
    opened = Bench().open_up()
    opened.hear(msgspec.structs.replace(WELCOME, clerk_required=True))
    return opened


def recognised(bench: Bench) -> None:
    """Show the code, and let the gateway know whose it is."""
    bench.scan(START)
    bench.hear(Offered(look=bench.sent(Activate)[-1].look, boot=BOOT, offer="", detail=Detail(title="王小明")))


def type_pin(bench: Bench, pin: str) -> None:
    """Set six digits."""
    for digit in pin:
        for _ in range(int(digit)):
            bench.press(Button.UP)
        bench.press(Button.OK)


def set_pin(bench: Bench, pin: str) -> Activate:
    """Show the code, type a PIN twice, and return what is asked then."""
    recognised(bench)
    type_pin(bench, pin)
    type_pin(bench, pin)
    return bench.sent(Activate)[-1]


def test_a_pin_typed_twice_is_set_and_signs_its_clerk_in(bench: Bench) -> None:
    recognised(bench)
    assert bench.view.screen is Screen.TYPING
    assert bench.lines[:2] == ["王小明", "设置密码"]
    type_pin(bench, "120010")
    assert bench.lines[:3] == ["王小明", "再输一次", "[0]_____"]
    type_pin(bench, "120010")
    asked = bench.sent(Activate)[-1]
    assert (asked.code, asked.pin) == (START, "120010")
    bench.hear(Signed(look=asked.look, boot=BOOT, verdict=Verdict.CLERK_SIGNED_IN, on_duty=WANG))
    assert bench.lines == ["密码已设置", "已登录"]
    assert (bench.view.clerk, bench.view.light.colour) == ("1001", Colour.BLUE)
    assert bench.sent(Look) == []
    assert bench.wanted(Refuse) == []


def test_two_that_differ_set_nothing_and_it_begins_anew(bench: Bench) -> None:
    recognised(bench)
    type_pin(bench, "120010")
    type_pin(bench, "120011")
    assert bench.lines[1] == "两次不同,重设"
    assert all(asked.pin is None for asked in bench.sent(Activate))
    type_pin(bench, "000001")
    type_pin(bench, "000001")
    assert bench.sent(Activate)[-1].pin == "000001"


def test_what_was_asked_is_repeated_word_for_word(bench: Bench) -> None:
    asked = set_pin(bench, "000001")
    bench.wait(2.5)
    assert bench.sent(Activate)[-2:] == [asked, asked]


@pytest.mark.parametrize(
    ("verdict", "lines"),
    [
        (Verdict.BAD_CODE, ["此码已失效", "请店长重新发码"]),
        (Verdict.CLERK_WRONG_STORE, ["非本店店员", "请联系店长"]),
        (Verdict.CLERK_DISABLED, ["店员账号已停用", "请联系店长"]),
    ],
)
def test_a_code_that_is_not_good_there_is_refused_and_in_no_book(
    bench: Bench, verdict: Verdict, lines: list[str]
) -> None:
    bench.scan(START)
    bench.hear(Refused(look=bench.sent(Activate)[-1].look, boot=BOOT, verdict=verdict))
    assert bench.lines == lines
    assert bench.view.light.colour is Colour.AMBER
    assert bench.wanted(Refuse) == [Refuse(verdict, None, None)]


def test_without_an_answer_to_a_pin_nobody_says_that_it_was_not_set(bench: Bench) -> None:
    set_pin(bench, "000001")
    bench.wait(8.1)
    assert bench.lines[0] == "结果未知"
    assert bench.view.verdict is Verdict.UPSTREAM_UNAVAILABLE


def test_a_head_office_that_is_away_at_the_first_question_has_set_nothing(bench: Bench) -> None:
    bench.scan(START)
    asked = bench.sent(Activate)[-1]
    bench.hear(Notice(verdict=Verdict.UPSTREAM_UNAVAILABLE, look=asked.look, boot=BOOT))
    assert bench.lines == ["网络不通", "未登录"]


def test_a_code_left_before_the_camera_is_not_asked_about_while_its_pin_is_typed(bench: Bench) -> None:
    recognised(bench)
    bench.scan(START)
    bench.press(Button.CANCEL)
    assert bench.view.screen is Screen.IDLE
    assert len(bench.sent(Activate)) == 1
