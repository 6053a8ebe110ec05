"""Undo by the buttons: which one, why, the clerk's PIN, and one OK."""

from __future__ import annotations

import msgspec
import pytest

from device.counter.effects import Mint
from device.counter.events import LinkDown, MintFailed
from device.ports import Button
from device.view import Screen
from protocol.duty import AskUndo, AskUndoable, Done, OnDuty
from protocol.messages import Action, Answer, Confirm, Detail, Offered, Refused, Undoable
from protocol.vocabulary import Colour, Sound, Verdict
from tests.device.counter.bench import BOOT, CAKE, WELCOME, Bench

WANG = OnDuty(sign_in="a" * 32, clerk="1001", name="王小明")
CAKE_DONE = Done(rid="1" * 32, title="生日蛋糕券", code_tail="7733", at="2026-05-01T12:00:05+08:00", left_s=700.0)
TEA_DONE = Done(rid="2" * 32, title="奶茶券", code_tail="1188", at="2026-05-01T11:58:00+08:00", left_s=580.0)


@pytest.fixture
def bench() -> Bench:
    """Return a counter at rest with a clerk who is signed in."""
    opened = Bench().open_up()
    opened.hear(msgspec.structs.replace(WELCOME, clerk_required=True, on_duty=WANG))
    return opened


def list_up(bench: Bench) -> None:
    """Ask what can be undone, and let the gateway tell."""
    bench.press(Button.UP)
    (asked,) = bench.sent(AskUndoable)[-1:]
    bench.hear(Undoable(look=asked.look, boot=BOOT, done=(CAKE_DONE, TEA_DONE)))


def permit(bench: Bench) -> AskUndo:
    """Choose the second, for the second reason, with a PIN of noughts, and let the gateway permit it."""
    list_up(bench)
    for button in (Button.DOWN, Button.OK, Button.DOWN, Button.OK):
        bench.press(button)
    if bench.counter.on_duty:
        for _ in range(6):
            bench.press(Button.OK)
    (asked,) = bench.sent(AskUndo)[-1:]
    told = Detail(title="奶茶券", code_tail="1188")
    bench.hear(Offered(look=asked.look, boot=BOOT, offer="sealed", detail=told))
    return asked


def test_up_at_rest_lists_what_can_be_undone_and_how_long(bench: Bench) -> None:
    list_up(bench)
    assert bench.view.screen is Screen.CHOOSING
    assert bench.lines == ["撤销1/2 限12分", "生日蛋糕券", "尾号7733 12:00", "▲▼OK ×返回"]
    bench.wait(5)
    bench.press(Button.DOWN)
    assert bench.lines[:2] == ["撤销2/2 限10分", "奶茶券"]
    bench.press(Button.DOWN)
    assert bench.lines[1] == "生日蛋糕券"


def test_which_why_pin_and_one_ok_undo(bench: Bench) -> None:
    asked = permit(bench)
    assert (asked.undoes, asked.reason, asked.pin) == (TEA_DONE.rid, "顾客改主意", "000000")
    assert (bench.view.screen, bench.lines[:3]) == (Screen.UNDOING, ["撤销此核销?", "奶茶券", "顾客改主意"])
    assert bench.view.countdown == 1.0
    assert bench.wanted(Mint) == []
    bench.press()
    (intent,) = [mint.intent for mint in bench.wanted(Mint)]
    assert (intent.action, intent.undoes, intent.clerk, intent.reason) == (
        Action.UNDO,
        TEA_DONE.rid,
        "1001",
        "顾客改主意",
    )
    assert bench.sent(Confirm)[-1].intent == intent
    bench.hear(Answer(rid=intent.rid, verdict=Verdict.UNDONE, final=True))
    assert (bench.view.verdict, bench.view.light.colour) == (Verdict.UNDONE, Colour.BLUE)
    assert bench.view.sound is Sound.LEVEL_PAIR


def test_where_nobody_is_signed_in_the_gateway_is_asked_without_a_pin() -> None:
    bench = Bench().open_up()
    assert permit(bench).pin is None
    assert bench.view.screen is Screen.UNDOING


def test_what_is_not_confirmed_in_time_or_cancelled_undoes_nothing(bench: Bench) -> None:
    permit(bench)
    bench.press(Button.CANCEL)
    assert bench.view.screen is Screen.IDLE
    permit(bench)
    bench.wait(31)
    assert bench.view.screen is Screen.IDLE
    assert bench.wanted(Mint) == []


def test_cancel_goes_from_the_reasons_to_the_list_and_from_there_out(bench: Bench) -> None:
    list_up(bench)
    bench.press(Button.OK)
    assert bench.lines[:2] == ["撤销原因", "扫错券"]
    bench.press(Button.CANCEL)
    assert bench.lines[1] == "生日蛋糕券"
    bench.press(Button.CANCEL)
    assert bench.view.screen is Screen.IDLE


@pytest.mark.parametrize("verdict", [Verdict.UNDO_TOO_LATE, Verdict.CLERK_WRONG_PIN, Verdict.CLERK_LOCKED])
def test_why_an_undo_may_not_begin_is_told(bench: Bench, verdict: Verdict) -> None:
    list_up(bench)
    for _ in range(8):
        bench.press(Button.OK)
    (asked,) = bench.sent(AskUndo)
    bench.hear(Refused(look=asked.look, boot=BOOT, verdict=verdict))
    assert bench.view.verdict is verdict
    assert bench.wanted(Mint) == []


def test_nothing_to_undo_and_nobody_to_ask_are_said(bench: Bench) -> None:
    bench.press(Button.UP)
    bench.hear(Undoable(look=bench.sent(AskUndoable)[-1].look, boot=BOOT))
    assert bench.lines == ["没有可撤销的核销"]
    bench.wait(10)
    bench.do(LinkDown())
    bench.press(Button.UP)
    bench.wait(3.1)
    assert (bench.view.verdict, bench.lines) == (Verdict.OFFLINE_REFUSED, ["未撤销", "请重试"])


def test_a_list_that_comes_late_and_an_offer_of_another_code_change_nothing(bench: Bench) -> None:
    list_up(bench)
    bench.press(Button.CANCEL)
    bench.hear(Undoable(look=1, boot=BOOT, done=(CAKE_DONE,)))
    assert bench.lines[-1] == "店员 王小明"
    bench.scan()
    bench.offered(detail=CAKE)
    assert bench.view.screen is Screen.OFFER


def test_an_undo_that_was_aborted_or_could_not_be_written_down_says_so(bench: Bench) -> None:
    permit(bench)
    bench.press()
    (first,) = bench.wanted(Mint)
    bench.hear(Answer(rid=first.intent.rid, verdict=Verdict.ABORTED, final=True))
    assert bench.lines == ["未撤销", "请重试"]
    bench.wait(10)
    permit(bench)
    bench.press()
    bench.do(MintFailed(bench.wanted(Mint)[-1].intent.rid))
    assert (bench.view.verdict, bench.lines) == (Verdict.FAULT, ["未撤销", "请重试"])
