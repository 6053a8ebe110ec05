"""Two customers' phones and a counter: codes that change, friends, gifts, refunds, claims; every page looked over."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.browsers import serious_findings
from tests.headoffice.phones import NOTICES_MS, furnish, gateway_of, issue, look, opened, read, redeem, tap
from tests.headoffice.process import Running, running

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]) -> Iterator[Running]:
    mail = {"notices.email.server": "127.0.0.1", "notices.email.sender": "shop@example.com"}
    with running(tmp_path_factory.mktemp("office"), free_port(), free_port(), **mail) as here:
        furnish(here)
        here.api("PUT", "/api/v1/types/told", {"author": "李经理", "title": "曲奇兑换券", "notices": ["sms", "email"]})
        here.api("POST", "/api/v1/types/told/approve", {"by": "王总"})
        for campaign, wanted in {"autumn": {"type": "latte", "stock": 2}, "cookies": {"type": "told"}}.items():
            status, _ = here.api("PUT", f"/api/v1/campaigns/{campaign}", wanted)
            assert status == 200
        yield here


@pytest.fixture(scope="module")
def gateway(office: Running, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return gateway_of(office, tmp_path_factory.mktemp("gw-1"))


@pytest.fixture
def phones(browser: Browser) -> Iterator[tuple[Page, Page]]:
    """Return two customers' phones, each with a browser of its own."""
    with ExitStack() as stack:
        yield stack.enter_context(opened(browser)), stack.enter_context(opened(browser))


def _press(phone: Page, step: str) -> None:
    """Unfold one of the things that an owner can do, and press its button."""
    phone.locator("summary", has_text=step).click()
    phone.locator("details[open] form button").click()


def test_a_screenshot_of_a_code_is_refused_once_its_page_has_folded_after_five_minutes(
    office: Running, gateway: ssl.SSLContext, phones: tuple[Page, Page]
) -> None:
    phone, _ = phones
    phone.clock.install()
    phone.goto(issue(office, type="latte", dynamic=True)["page"])
    tap(phone)
    screenshot = read(phone.screenshot())
    assert look(office, gateway, screenshot) == "redeemable"
    with phone.expect_request("**/close"):
        phone.clock.fast_forward("05:01")
    phone.get_by_role("button", name="立即使用").wait_for(state="visible", timeout=NOTICES_MS)
    assert _until(lambda: redeem(office, gateway, screenshot), "stale_code", phone)
    assert redeem(office, gateway, tap(phone)) == "redeemed"


def test_a_page_that_is_closed_takes_its_code_with_it(
    office: Running, gateway: ssl.SSLContext, phones: tuple[Page, Page]
) -> None:
    phone, other = phones
    phone.goto(issue(office, type="latte", dynamic=True)["page"])
    code = tap(phone)
    phone.close()
    assert _until(lambda: look(office, gateway, code), "stale_code", other)


def test_a_friend_coupon_is_open_on_both_phones_used_once_and_both_say_by_whom(
    office: Running, gateway: ssl.SSLContext, phones: tuple[Page, Page]
) -> None:
    owner, friend = phones
    owner.goto(issue(office, kind="friend", title="双人下午茶")["page"])
    owner.locator("summary", has_text="分享给好友").click()
    owner.get_by_label("好友称呼").fill("小李")
    owner.locator("details[open] form button").click()
    owner.wait_for_selector("details .link input", state="attached", timeout=NOTICES_MS)
    friend.goto(owner.locator("details .link input").input_value())
    codes = tap(owner), tap(friend)
    assert codes[0] != codes[1]
    assert redeem(office, gateway, codes[1]) == "redeemed"
    for phone in phones:
        phone.wait_for_selector("main.done", timeout=NOTICES_MS)
        assert "小李" in phone.locator(".used").inner_text()
    assert redeem(office, gateway, codes[0]) == "already_redeemed"


def test_a_gift_goes_from_one_phone_to_the_other(
    office: Running, gateway: ssl.SSLContext, phones: tuple[Page, Page]
) -> None:
    giver, receiver = phones
    given = issue(office, type="latte", customer="+86 138 0013 8000")
    giver.goto(given["page"])
    screenshot = read(giver.screenshot())
    _press(giver, "转赠给好友")
    giver.wait_for_selector(".link input", timeout=NOTICES_MS)
    receiver.goto(giver.locator(".link input").input_value())
    receiver.get_by_role("button", name="领取到我的卡包").click()
    receiver.wait_for_selector("main.ready .qr")
    giver.wait_for_selector("main.over", timeout=NOTICES_MS)
    assert "已转赠" in giver.locator(".state").inner_text()
    assert redeem(office, gateway, screenshot) == "gifting"
    assert redeem(office, gateway, read(receiver.screenshot())) == "redeemed"
    receiver.wait_for_selector("main.done", timeout=NOTICES_MS)
    receiver.get_by_role("link", name="返回卡包").click()
    assert receiver.locator(".past .title").text_content() == "手冲咖啡兑换券"


def test_of_a_refund_and_a_counter_the_second_is_told_what_the_first_has_done(
    office: Running, gateway: ssl.SSLContext, phones: tuple[Page, Page]
) -> None:
    slow, fast = phones
    used, refunded = issue(office, type="latte"), issue(office, type="latte")
    slow.goto(used["page"])
    slow.locator("summary", has_text="申请退款").click()
    assert redeem(office, gateway, used["code"]) == "redeemed"
    slow.wait_for_selector("main.done", timeout=NOTICES_MS)
    assert slow.locator("summary", has_text="申请退款").count() == 0
    fast.goto(refunded["page"])
    _press(fast, "申请退款")
    fast.wait_for_selector("main.waiting", timeout=NOTICES_MS)
    assert redeem(office, gateway, refunded["code"]) == "refunding"


def test_notices_are_ended_on_the_page_of_any_voucher(office: Running, phones: tuple[Page, Page]) -> None:
    phone, _ = phones
    word = {"agreed_at": "2026-11-01T00:00:00Z", "agreed_by": "收银台登记"}
    notify = {"sms": "13800138000", "wechat": "oAbC0123456789", "email": "li.lei@example.com", **word}
    phone.goto(issue(office, type="latte", notify=notify)["page"])
    phone.locator("summary", has_text="通知").click()
    assert phone.locator("#notices li").all_inner_texts() == ["邮件 li.****.com", "短信 138****8000", "微信"]
    assert serious_findings(phone) == []
    phone.get_by_role("button", name="退订通知").click()
    phone.wait_for_selector("#notices", state="detached", timeout=NOTICES_MS)


def test_who_wants_to_be_told_says_so_at_claiming_and_changes_it_on_the_page(
    office: Running, phones: tuple[Page, Page]
) -> None:
    phone, _ = phones
    phone.goto(f"http://127.0.0.1:{office.public}/lingquan/cookies/flyer")
    phone.locator("summary", has_text="有消息通知我").click()
    phone.get_by_label("邮箱").fill("li.lei@example.com")
    phone.get_by_label("我同意").check()
    assert serious_findings(phone) == []
    phone.get_by_role("button", name="立即领取").click()
    phone.locator("summary", has_text="通知").click()
    assert phone.locator("#notices li").all_inner_texts() == ["邮件 li.****.com"]
    phone.get_by_label("邮箱").fill("han.meimei@example.com")
    phone.get_by_role("button", name="更改").click()
    assert phone.locator("#notices li").count() == 1, "without the tick nothing is sent"
    phone.get_by_label("我同意").check()
    assert serious_findings(phone) == []
    phone.get_by_role("button", name="更改").click()
    phone.locator("#notices li", has_text="han****.com").wait_for(state="attached", timeout=NOTICES_MS)


def test_a_poster_is_scanned_claimed_and_redeemed_until_there_are_none_left(
    office: Running, gateway: ssl.SSLContext, phones: tuple[Page, Page]
) -> None:
    _, poster = office.api("GET", "/lingquan/autumn/poster/code.png?form=a4")
    address = read(poster)
    assert look(office, gateway, address) == "claim_code"
    for phone in phones:
        phone.goto(address)
        phone.get_by_role("button", name="立即领取").click()
        phone.wait_for_selector("main.ready .qr")
        assert redeem(office, gateway, read(phone.screenshot())) == "redeemed"
        phone.goto(address)
        assert "您已领取过" in phone.locator(".show").inner_text()
    phones[0].context.clear_cookies()
    phones[0].goto(address)
    assert "已领完" in phones[0].locator(".show").inner_text()


@pytest.mark.parametrize(("form", "width", "height"), [("a3", 297, 420), ("a6", 105, 148), ("80mm", 80, 136)])
def test_a_sheet_is_one_page_of_exactly_its_paper_with_a_code_that_is_read(
    office: Running, browser: Browser, form: str, width: int, height: int
) -> None:
    with opened(browser, size={"width": 1280, "height": 1600}) as desk:
        desk.goto(f"http://127.0.0.1:{office.public}/lingquan/autumn/poster/print?form={form}")
        assert read(desk.screenshot(full_page=True)).endswith("/lingquan/autumn/poster")
        document = desk.pdf(prefer_css_page_size=True, print_background=True)
    boxes = re.findall(rb"/MediaBox ?\[0 0 ([0-9.]+) ([0-9.]+)\]", document)
    assert len(boxes) == 1
    assert [round(float(side) / 72 * 25.4) for side in boxes[0]] == [width, height]


@pytest.mark.parametrize(
    ("lang", "scheme", "width"),
    [
        *(("zh-CN", "light", 320), ("en-GB", "dark", 320)),
        *(("zh-CN", "dark", 430), ("en-GB", "light", 430)),
        *(("zh-CN", "light", 1280), ("en-GB", "dark", 1280)),
    ],
)
def test_every_page_is_whole_on_every_screen_and_without_serious_findings(
    pages: dict[str, str], browser: Browser, lang: str, scheme: str, width: int
) -> None:
    with opened(browser, scheme, lang, {"width": width, "height": 844}) as phone:
        for name, address in pages.items():
            phone.goto(address)
            phone.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            assert phone.evaluate("document.documentElement.scrollWidth") <= width, name
            assert serious_findings(phone) == [], name


@pytest.fixture(scope="module")
def pages(office: Running, gateway: ssl.SSLContext) -> dict[str, str]:
    """Return one page of every kind, by name."""
    customer = "+86 139 0013 9000"
    ready = issue(office, type="latte", customer=customer)
    used, given = issue(office, type="latte", customer=customer), issue(office, type="latte", customer=customer)
    redeem(office, gateway, used["code"])
    _, gift = office.api("POST", f"/api/v1/vouchers/{given['code']}/gift")
    card = issue(office, kind="multi_use", title="一" * 40, uses=5, customer=customer)
    redeem(office, gateway, card["code"])
    friend = issue(office, kind="friend", customer=customer)
    return {
        "ready": ready["page"],
        "used": used["page"],
        "card": card["page"],
        "given": given["page"],
        "friend": friend["page"],
        "gift": json.loads(gift)["gift"],
        "wallet": ready["wallet"],
        "told": issue(office, type="told")["page"],
        "claim-told": f"http://127.0.0.1:{office.public}/lingquan/cookies/flyer",
        "claim": f"http://127.0.0.1:{office.public}/lingquan/autumn/flyer",
        "print": f"http://127.0.0.1:{office.public}/lingquan/autumn/flyer/print?form=58mm",
    }


def _until(ask: Callable[[], str], answer: str, page: Page) -> bool:
    """Whether it is answered so once what a page has sent on its way out has arrived."""
    for _ in range(NOTICES_MS // 200):
        if ask() == answer:
            return True
        page.wait_for_timeout(200)
    return False
