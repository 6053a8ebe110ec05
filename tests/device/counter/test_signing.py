"""A clerk's badge before the camera: asked about as a code is, but it signs in or out, and is never looked up."""

from __future__ import annotations

import msgspec
import pytest

from device.counter.effects import Refuse
from device.counter.events import LinkDown, Released
from device.ports import Button
from device.view import LinkState, Screen
from protocol.duty import OnDuty, SignIn
from protocol.messages import Confirm, Detail, Look, Notice, Refusal, Signed
from protocol.vocabulary import Colour, Sound, Verdict
from tests.device.counter.bench import BOOT, CODE, WELCOME, Bench

BADGE = "HEXIAO:CLERK:5D41402ABC4B2A76B9719D911017C592"
WANG = OnDuty(sign_in="a" * 32, clerk="1001", name="王小明")
ASKS = msgspec.structs.replace(WELCOME, clerk_required=True)


@pytest.fixture
def bench() -> Bench:
    """Return a counter at rest in a store that asks for its clerk."""
    opened = Bench().open_up()
    opened.hear(ASKS)
    return opened


def sign_in(bench: Bench) -> None:
    """Show the badge, and let the gateway sign its clerk in."""
    bench.scan(BADGE)
    (asked,) = bench.sent(SignIn)[-1:]
    bench.hear(Signed(look=asked.look, boot=BOOT, verdict=Verdict.CLERK_SIGNED_IN, on_duty=WANG))


def test_without_a_clerk_nothing_is_looked_up_and_the_screen_says_so(bench: Bench) -> None:
    assert bench.lines[-1] == "请店员登录 ×"
    bench.scan()
    assert bench.view.verdict is Verdict.CLERK_REQUIRED
    assert (bench.view.light.colour, bench.view.sound) == (Colour.AMBER, Sound.TWO_SHORT)
    assert bench.sent(Look) == []
    assert [told.verdict for told in bench.sent(Refusal)] == [Verdict.CLERK_REQUIRED]


def test_a_badge_signs_its_clerk_in_who_is_named_in_what_follows(bench: Bench) -> None:
    bench.scan(BADGE)
    assert bench.view.screen is Screen.LOOKING
    (asked,) = bench.sent(SignIn)
    assert (asked.badge, asked.holds) == (BADGE, None)
    detail = Detail(title="王小明")
    bench.hear(Signed(look=asked.look, boot=BOOT, verdict=Verdict.CLERK_SIGNED_IN, on_duty=WANG, detail=detail))
    assert bench.lines == ["已登录", "王小明"]
    assert (bench.view.light.colour, bench.view.sound, bench.view.clerk) == (Colour.BLUE, Sound.ONE_SHORT, "1001")
    assert bench.sent(Look) == []
    assert bench.wanted(Refuse) == []
    bench.wait(10)
    assert bench.lines[-1] == "店员 王小明"
    bench.scan()
    assert bench.sent(Look)[-1].clerk == "1001"
    bench.offered()
    bench.press()
    assert bench.sent(Confirm)[-1].intent.clerk == "1001"


def test_shown_again_it_ends_the_sign_in_that_the_kiosk_holds(bench: Bench) -> None:
    sign_in(bench)
    bench.wait(10)
    bench.scan(BADGE)
    asked = bench.sent(SignIn)[-1]
    assert asked.holds == WANG.sign_in
    bench.hear(Signed(look=asked.look, boot=BOOT, verdict=Verdict.CLERK_SIGNED_OUT))
    assert (bench.view.verdict, bench.view.clerk) == (Verdict.CLERK_SIGNED_OUT, None)


def test_a_sign_in_is_repeated_word_for_word_until_it_is_answered(bench: Bench) -> None:
    bench.scan(BADGE)
    bench.wait(2.5)
    first, second, third = bench.sent(SignIn)
    assert first == second == third


def test_a_refused_badge_signs_nobody_in_and_its_text_is_in_no_book(bench: Bench) -> None:
    bench.scan(BADGE)
    bench.hear(Signed(look=bench.sent(SignIn)[-1].look, boot=BOOT, verdict=Verdict.CLERK_WRONG_STORE))
    assert bench.lines[0] == "非本店店员"
    assert bench.view.clerk is None
    assert bench.wanted(Refuse) == [Refuse(Verdict.CLERK_WRONG_STORE, None, None)]


@pytest.mark.parametrize("verdict", [Verdict.CLERK_SIGNED_IN, Verdict.CLERK_SIGNED_OUT])
def test_a_look_at_a_code_signs_nobody_in(bench: Bench, verdict: Verdict) -> None:
    sign_in(bench)
    bench.scan()
    bench.refused(verdict)
    assert bench.view.verdict is Verdict.FAULT


def test_a_badge_without_a_network_says_that_nobody_is_signed_in(bench: Bench) -> None:
    bench.do(LinkDown())
    bench.scan(BADGE)
    bench.wait(3.1)
    assert bench.view.verdict is Verdict.OFFLINE_REFUSED
    assert bench.lines == ["网络不通", "未登录"]
    assert bench.counter.link is LinkState.DOWN


def test_too_many_badges_are_answered_as_such(bench: Bench) -> None:
    bench.scan(BADGE)
    bench.hear(Notice(verdict=Verdict.RATE_LIMITED, look=bench.sent(SignIn)[-1].look, boot=BOOT))
    assert bench.view.verdict is Verdict.RATE_LIMITED


def test_the_gateways_greeting_says_who_is_signed_in(bench: Bench) -> None:
    bench.hear(msgspec.structs.replace(ASKS, on_duty=WANG))
    assert (bench.view.clerk, bench.lines[-1]) == ("1001", "店员 王小明")
    bench.hear(ASKS)
    assert bench.view.clerk is None


def test_where_each_redemption_wants_a_sign_in_one_uses_it_up(bench: Bench) -> None:
    bench.hear(msgspec.structs.replace(ASKS, on_duty=WANG, clerk_each=True))
    bench.scan(CODE)
    bench.offered()
    bench.press()
    assert bench.sent(Confirm)[-1].intent.clerk == "1001"
    assert bench.view.clerk is None


def press_in(bench: Bench, text: str) -> None:
    """Set digits with the buttons, each by turning the wheel up."""
    for digit in text:
        for _ in range(int(digit)):
            bench.press(Button.UP)
            bench.do(Released(Button.UP, 0.1))
        bench.press(Button.OK)


def test_number_and_pin_are_set_with_the_buttons(bench: Bench) -> None:
    bench.press(Button.CANCEL)
    assert (bench.view.screen, bench.lines[:2]) == (Screen.TYPING, ["店员编号", "[0]"])
    press_in(bench, "1001")
    assert bench.lines[1] == "1001[0]"
    bench.press(Button.DOWN)
    bench.press(Button.OK)
    assert bench.lines[:2] == ["密码", "[0]_____"]
    press_in(bench, "40821")
    assert bench.lines[1] == "*****[0]"
    press_in(bench, "7")
    (asked,) = bench.sent(SignIn)
    assert (asked.number, asked.pin, asked.badge) == ("1001", "408217", None)
    bench.hear(Signed(look=asked.look, boot=BOOT, verdict=Verdict.CLERK_WRONG_PIN))
    assert (bench.lines[0], bench.view.sound) == ("密码错误", Sound.TWO_SHORT)
    assert bench.wanted(Refuse) == [Refuse(Verdict.CLERK_WRONG_PIN, None, None)]


def test_a_held_button_turns_the_wheel_and_an_entry_that_nobody_goes_on_with_ends(bench: Bench) -> None:
    bench.press(Button.CANCEL)
    bench.press(Button.UP)
    bench.wait(0.8)
    bench.do(Released(Button.UP, 0.8))
    assert bench.lines[1] == "[4]"
    bench.wait(31)
    assert bench.view.screen is Screen.IDLE


def test_cancel_leaves_the_entry_and_a_code_that_came_meanwhile_is_served(bench: Bench) -> None:
    bench.press(Button.CANCEL)
    bench.scan(BADGE)
    assert bench.view.screen is Screen.TYPING
    bench.press(Button.CANCEL)
    assert bench.sent(SignIn)[-1].badge == BADGE


def test_cancel_at_rest_asks_whether_the_clerk_goes(bench: Bench) -> None:
    bench.hear(msgspec.structs.replace(ASKS, on_duty=WANG))
    bench.press(Button.CANCEL)
    assert (bench.view.screen, bench.lines[:2]) == (Screen.LEAVING, ["店员 王小明", "退出登录?"])
    bench.press(Button.CANCEL)
    assert bench.view.screen is Screen.IDLE
    bench.press(Button.CANCEL)
    bench.press(Button.OK)
    (asked,) = bench.sent(SignIn)
    assert (asked.badge, asked.number, asked.holds) == (None, None, WANG.sign_in)


def test_where_no_store_asks_for_clerks_cancel_at_rest_does_nothing() -> None:
    bench = Bench().open_up()
    bench.press(Button.CANCEL)
    assert bench.view.screen is Screen.IDLE


def test_who_goes_reads_what_the_shift_adds_up_to(bench: Bench) -> None:
    sign_in(bench)
    bench.wait(10)
    bench.scan(BADGE)
    total = Detail(title="王小明", redeemed=17, amount=34_550)
    asked = bench.sent(SignIn)[-1]
    bench.hear(Signed(look=asked.look, boot=BOOT, verdict=Verdict.CLERK_SIGNED_OUT, detail=total))
    assert bench.lines == ["已退出", "王小明", "本班核销 17"]


def test_a_clerk_who_was_signed_out_when_idle_is_told_at_rest_alone(bench: Bench) -> None:
    sign_in(bench)
    bench.wait(10)
    told = Signed(verdict=Verdict.CLERK_SIGNED_OUT, detail=Detail(title="王小明", redeemed=1))
    bench.hear(told)
    assert (bench.view.verdict, bench.view.clerk) == (Verdict.CLERK_SIGNED_OUT, None)
    sign_in(bench)
    bench.scan()
    bench.hear(told)
    assert (bench.view.screen, bench.view.clerk) == (Screen.LOOKING, None)
