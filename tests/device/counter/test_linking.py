"""Greetings, silence, being turned away, and coming back."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from device.counter.effects import Ignored, Placed, Settle, Tidy
from device.counter.events import CameraFault, CameraReady, JournalBehind, LinkDown, LinkUp
from device.view import LinkState, Screen
from protocol.messages import Detail, Hello, Notice, Settled
from protocol.vocabulary import Colour, Pattern, Sound, Verdict
from tests.device.counter.bench import BOOT, OTHER, WELCOME, Bench


@pytest.fixture
def bench() -> Bench:
    return Bench().open_up()


def test_the_gateway_is_greeted_on_each_connection_and_every_ten_seconds(bench: Bench) -> None:
    assert bench.sent(Hello) == [Hello(boot=BOOT, software="test", camera="ready")]
    bench.do(CameraFault())
    bench.wait(10.1)
    assert len(bench.sent(Hello)) == 2
    assert bench.sent(Hello)[-1].camera == "fault"
    bench.do(LinkDown())
    bench.wait(30)
    assert len(bench.sent(Hello)) == 2
    bench.do(LinkUp())
    assert len(bench.sent(Hello)) == 3


def test_a_gateway_that_falls_silent_is_told_from_one_that_answers(bench: Bench) -> None:
    seen = []
    for seconds in (0, 24.9, 0.2):
        bench.wait(seconds)
        seen.append(bench.view.link)
    assert seen == [LinkState.UP, LinkState.UP, LinkState.BROKER_ONLY]
    bench.hear(WELCOME)
    assert bench.view.link is LinkState.UP


def test_a_welcome_says_where_the_kiosk_stands(bench: Bench) -> None:
    assert bench.wanted(Placed) == [Placed("gw-1", "nanjing-lu", "南京路店", WELCOME.time)]


def test_a_store_that_is_tried_out_says_so_at_rest_and_when_it_refuses(bench: Bench) -> None:
    bench.hear(replace(WELCOME, testing=True))
    assert [line.text for line in bench.view.lines[:3]] == ["南京路店", "请出示券码", "测试中 用练习券"]
    bench.scan()
    bench.refused(Verdict.WRONG_STORE, Detail(title="生日蛋糕券", testing=True))
    assert [line.text for line in bench.view.lines] == ["门店未上线", "请联系技术员", "生日蛋糕券"]
    assert (bench.view.verdict, bench.view.light.colour) == (Verdict.WRONG_STORE, Colour.RED)
    bench.wait(30)
    bench.hear(WELCOME)
    assert bench.view.lines[2].text == "Show your code"


def test_a_report_that_may_be_lost_is_repeated_when_the_link_comes_back(bench: Bench) -> None:
    rid = bench.redeem()
    bench.answered()
    bench.do(LinkDown())
    bench.wait(3.1)
    assert bench.wanted(Settle) == [Settle(rid, handed_over=True)]
    bench.do(LinkUp())
    assert bench.sent(Settled)[1:] == [Settled(rid=rid)]
    bench.hear(WELCOME)
    bench.do(LinkDown())
    bench.do(LinkUp())
    assert len(bench.sent(Settled)) == 2  # the welcome answered a greeting that was sent after it


@pytest.mark.parametrize("verdict", [Verdict.DEVICE_REVOKED, Verdict.DEVICE_UNBOUND])
def test_a_kiosk_that_is_turned_away_says_so_and_serves_nobody(bench: Bench, verdict: Verdict) -> None:
    bench.hear(Notice(verdict=verdict))
    assert (bench.view.screen, bench.view.verdict) == (Screen.OUT_OF_SERVICE, verdict)
    assert (bench.view.light.colour, bench.view.light.pattern) == (Colour.RED, Pattern.STEADY)
    assert bench.view.sound is Sound.LONG_LOW
    seq = bench.view.seq
    bench.scan()
    bench.press()
    bench.hear(Notice(verdict=verdict))
    bench.wait(8)
    assert bench.view.seq == seq
    bench.hear(WELCOME)
    assert bench.view.screen is Screen.IDLE


def test_being_turned_away_at_a_look_is_about_the_device_not_the_code(bench: Bench) -> None:
    bench.scan()
    bench.hear(Notice(verdict=Verdict.DEVICE_UNBOUND, look=1, boot=BOOT))
    assert bench.view.screen is Screen.OUT_OF_SERVICE


def test_a_kiosk_that_is_turned_away_goes_on_resolving_what_is_open(bench: Bench) -> None:
    rid = bench.redeem()
    bench.hear(Notice(verdict=Verdict.DEVICE_REVOKED, rid=rid))
    assert bench.view.screen is Screen.OUT_OF_SERVICE
    sent = len(bench.effects)
    bench.wait(5)
    assert len(bench.effects) > sent
    bench.answered(rid=rid)
    assert bench.view.screen is Screen.OUT_OF_SERVICE
    bench.hear(WELCOME)
    assert (bench.view.screen, bench.view.rid) == (Screen.HANDED_OVER, rid)  # it left the screen: never green


def test_a_gateway_that_cannot_serve_this_version_stops_a_kiosk_at_rest() -> None:
    bench = Bench()
    bench.do(CameraReady())
    bench.do(LinkUp())
    bench.hear(Notice(verdict=Verdict.FAULT, hint="update the gateway"))
    assert (bench.view.screen, bench.lines) == (Screen.OUT_OF_SERVICE, ["系统故障", "update the gateway"])
    bench.hear(WELCOME)
    assert bench.view.screen is Screen.IDLE


def test_a_stray_notice_changes_nothing_where_the_gateway_serves(bench: Bench) -> None:
    seq = bench.view.seq
    (ignored,) = bench.hear(Notice(verdict=Verdict.FAULT, hint="no message"))
    assert isinstance(ignored, Ignored)
    assert bench.view.seq == seq


def test_a_journal_that_is_an_old_copy_stops_the_kiosk_until_it_is_restored(bench: Bench) -> None:
    bench.do(JournalBehind())
    assert (bench.view.screen, bench.view.verdict) == (Screen.OUT_OF_SERVICE, Verdict.FAULT)
    bench.hear(WELCOME)
    bench.scan()
    assert bench.view.screen is Screen.OUT_OF_SERVICE


def test_without_a_camera_the_idle_screen_calls_for_the_technician() -> None:
    bench = Bench()
    assert bench.view.screen is Screen.STARTING
    bench.do(CameraFault())
    assert bench.lines == ["南京路店", "扫码器故障", "请联系技术员", "▲撤销 ▼输码"]
    bench.do(CameraReady())
    assert "请出示券码" in bench.lines


def test_a_camera_of_which_no_word_comes_does_not_hold_up_the_start() -> None:
    bench = Bench()
    bench.wait(40.1)
    assert (bench.view.screen, bench.lines[1]) == (Screen.IDLE, "扫码器故障")


def test_the_journal_is_tidied_when_there_is_time(bench: Bench) -> None:
    bench.redeem()
    bench.answered()
    bench.wait(7.9)
    bench.scan(OTHER)
    bench.wait(1)
    assert bench.wanted(Tidy) == []
    bench.refused(Verdict.EXPIRED)
    bench.wait(8.1)
    assert len(bench.wanted(Tidy)) == 1
    bench.wait(60)
    assert len(bench.wanted(Tidy)) == 1


def test_a_kiosk_at_rest_wakes_only_to_greet(bench: Bench) -> None:
    bench.wait(5)
    before = len(bench.effects)
    bench.wait(15.5)
    assert len(bench.effects) - before == 2
