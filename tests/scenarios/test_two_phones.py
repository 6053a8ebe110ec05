"""Two customers' phones in a real browser before a real kiosk, whose camera sees what their screens show."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from protocol.vocabulary import Colour, Verdict
from tests.headoffice.phones import NOTICES_MS, opened, tap

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.scenarios.counter import Counter
    from tests.scenarios.headoffice import Headoffice


def test_a_friend_coupon_open_on_both_is_green_at_the_kiosk_and_on_both_phones_and_then_used(
    counter: Counter, headoffice: Headoffice, browser: Browser
) -> None:
    voucher, kiosk = counter.issue(kind="friend", title="双人下午茶"), counter.kiosk()
    friends = headoffice.good("POST", f"vouchers/{voucher['code']}/shares", {"name": "小李"})["page"]
    with ExitStack() as stack:
        owner, friend = (stack.enter_context(opened(browser)) for _ in range(2))
        owner.goto(voucher["page"])
        friend.goto(friends)
        tap(owner)
        code = tap(friend)
        owners = owner.screenshot()
        kiosk.hold(friend.screenshot())
        kiosk.until_verdict(Verdict.REDEEMABLE)
        kiosk.press()
        green = kiosk.until_verdict(Verdict.REDEEMED)
        assert green["light"]["colour"] == Colour.GREEN
        for phone in (owner, friend):
            phone.wait_for_selector("main.done", timeout=NOTICES_MS)
            assert "小李" in phone.locator(".used").inner_text()
        assert {row["code_tail"] for (row,) in counter.rows(green["rid"]).values()} == {code[-4:]}
        kiosk.take_away()
        kiosk.hold(owners)
        again = kiosk.until(lambda state: state["verdict"] not in {None, "redeemed", "looking"})
        assert again["verdict"] == Verdict.ALREADY_REDEEMED
