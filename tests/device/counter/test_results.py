"""How long answers stand, when they count as seen, and the question that is left where one was not."""

from __future__ import annotations

import pytest

from device.counter.effects import Conclude, Settle, Show
from device.counter.events import Gone, SeveralCodes, Tick
from device.counter.states import Kept
from device.ports import Button
from device.view import Screen
from protocol.messages import Answer, Intent, Look, Settled
from protocol.vocabulary import Colour, Verdict
from tests.device.counter.bench import CODE, DONE, OTHER, Bench


@pytest.fixture
def bench() -> Bench:
    return Bench().open_up()


def ended(rid: str, tail: str = "0001") -> Kept:
    answer = Answer(rid=rid, verdict=Verdict.REDEEMED, final=True, detail=DONE)
    return Kept(intent=Intent(rid=rid), tail=tail, answer=answer)


@pytest.mark.rule(9)
def test_a_result_is_seen_after_three_seconds_and_stands_for_eight(bench: Bench) -> None:
    rid = bench.redeem()
    bench.answered()
    bench.wait(2.9)
    bench.do(Tick())  # whatever else happens meanwhile
    assert bench.wanted(Settle) == []
    bench.wait(0.2)
    assert bench.wanted(Settle) == [Settle(rid, handed_over=True)]
    assert bench.sent(Settled) == [Settled(rid=rid)]
    bench.wait(4.8)
    assert bench.view.verdict is Verdict.REDEEMED
    bench.wait(0.2)
    assert bench.view.screen is Screen.IDLE


def test_a_press_acknowledges_a_result_which_still_stands_three_seconds(bench: Bench) -> None:
    rid = bench.redeem()
    bench.answered()
    bench.wait(0.5)
    bench.press(Button.UP)
    assert bench.wanted(Settle) == [Settle(rid, handed_over=True)]
    bench.wait(2.4)
    assert bench.view.light.colour is Colour.GREEN
    bench.wait(0.2)
    assert bench.view.screen is Screen.IDLE
    assert len(bench.wanted(Settle)) == 1


def test_a_press_after_three_seconds_takes_a_result_away(bench: Bench) -> None:
    bench.redeem()
    bench.answered()
    bench.wait(4)
    bench.press()
    assert bench.view.screen is Screen.IDLE


def test_another_code_replaces_a_green_at_once_which_is_not_settled_and_not_asked_about_before_a_restart(
    bench: Bench,
) -> None:
    rid = bench.redeem()
    bench.answered()
    bench.wait(1)
    bench.scan(OTHER)
    assert bench.view.screen is Screen.LOOKING
    assert bench.wanted(Settle) == []
    bench.refused(Verdict.EXPIRED)
    bench.wait(8.1)
    assert (bench.view.screen, bench.wanted(Settle)) == (Screen.IDLE, [])
    assert bench.counter.ticket(rid) is not None, "the journal keeps it, and a restart asks about it"


def test_a_refusal_that_another_code_took_off_the_screen_is_shown_again(bench: Bench) -> None:
    rid = bench.redeem()
    bench.answered(Verdict.EXPIRED)
    bench.wait(1)
    bench.scan(OTHER)
    bench.refused(Verdict.EXPIRED)
    bench.wait(8.1)
    assert bench.view.rid == rid


def test_another_code_after_three_seconds_leaves_no_question(bench: Bench) -> None:
    bench.redeem()
    bench.answered()
    bench.wait(3.5)
    bench.scan(OTHER)
    bench.refused(Verdict.EXPIRED)
    bench.wait(8.1)
    assert bench.view.screen is Screen.IDLE


def test_the_same_code_held_up_again_is_looked_up_once_its_answer_has_stood_its_time(bench: Bench) -> None:
    bench.redeem()
    bench.answered()
    bench.do(Gone())
    bench.wait(1)
    bench.scan(CODE)
    assert bench.view.light.colour is Colour.GREEN
    bench.wait(2.1)
    assert (bench.view.screen, bench.sent(Look)[-1].code) == (Screen.LOOKING, CODE)
    bench.refused(Verdict.ALREADY_REDEEMED, DONE)
    assert bench.lines[:3] == ["已使用", "请出示其他券", "2026-05-01 12:00"]


def test_a_second_code_in_view_does_not_wipe_an_answer_away(bench: Bench) -> None:
    bench.redeem()
    bench.answered()
    bench.do(SeveralCodes())
    assert bench.view.light.colour is Colour.GREEN
    bench.wait(3.1)
    bench.do(SeveralCodes())
    assert bench.view.verdict is Verdict.MANY_CODES


def test_the_question_takes_no_for_an_answer() -> None:
    bench = Bench(kept=[ended("aa" * 16)]).open_up()
    bench.press(Button.CANCEL)
    assert bench.wanted(Settle) == [Settle("aa" * 16, handed_over=False)]
    assert bench.sent(Settled) == [Settled(rid="aa" * 16, handed_over=False)]


def test_a_press_that_does_not_answer_leaves_the_question_for_later() -> None:
    bench = Bench(kept=[ended("aa" * 16)]).open_up()
    seen = []
    bench.press(Button.DOWN)
    for seconds in (0, 14.9, 0.2):
        bench.wait(seconds)
        seen.append(bench.view.screen)
    assert seen == [Screen.IDLE, Screen.IDLE, Screen.HANDED_OVER]
    assert bench.wanted(Settle) == []


def test_a_new_code_goes_before_the_question_which_then_returns() -> None:
    bench = Bench(kept=[ended("aa" * 16)]).open_up()
    bench.scan()
    assert bench.view.screen is Screen.LOOKING
    bench.refused(Verdict.EXPIRED)
    bench.wait(8.1)
    assert (bench.view.screen, bench.view.rid) == (Screen.HANDED_OVER, "aa" * 16)


def test_every_question_is_kept_and_asked_in_turn() -> None:
    rids = [f"{number:02x}" * 16 for number in range(1, 5)]
    bench = Bench(kept=[ended(rid) for rid in rids]).open_up()
    asked = []
    for _ in rids:
        asked.append(bench.view.rid)
        bench.press(Button.OK)
    assert asked == rids
    assert [settle.rid for settle in bench.wanted(Settle)] == rids
    assert bench.view.screen is Screen.IDLE


def test_a_redemption_that_is_undone_while_it_is_asked_about_is_shown_as_undone() -> None:
    bench = Bench(kept=[ended("aa" * 16)]).open_up()
    effects = bench.answered(rid="aa" * 16, undone_by="bb" * 16)
    assert any(isinstance(effect, Conclude) for effect in effects)
    assert (bench.view.screen, bench.view.verdict) == (Screen.RESULT, Verdict.UNDONE)
    bench.wait(3.1)
    assert [settle.rid for settle in bench.wanted(Settle)] == ["aa" * 16]


def test_a_green_that_is_undone_while_it_stands_turns_into_undone(bench: Bench) -> None:
    bench.redeem()
    bench.answered()
    bench.answered(undone_by="bb" * 16)
    assert (bench.view.verdict, bench.view.light.colour) == (Verdict.UNDONE, Colour.BLUE)


def test_a_repeat_of_an_answer_changes_nothing(bench: Bench) -> None:
    bench.redeem()
    bench.answered()
    seq = bench.view.seq
    assert bench.answered() == ()
    assert bench.view.seq == seq


def test_no_view_but_the_redeemers_own_result_is_ever_green(bench: Bench) -> None:
    bench.redeem()
    bench.answered()
    green = [show.view for show in bench.wanted(Show) if show.view.light.colour is Colour.GREEN]
    assert {(view.screen, view.rid) for view in green} == {(Screen.RESULT, bench.rid)}
