"""From OK to its end: written before it is sent, amber until it is certain, green for one customer only."""

from __future__ import annotations

import pytest

from device.counter.effects import Conclude, Ignored, Mint, Park, Send, Settle, Show
from device.counter.events import CameraReady, LinkDown, LinkUp, MintFailed
from device.counter.states import Kept
from device.counter.timing import Timing
from device.ports import Button
from device.view import Screen
from protocol.ids import parking_number
from protocol.messages import Answer, Confirm, Detail, Intent, Notice, Resolve, Settled
from protocol.vocabulary import Colour, Light, Pattern, Sound, Verdict
from tests.device.counter.bench import BOOT, CODE, DONE, OTHER, WELCOME, Bench

OPEN = Kept(intent=Intent(rid="ab" * 16, code=CODE, offer="sealed"), tail="7733")
ENDED = Kept(
    intent=Intent(rid="cd" * 16),
    tail="1122",
    answer=Answer(rid="cd" * 16, verdict=Verdict.REDEEMED, final=True, detail=DONE),
)
AMBER_PULSE = Light(Colour.AMBER, Pattern.PULSE)
AMBER_BLINK = Light(Colour.AMBER, Pattern.BLINK)


@pytest.fixture
def bench() -> Bench:
    return Bench().open_up()


# --- the offer


def test_ok_writes_the_redemption_down_before_it_sends_it(bench: Bench) -> None:
    bench.scan()
    bench.offered()
    effects = bench.press()
    mint, send, show = effects
    assert isinstance(mint, Mint)
    assert mint.intent == Intent(rid=bench.rid, code=CODE, quantity=1, offer="sealed")
    assert send == Send(Confirm(intent=mint.intent))
    assert isinstance(show, Show)
    assert (show.view.screen, show.view.rid, show.view.light) == (Screen.PENDING, bench.rid, AMBER_PULSE)


def test_up_and_down_choose_how_many_within_what_is_offered(bench: Bench) -> None:
    bench.scan()
    bench.offered(most=3)
    assert bench.lines[0] == "待核销 1/3 ▲▼"
    for button, shown in [(Button.DOWN, 1), (Button.UP, 2), (Button.UP, 3), (Button.UP, 3), (Button.DOWN, 2)]:
        bench.press(button)
        assert bench.lines[0] == f"待核销 {shown}/3 ▲▼"
    bench.press(Button.OK)
    assert bench.wanted(Mint)[-1].intent.quantity == 2


def test_cancel_ends_an_offer_without_a_redemption(bench: Bench) -> None:
    bench.scan()
    bench.offered()
    bench.press(Button.CANCEL)
    assert (bench.view.verdict, bench.view.rid, bench.lines) == (Verdict.ABORTED, None, ["已取消,未核销"])
    assert (bench.view.light.colour, bench.view.sound) == (Colour.OFF, Sound.ONE_LOW)
    assert bench.wanted(Mint) == []
    bench.wait(3.1)
    assert bench.view.screen is Screen.IDLE


def test_an_offer_counts_down_and_lapses(bench: Bench) -> None:
    bench.scan()
    bench.offered()
    assert bench.view.countdown == 1.0
    bench.wait(15.0)
    assert bench.view.countdown == pytest.approx(0.5, abs=0.05)
    bench.wait(15.1)
    assert (bench.view.verdict, bench.view.rid, bench.lines) == (Verdict.ABORTED, None, ["超时,未核销"])


def test_counting_down_makes_no_sound_again(bench: Bench) -> None:
    bench.scan()
    bench.offered()
    bench.wait(5.0)
    announced = [show.view.screen for show in bench.wanted(Show) if show.announced]
    assert announced.count(Screen.OFFER) == 1


def test_a_press_that_comes_when_the_offer_has_lapsed_redeems_nothing(bench: Bench) -> None:
    bench.scan()
    bench.offered()
    bench.now += 30.1  # nobody ticked in time
    bench.press()
    assert bench.wanted(Mint) == []


def test_no_offer_is_confirmed_that_the_gateway_would_find_too_old() -> None:
    bench = Bench(timing=Timing(offer_s=54.9)).open_up()
    bench.scan()
    bench.wait(7.0)
    bench.offered(valid_s=60.0)
    bench.wait(47.9)
    assert bench.view.screen is Screen.OFFER
    bench.wait(0.2)  # 55 s after it was asked for
    assert bench.view.verdict is Verdict.ABORTED


# --- pending


def test_a_wait_grows_more_explicit_and_then_offers_a_choice(bench: Bench) -> None:
    bench.redeem()
    assert (bench.lines, bench.view.sound) == (["正在核销"], Sound.SLOW_TICK)
    bench.wait(1.6)
    assert bench.lines == ["结果确认中", "请勿重复核销", "请勿交付"]
    assert not bench.wanted(Show)[-1].announced  # the tick goes on
    bench.press(Button.CANCEL)
    assert bench.view.screen is Screen.PENDING  # too early to give up
    bench.wait(8.5)
    assert bench.lines[-1] == "OK等待 ×放弃"
    bench.press(Button.OK)
    assert "OK等待 ×放弃" not in bench.lines
    bench.wait(10.1)
    assert bench.lines[-1] == "OK等待 ×放弃"


def test_the_redemption_is_asked_for_during_ten_seconds_and_then_only_its_end(bench: Bench) -> None:
    bench.redeem()
    bench.wait(9.9)
    assert len(bench.sent(Confirm)) == 10
    assert bench.sent(Resolve) == []
    bench.wait(6.2)
    assert len(bench.sent(Confirm)) == 10
    assert len(bench.sent(Resolve)) == 3
    (minted,) = bench.wanted(Mint)
    assert {message.intent for message in bench.sent(Confirm)} == {minted.intent}
    assert {message.intent for message in bench.sent(Resolve)} == {minted.intent}


def test_a_pending_answer_a_notice_and_a_lost_link_end_nothing(bench: Bench) -> None:
    rid = bench.redeem()
    bench.answered(Verdict.PENDING, final=False)
    bench.hear(Notice(verdict=Verdict.FAULT, rid=rid, hint="other fields"))
    bench.do(LinkDown())
    bench.wait(60)
    assert bench.view.screen is Screen.PENDING
    assert bench.counter.ticket(rid) is not None


@pytest.mark.rule(8)
def test_what_its_gateway_does_not_take_is_only_asked_about_at_once_and_stays_open(bench: Bench) -> None:
    rid = bench.redeem()
    bench.hear(Notice(verdict=Verdict.FAULT, rid=rid, hint="no offer of this gateway since its start"))
    assert [message.reason for message in bench.sent(Resolve)] == ["no offer of this gateway since its start"]
    bench.hear(Notice(verdict=Verdict.FAULT, rid=rid, hint="no offer of this gateway since its start"))
    bench.hear(Notice(verdict=Verdict.FAULT, rid="f" * 32, hint="of a rid that is not open here"))
    assert len(bench.sent(Resolve)) == 1
    bench.wait(2)
    assert len(bench.sent(Confirm)) == 1
    assert bench.view.screen is Screen.PENDING


def test_when_the_link_returns_the_redemption_is_asked_about_at_once(bench: Bench) -> None:
    bench.redeem()
    bench.do(LinkDown())
    bench.wait(20)
    before = len(bench.sent(Resolve))
    bench.do(LinkUp())
    assert len(bench.sent(Resolve)) == before + 1


def test_an_answer_that_calls_an_open_verdict_final_ends_nothing(bench: Bench) -> None:
    bench.redeem()
    assert any(isinstance(effect, Ignored) for effect in bench.answered(Verdict.PENDING, final=True))
    assert bench.view.screen is Screen.PENDING


def test_an_answer_to_an_unknown_rid_is_ignored(bench: Bench) -> None:
    seq = bench.view.seq
    (ignored,) = bench.answered(rid="ff" * 16)
    assert isinstance(ignored, Ignored)
    assert bench.view.seq == seq


# --- the end


def test_redeemed_turns_green_for_the_customer_who_waits_and_the_books_come_after(bench: Bench) -> None:
    bench.redeem()
    effects = bench.answered()
    assert [type(effect) for effect in effects] == [Show, Conclude]
    assert (bench.view.screen, bench.view.verdict, bench.view.rid) == (Screen.RESULT, Verdict.REDEEMED, bench.rid)
    assert (bench.view.light, bench.view.sound) == (Light(Colour.GREEN), Sound.RISING_PAIR)
    assert bench.lines == ["核销成功", "生日蛋糕券", "尾号7733"]
    assert [line.large for line in bench.view.lines] == [True, False, False]


def test_a_green_that_came_late_is_still_green_while_it_is_on_the_screen(bench: Bench) -> None:
    bench.redeem()
    bench.wait(45)
    bench.answered()
    assert bench.view.light.colour is Colour.GREEN


def test_a_refused_redemption_is_red_and_settled_like_any_other(bench: Bench) -> None:
    rid = bench.redeem()
    bench.answered(Verdict.ALREADY_REDEEMED)
    assert (bench.view.light.colour, bench.view.rid) == (Colour.RED, rid)
    bench.wait(3.1)
    assert bench.wanted(Settle) == [Settle(rid, handed_over=True)]


@pytest.mark.rule(10)
def test_a_redemption_that_was_undone_is_never_green(bench: Bench) -> None:
    bench.redeem()
    bench.answered(undone_by="ee" * 16)
    assert (bench.view.verdict, bench.view.light.colour, bench.lines[0]) == (
        Verdict.UNDONE,
        Colour.BLUE,
        "已撤销核销",
    )


def test_a_redemption_that_ran_out_of_time_says_that_nothing_was_spent(bench: Bench) -> None:
    bench.redeem()
    bench.wait(12)
    bench.answered(Verdict.ABORTED)
    assert bench.lines == ["超时,未核销"]


def test_where_the_journal_refuses_nothing_leaves_and_the_screen_says_so(bench: Bench) -> None:
    rid = bench.redeem()
    bench.do(MintFailed(rid))
    assert (bench.view.verdict, bench.view.rid) == (Verdict.FAULT, None)
    assert bench.lines == ["系统故障", "未核销"]
    bench.wait(60)
    assert bench.view.screen is Screen.IDLE
    assert bench.sent(Resolve) == []


@pytest.mark.rule(9)
def test_rule_9_a_redemption_with_two_ends_is_ended_and_nobody_is_told_that_its_goods_went(bench: Bench) -> None:
    rid = bench.redeem()
    bench.answered(Verdict.FAULT, rid=rid, detail=Detail(title="生日蛋糕券", case=rid[:4].upper()))
    assert (bench.view.verdict, bench.view.light.colour) == (Verdict.FAULT, Colour.RED)
    assert bench.lines == [f"系统故障 {rid[:4].upper()}", "各方记录不一致", "请勿交付", "请联系店长"]
    bench.wait(60)
    assert bench.view.screen is Screen.IDLE
    assert bench.counter.tickets == (), "it is asked about no more"
    assert bench.sent(Settled) == [], "what its gateway has heard of that, or asks, stays"
    assert Settle(rid, handed_over=False) in bench.effects, "after a restart neither"


# --- parked


def test_giving_up_parks_the_redemption_under_a_number_and_serves_the_next(bench: Bench) -> None:
    rid = bench.redeem()
    bench.wait(10.1)
    effects = bench.press(Button.CANCEL)
    assert Park(rid) in effects
    assert bench.sent(Resolve)[-1].intent.rid == rid
    assert f"编号 {parking_number(rid)}" in bench.lines
    assert (bench.view.light, bench.view.verdict) == (AMBER_PULSE, Verdict.PENDING)
    bench.scan(OTHER)
    assert bench.view.screen is Screen.LOOKING
    assert bench.counter.ticket(rid) is not None


@pytest.mark.rule(8)
def test_rule_8_no_request_leaves_with_giving_up_though_one_is_due() -> None:
    bench = Bench(timing=Timing(choice_s=3.0)).open_up()
    rid = bench.redeem()
    bench.wait(3.1)
    ticket, asked = bench.counter.ticket(rid), len(bench.confirms())
    assert ticket is not None
    bench.now = (ticket.request.send_at or 0.0) + 0.01  # the wake-up for it comes late
    bench.press(Button.CANCEL)
    assert len(bench.confirms()) == asked
    assert [message.intent.rid for message in bench.sent(Resolve)] == [rid]


@pytest.mark.rule(9)
def test_a_parked_redemption_that_turns_out_redeemed_becomes_a_question_never_green(bench: Bench) -> None:
    rid = bench.redeem()
    bench.wait(10.1)
    bench.press(Button.CANCEL)
    bench.scan(OTHER)
    bench.offered()
    bench.answered(rid=rid)
    assert bench.view.screen is Screen.OFFER  # the next customer is being served
    bench.press(Button.CANCEL)
    bench.wait(3.1)
    assert (bench.view.screen, bench.view.rid, bench.view.light) == (Screen.HANDED_OVER, rid, AMBER_BLINK)
    assert bench.lines == ["已核销 尾号7733", "2026-05-01 12:00", "是否已交付?", "OK是 ×否"]


def test_a_parked_redemption_that_was_not_redeemed_is_shown_when_there_is_time(bench: Bench) -> None:
    rid = bench.redeem()
    bench.wait(10.1)
    bench.press(Button.CANCEL)
    bench.answered(Verdict.ABORTED, rid=rid)
    bench.wait(8.1)
    assert (bench.view.screen, bench.view.verdict, bench.view.rid) == (Screen.RESULT, Verdict.ABORTED, rid)
    bench.wait(8.1)
    assert bench.view.screen is Screen.IDLE
    assert bench.counter.tickets == ()


def test_the_idle_screen_tells_of_what_is_still_open(bench: Bench) -> None:
    rid = bench.redeem()
    bench.wait(10.1)
    bench.press(Button.CANCEL)
    bench.wait(8.1)
    assert bench.view.screen is Screen.IDLE
    assert bench.lines[-1] == f"待确认 {parking_number(rid)}"


# --- after a restart


def test_after_a_restart_an_open_redemption_is_amber_and_only_its_end_is_asked_for() -> None:
    bench = Bench(kept=[OPEN])
    bench.do(CameraReady())
    assert (bench.view.screen, bench.view.light, bench.view.rid) == (Screen.PENDING, AMBER_PULSE, OPEN.intent.rid)
    bench.do(LinkUp())
    assert bench.sent(Confirm) == []
    assert {message.intent for message in bench.sent(Resolve)} == {OPEN.intent}


@pytest.mark.rule(9)
def test_after_a_restart_redeemed_is_a_question_never_green() -> None:
    bench = Bench(kept=[OPEN]).open_up()
    bench.answered(rid=OPEN.intent.rid)
    assert (bench.view.screen, bench.view.light, bench.view.sound) == (
        Screen.HANDED_OVER,
        AMBER_BLINK,
        Sound.TWO_SHORT,
    )
    bench.press(Button.OK)
    assert bench.wanted(Settle) == [Settle(OPEN.intent.rid, handed_over=True)]
    assert bench.sent(Settled)[-1] == Settled(rid=OPEN.intent.rid)
    assert bench.view.screen is Screen.IDLE


def test_what_ended_unseen_before_a_restart_is_asked_about_after_it() -> None:
    bench = Bench(kept=[ENDED]).open_up()
    assert (bench.view.screen, bench.view.rid) == (Screen.HANDED_OVER, ENDED.intent.rid)
    assert bench.lines[0] == "已核销 尾号1122"


def test_a_redemption_parked_before_a_restart_stays_parked() -> None:
    bench = Bench(kept=[Kept(intent=OPEN.intent, tail="7733", parked=True)]).open_up()
    assert bench.view.screen is Screen.IDLE
    bench.wait(3.1)
    assert bench.sent(Resolve)[-1].intent == OPEN.intent


def test_every_redemption_that_a_restart_broke_off_is_resolved() -> None:
    other = Kept(intent=Intent(rid="12" * 16, code=OTHER, offer="sealed"), tail="3344")
    bench = Bench(kept=[OPEN, other]).open_up()
    bench.wait(3.1)
    assert {message.intent.rid for message in bench.sent(Resolve)} == {OPEN.intent.rid, other.intent.rid}
    assert bench.sent(Resolve)[0].intent.rid == OPEN.intent.rid
    assert bench.hear(WELCOME)
    assert bench.counter.setup.boot == BOOT
