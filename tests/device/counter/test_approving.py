"""What is worth much, and undos: approved by a PIN that is typed, or by a manager's badge before the camera."""

from __future__ import annotations

import msgspec
import pytest

from device.counter.effects import Mint
from device.ports import Button
from device.view import Screen
from protocol.duty import Approve, AskUndo, AskUndoable, OnDuty, SignIn
from protocol.messages import Confirm, Look, Offered, Refused, Undoable
from protocol.vocabulary import Colour, Verdict
from tests.device.counter.bench import BOOT, CAKE, CODE, WELCOME, Bench
from tests.device.counter.test_undoing import CAKE_DONE, WANG

BADGE = "HEXIAO:CLERK:5D41402ABC4B2A76B9719D911017C592"


def opened(on_duty: OnDuty | None = WANG) -> Bench:
    """Return a counter at rest with a clerk who is signed in, or nobody."""
    bench = Bench().open_up()
    bench.hear(msgspec.structs.replace(WELCOME, clerk_required=on_duty is not None, on_duty=on_duty))
    return bench


def offer(bench: Bench, most: int = 1) -> None:
    """Show a code that is worth much."""
    bench.scan()
    look = bench.sent(Look)[-1].look
    bench.hear(Offered(look=look, boot=BOOT, offer="sealed", detail=CAKE, max_quantity=most, approval=True))


def approve(bench: Bench, approver: str | None = None) -> None:
    """Let the gateway say that it is approved."""
    asked = bench.sent(Approve)[-1]
    bench.hear(Offered(look=asked.look, boot=BOOT, offer="approved", detail=CAKE, valid_s=40.0, approver=approver))


def test_ok_on_what_is_worth_much_asks_for_the_pin_and_begins_nothing() -> None:
    bench = opened()
    offer(bench)
    assert bench.lines[-1] == "OK授权 ×取消"
    bench.press()
    assert bench.view.screen is Screen.TYPING
    assert bench.lines[:2] == ["密码或店长码", "[0]_____"]
    assert bench.wanted(Mint) == []


def test_approved_by_the_clerks_own_pin_it_is_offered_again_and_one_ok_redeems_it() -> None:
    bench = opened()
    offer(bench, most=5)
    bench.press(Button.UP)
    for _ in range(7):
        bench.press()
    asked = bench.sent(Approve)[-1]
    assert (asked.offer, asked.pin, asked.number, asked.badge) == ("sealed", "000000", None, None)
    approve(bench)
    assert (bench.view.screen, bench.view.verdict, bench.lines[-1]) == (
        Screen.OFFER,
        Verdict.REDEEMABLE,
        "OK确认 ×取消",
    )
    bench.press()
    intent = bench.sent(Confirm)[-1].intent
    assert (intent.offer, intent.quantity, intent.code) == ("approved", 2, CODE)
    assert (intent.clerk, intent.approver) == ("1001", None)


def test_a_managers_badge_approves_instead_and_the_intent_names_both() -> None:
    bench = opened()
    offer(bench)
    bench.press()
    bench.scan(BADGE)
    asked = bench.sent(Approve)[-1]
    assert (asked.badge, asked.pin) == (BADGE, None)
    assert bench.sent(SignIn) == []
    approve(bench, approver="1009")
    bench.press()
    intent = bench.sent(Confirm)[-1].intent
    assert (intent.clerk, intent.approver) == ("1001", "1009")


def test_where_nobody_is_signed_in_a_manager_types_number_and_pin() -> None:
    bench = opened(on_duty=None)
    offer(bench)
    bench.press()
    assert bench.lines[0] == "店长码或编号"
    for button in (Button.UP, Button.OK, Button.DOWN, Button.OK):
        bench.press(button)
    assert bench.lines[0] == "密码或店长码"
    for _ in range(6):
        bench.press()
    asked = bench.sent(Approve)[-1]
    assert (asked.number, asked.pin) == ("1", "000000")


@pytest.mark.parametrize(
    ("verdict", "first_line"),
    [(Verdict.CLERK_WRONG_PIN, "密码错误"), (Verdict.CLERK_REQUIRED, "需店长授权"), (Verdict.ABORTED, "已取消,未核销")],
)
def test_what_is_not_approved_is_said_and_spends_nothing(verdict: Verdict, first_line: str) -> None:
    bench = opened()
    offer(bench)
    for _ in range(7):
        bench.press()
    bench.hear(Refused(look=bench.sent(Approve)[-1].look, boot=BOOT, verdict=verdict))
    assert bench.lines[0] == first_line
    assert bench.view.light.colour in {Colour.AMBER, Colour.OFF}
    bench.press()
    assert bench.sent(Confirm) == []


def test_cancel_instead_of_a_pin_goes_back_to_rest() -> None:
    bench = opened()
    offer(bench)
    bench.press()
    bench.press(Button.CANCEL)
    assert bench.view.screen is Screen.IDLE
    assert bench.sent(Confirm) == []


def test_an_approval_that_comes_late_lapses_like_any_offer() -> None:
    bench = opened()
    offer(bench)
    for _ in range(7):
        bench.press()
    asked = bench.sent(Approve)[-1]
    bench.hear(Offered(look=asked.look, boot=BOOT, offer="approved", detail=CAKE, valid_s=5.0))
    assert bench.view.verdict is Verdict.ABORTED


def test_a_managers_badge_permits_an_undo_and_its_intent_names_both() -> None:
    bench = opened()
    bench.press(Button.UP)
    bench.hear(Undoable(look=bench.sent(AskUndoable)[-1].look, boot=BOOT, done=(CAKE_DONE,)))
    bench.press()
    bench.press()
    bench.scan(BADGE)
    asked = bench.sent(AskUndo)[-1]
    assert (asked.badge, asked.pin, asked.undoes) == (BADGE, None, CAKE_DONE.rid)
    bench.hear(Offered(look=asked.look, boot=BOOT, offer="permit", detail=CAKE, approver="1009"))
    bench.press()
    intent = bench.sent(Confirm)[-1].intent
    assert (intent.clerk, intent.approver, intent.undoes) == ("1001", "1009", CAKE_DONE.rid)


def test_a_badge_shown_while_somebody_signs_in_by_number_waits_its_turn() -> None:
    bench = opened(on_duty=None)
    bench.hear(msgspec.structs.replace(WELCOME, clerk_required=True))
    bench.press(Button.CANCEL)
    bench.scan(BADGE)
    assert bench.view.screen is Screen.TYPING
    assert bench.sent(Approve) == []
