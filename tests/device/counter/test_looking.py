"""From a code held up to its offer or refusal."""

from __future__ import annotations

import msgspec
import pytest

from device.counter.effects import Ignored, Mint, Refuse, Send
from device.counter.events import CameraFault, CameraReady, Gone, LinkDown, LinkUp, Scanned, SeveralCodes
from device.ports import Button
from device.view import LinkState, Screen
from protocol.messages import Detail, Look, Notice, Offered, Refusal, Refused
from protocol.vocabulary import Colour, Pattern, Sound, Verdict
from tests.device.counter.bench import BOOT, CAKE, CODE, OTHER, WELCOME, Bench


@pytest.fixture
def bench() -> Bench:
    return Bench().open_up()


def test_a_code_is_looked_up_and_its_offer_is_shown(bench: Bench) -> None:
    bench.scan()
    (look,) = bench.sent(Look)
    assert (look.code, look.boot, look.look) == (CODE, BOOT, 1)
    assert (bench.view.screen, bench.view.verdict) == (Screen.LOOKING, Verdict.LOOKING)
    assert (bench.view.light.colour, bench.view.light.pattern) == (Colour.BLUE, Pattern.PULSE)
    bench.offered()
    assert (bench.view.screen, bench.view.verdict) == (Screen.OFFER, Verdict.REDEEMABLE)
    assert bench.view.sound is Sound.ONE_SHORT
    assert bench.lines[:3] == ["待核销", "生日蛋糕券", "¥50"]
    assert bench.view.rid is None


def test_a_look_that_takes_long_says_so_and_is_repeated_every_second(bench: Bench) -> None:
    bench.scan()
    bench.wait(1.4)
    assert bench.lines == ["正在查询"]
    bench.wait(0.2)
    assert bench.lines == ["正在查询", "网络较慢", "正在重试"]
    assert [look.look for look in bench.sent(Look)] == [1, 1]


def test_a_look_that_nobody_answers_is_given_up_and_nothing_was_spent(bench: Bench) -> None:
    bench.scan()
    bench.wait(7.9)
    assert bench.view.screen is Screen.LOOKING
    bench.wait(0.2)
    assert bench.view.verdict is Verdict.UPSTREAM_UNAVAILABLE
    assert bench.wanted(Refuse) == [Refuse(Verdict.UPSTREAM_UNAVAILABLE, "7733", None)]
    assert bench.wanted(Mint) == []


def test_without_a_network_a_look_is_given_up_sooner_and_says_why(bench: Bench) -> None:
    bench.do(LinkDown())
    bench.scan()
    bench.wait(3.1)
    assert bench.view.verdict is Verdict.OFFLINE_REFUSED
    assert bench.lines[0] == "网络不通,未核销"


def test_a_network_that_comes_back_in_time_still_brings_the_offer(bench: Bench) -> None:
    bench.do(LinkDown())
    bench.scan()
    bench.wait(2.0)
    effects = bench.do(LinkUp())
    assert any(isinstance(effect, Send) and isinstance(effect.message, Look) for effect in effects)
    bench.wait(3.0)
    assert bench.view.verdict is Verdict.LOOKING
    bench.offered()
    assert bench.view.screen is Screen.OFFER


def test_a_link_that_fails_during_the_look_is_the_reason_given(bench: Bench) -> None:
    bench.scan()
    bench.do(LinkDown())
    bench.wait(8.1)
    assert bench.view.verdict is Verdict.OFFLINE_REFUSED


def test_a_refusal_is_shown_with_its_particulars_and_noted(bench: Bench) -> None:
    bench.scan()
    bench.refused(Verdict.ALREADY_REDEEMED, Detail(at="2026-04-30T09:15:00+08:00", store="西湖店"))
    assert bench.lines == ["已使用", "请出示其他券", "2026-04-30 09:15", "西湖店"]
    assert (bench.view.light.colour, bench.view.sound) == (Colour.RED, Sound.FALLING_PAIR)
    assert bench.wanted(Refuse) == [Refuse(Verdict.ALREADY_REDEEMED, "7733", None)]
    assert bench.sent(Refusal) == []  # the gateway knows: it said so


@pytest.mark.rule(9)
def test_of_what_was_redeemed_and_perhaps_not_handed_over_that_is_asked(bench: Bench) -> None:
    bench.scan()
    bench.refused(Verdict.ALREADY_REDEEMED, Detail(at="2026-04-30T09:15:00+08:00", store="西湖店", unsettled=True))
    assert bench.lines == ["已使用", "是否已交付?", "2026-04-30 09:15", "西湖店"]


def test_a_refusal_of_another_store_names_the_stores(bench: Bench) -> None:
    bench.scan()
    bench.refused(Verdict.WRONG_STORE, Detail(stores=("西湖店", "外滩店")))
    assert bench.lines == ["当前门店不适用", "请到适用门店使用", "西湖店、外滩店"]


@pytest.mark.parametrize("verdict", [Verdict.REDEEMED, Verdict.PENDING, Verdict.REDEEMABLE, Verdict.ACCEPTED_OFFLINE])
def test_a_look_never_ends_in_a_success_whatever_the_gateway_says(bench: Bench, verdict: Verdict) -> None:
    bench.scan()
    bench.refused(verdict)
    assert bench.view.verdict is Verdict.FAULT
    assert bench.view.light.colour is Colour.RED


@pytest.mark.parametrize("message", [
    Offered(look=1, boot=BOOT, offer="old", detail=CAKE),
    Refused(look=2, boot="6-old", verdict=Verdict.EXPIRED),
    Notice(verdict=Verdict.RATE_LIMITED, look=1, boot=BOOT),
])  # fmt: skip
def test_a_late_answer_to_another_look_is_ignored(bench: Bench, message: Offered | Refused | Notice) -> None:
    bench.scan()
    bench.refused(Verdict.EXPIRED)
    bench.scan(OTHER)
    (ignored,) = bench.hear(message)
    assert isinstance(ignored, Ignored)
    assert bench.view.screen is Screen.LOOKING


def test_a_notice_about_the_look_ends_it(bench: Bench) -> None:
    bench.scan()
    bench.hear(Notice(verdict=Verdict.RATE_LIMITED, look=1, boot=BOOT))
    assert bench.view.verdict is Verdict.RATE_LIMITED


def test_a_look_can_be_abandoned_with_cancel_only(bench: Bench) -> None:
    bench.scan()
    bench.press(Button.OK)
    assert bench.view.screen is Screen.LOOKING
    bench.press(Button.CANCEL)
    assert bench.view.verdict is Verdict.ABORTED
    assert bench.lines == ["已取消,未核销"]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("134567890123456789", Verdict.PAYMENT_CODE),
        ("2856789012345678", Verdict.PAYMENT_CODE),
        ("HEXIAO:SETUP:secret-token", Verdict.SETUP_CODE),
    ],
)
def test_payment_and_setup_codes_are_refused_by_name_and_leave_no_trace(
    bench: Bench, text: str, verdict: Verdict
) -> None:
    bench.scan(text)
    assert bench.view.verdict is verdict
    assert bench.wanted(Refuse) == [Refuse(verdict, None, None)]
    assert bench.sent(Refusal) == [Refusal(verdict=verdict)]
    assert bench.sent(Look) == []
    assert text not in repr(bench.counter)
    assert text not in repr(bench.effects)


def test_a_payment_code_held_up_while_busy_is_not_kept_in_mind(bench: Bench) -> None:
    bench.scan()
    bench.scan("134567890123456789")
    assert "134567890123456789" not in repr(bench.counter)


def test_claim_and_follow_codes_are_refused_by_name_with_their_tail(bench: Bench) -> None:
    bench.scan("http://weixin.qq.com/r/AbCdEfGh")
    assert bench.view.verdict is Verdict.FOLLOW_CODE
    assert bench.sent(Refusal) == [Refusal(verdict=Verdict.FOLLOW_CODE, code_tail="EfGh")]


@pytest.mark.parametrize("text", [None, "", "a\x00b", "x" * 4000])
def test_bytes_that_are_no_code_are_refused(bench: Bench, text: str | None) -> None:
    bench.scan(text)
    assert bench.view.verdict is Verdict.BAD_CODE
    assert bench.wanted(Refuse) == [Refuse(Verdict.BAD_CODE, None, None)]


def test_several_codes_ask_for_one(bench: Bench) -> None:
    bench.do(SeveralCodes())
    assert bench.view.verdict is Verdict.MANY_CODES
    seq = bench.view.seq
    bench.do(SeveralCodes())
    assert bench.view.seq == seq
    bench.scan()
    assert bench.view.screen is Screen.LOOKING


def test_a_code_that_waits_in_view_is_served_when_the_counter_is_at_rest(bench: Bench) -> None:
    bench.scan()
    bench.scan(OTHER)
    bench.refused(Verdict.EXPIRED)
    bench.wait(7.9)
    assert bench.view.verdict is Verdict.EXPIRED
    bench.wait(0.2)
    assert (bench.view.screen, bench.sent(Look)[-1].code) == (Screen.LOOKING, OTHER)


def test_a_code_that_has_gone_meanwhile_is_not_served(bench: Bench) -> None:
    bench.scan()
    bench.scan(OTHER)
    bench.do(Gone())
    bench.refused(Verdict.EXPIRED)
    bench.wait(8.1)
    assert bench.view.screen is Screen.IDLE


def test_a_code_that_is_seen_before_the_camera_reports_for_duty_is_served() -> None:
    bench = Bench()
    bench.scan()
    bench.do(CameraReady())
    assert (bench.view.screen, bench.sent(Look)[-1].code) == (Screen.LOOKING, CODE)


def test_a_camera_that_fails_makes_the_counter_forget_what_waited(bench: Bench) -> None:
    bench.scan()
    bench.scan(OTHER)
    bench.do(CameraFault())
    bench.refused(Verdict.EXPIRED)
    bench.wait(8.1)
    assert bench.view.screen is Screen.IDLE


def test_the_code_in_hand_is_not_served_a_second_time(bench: Bench) -> None:
    bench.scan()
    bench.scan(CODE)
    bench.refused(Verdict.EXPIRED)
    bench.wait(8.1)
    assert len({look.look for look in bench.sent(Look)}) == 1


def test_where_a_clerk_must_sign_in_nothing_is_looked_up_without_one(bench: Bench) -> None:
    bench.hear(msgspec.structs.replace(WELCOME, clerk_required=True))
    bench.scan()
    assert bench.view.verdict is Verdict.CLERK_REQUIRED
    assert bench.sent(Look) == []
    assert bench.wanted(Refuse) == [Refuse(Verdict.CLERK_REQUIRED, "7733", None)]


def test_the_idle_screen_is_honest_about_the_network(bench: Bench) -> None:
    assert bench.lines == ["南京路店", "请出示券码", "Show your code", "▲撤销 ▼输码"]
    bench.do(LinkDown())
    assert bench.view.link is LinkState.DOWN
    assert "请出示券码" in bench.lines  # a short interruption is nobody's business
    bench.wait(3.1)
    assert bench.lines == ["南京路店", "网络不通", "暂不能核销"]
    bench.do(LinkUp())
    assert bench.lines[1] == "门店网关无响应"
    bench.hear(WELCOME)
    assert "请出示券码" in bench.lines


def test_what_a_gun_has_read_is_served_now_or_never(bench: Bench) -> None:
    bench.do(Scanned(CODE, stays=False))
    assert [look.code for look in bench.sent(Look)] == [CODE]
    bench.do(Scanned(OTHER, stays=False))
    bench.refused(Verdict.EXPIRED)
    bench.wait(30)
    assert len(bench.sent(Look)) == 1
    bench.do(Scanned(OTHER, stays=False))
    assert [look.code for look in bench.sent(Look)] == [CODE, OTHER]


def test_a_gun_takes_nothing_from_what_stands_before_the_camera(bench: Bench) -> None:
    bench.scan()
    bench.scan(OTHER)
    bench.do(Scanned("a third", stays=False))
    bench.press(Button.CANCEL)
    bench.wait(4)
    assert list(dict.fromkeys(look.code for look in bench.sent(Look))) == [CODE, OTHER]


def test_a_trigger_pulled_twice_does_not_wipe_the_answer_away(bench: Bench) -> None:
    bench.redeem()
    bench.answered()
    bench.do(Scanned(CODE, stays=False))
    assert bench.view.verdict is Verdict.REDEEMED
    bench.wait(30)
    assert len(bench.sent(Look)) == 1
