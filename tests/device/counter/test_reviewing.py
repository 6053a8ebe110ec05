"""A clerk's own day by the buttons: totals first, then each redemption; nobody else's, and nothing is changed by it."""

from __future__ import annotations

import msgspec
import pytest

from device.counter.events import LinkDown
from device.counter.style import SIZES, Style
from device.counter.words import Language
from device.display.fonts import load_face
from device.display.layout import WIDTH
from device.ports import Button
from device.view import Screen
from protocol.duty import AskOwnDay, Did, OnDuty, OwnDay
from protocol.messages import Refused
from protocol.vocabulary import Colour, Verdict
from tests.device.counter.bench import BOOT, WELCOME, Bench

WANG = OnDuty(sign_in="a" * 32, clerk="1001", name="王小明")
CAKE = Did(title="生日蛋糕券", code_tail="7733", at="2026-05-01T12:00:05+08:00", amount=12_850)
TEA = Did(title="奶茶券", code_tail="1188", at="2026-05-01T11:58:00+08:00", undone=True)


def opened(style: Style | None = None) -> Bench:
    """Return a counter at rest with a clerk who is signed in."""
    bench = Bench(style=style).open_up()
    bench.hear(msgspec.structs.replace(WELCOME, on_duty=WANG))
    return bench


def review(bench: Bench) -> AskOwnDay:
    """Ask for the day of who is signed in, and let the gateway tell."""
    bench.press(Button.CANCEL)
    bench.press(Button.DOWN)
    (asked,) = bench.sent(AskOwnDay)[-1:]
    bench.hear(OwnDay(look=asked.look, boot=BOOT, redeemed=17, amount=123_450, undone=1, done=(CAKE, TEA)))
    return asked


def test_the_totals_come_first_and_up_and_down_page_round_and_round() -> None:
    bench = opened()
    bench.press(Button.CANCEL)
    assert bench.lines == ["店员 王小明", "退出登录?", "OK是 ×否 ▼今日"]
    bench.press(Button.CANCEL)
    review(bench)
    assert (bench.view.screen, bench.view.light.colour) == (Screen.REVIEWING, Colour.OFF)
    assert bench.lines == ["今日核销 17", "实收¥1234.50", "撤销 1", "▲▼明细 ×返回"]
    bench.press(Button.DOWN)
    assert bench.lines[:3] == ["1/2 12:00", "生日蛋糕券", "尾号7733 ¥128.50"]
    bench.press(Button.DOWN)
    assert bench.lines[:3] == ["2/2 11:58", "奶茶券", "尾号1188 已撤销"]
    bench.press(Button.DOWN)
    assert bench.lines[0] == "今日核销 17"
    bench.press(Button.UP)
    assert bench.lines[0] == "2/2 11:58"


@pytest.mark.parametrize("button", [Button.OK, Button.CANCEL])
def test_ok_and_cancel_leave_and_nobody_is_signed_out(button: Button) -> None:
    bench = opened()
    review(bench)
    bench.press(button)
    assert (bench.view.screen, bench.view.clerk) == (Screen.IDLE, "1001")


def test_it_is_given_up_after_a_while_and_a_code_that_waits_is_served_then() -> None:
    bench = opened()
    review(bench)
    bench.scan()
    assert bench.lines[0] == "今日核销 17"
    bench.wait(31)
    assert bench.view.screen is Screen.LOOKING


def test_without_the_gateway_it_says_so_and_a_late_list_changes_nothing() -> None:
    bench = opened()
    bench.do(LinkDown())
    bench.press(Button.CANCEL)
    bench.press(Button.UP)
    (asked,) = bench.sent(AskOwnDay)[:1]
    bench.wait(3.1)
    assert (bench.view.verdict, bench.lines) == (Verdict.OFFLINE_REFUSED, ["暂时查不到", "请稍后再试"])
    bench.wait(10)
    bench.hear(OwnDay(look=asked.look, boot=BOOT, redeemed=1, amount=0))
    assert bench.view.screen is Screen.IDLE


def test_who_was_signed_out_meanwhile_is_asked_to_sign_in() -> None:
    bench = opened()
    bench.press(Button.CANCEL)
    bench.press(Button.UP)
    bench.hear(Refused(look=bench.sent(AskOwnDay)[-1].look, boot=BOOT, verdict=Verdict.CLERK_REQUIRED))
    assert bench.view.verdict is Verdict.CLERK_REQUIRED


@pytest.mark.parametrize("px", sorted(SIZES))
@pytest.mark.parametrize("language", list(Language))
def test_no_word_of_it_scrolls_at_either_size(language: Language, px: int) -> None:
    bench, face = opened(Style(language, *SIZES[px])), load_face(px)
    review(bench)
    for _ in range(3):
        assert len(bench.view.lines) <= SIZES[px][0]
        assert all(face.render(line.text).width <= WIDTH for line in bench.view.lines), bench.lines
        bench.press(Button.DOWN)
