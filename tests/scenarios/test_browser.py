"""The counter in a real browser: phone, kiosk and desk on one page, by mouse and keyboard, on a desk and on a phone."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import ViewportSize, expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.scenarios.counter import Counter

DESKTOP: ViewportSize = {"width": 1600, "height": 1000}
PHONE: ViewportSize = {"width": 390, "height": 844}
OURS = ("http://127.0.0.1:", "data:", "blob:")
WITHIN_MS = 20_000
#: After a restart: another test's green that was not seen for three seconds is asked about.
AT_REST_OR_ASKING = re.compile("idle|handed_over")


@contextmanager
def _opened(browser: Browser, counter: Counter, size: ViewportSize) -> Iterator[Page]:
    """Open the counter's page; what its console complains of, or what it asks of strangers, fails the test."""
    context = browser.new_context(viewport=size, locale="zh-CN")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith(OURS) else complaints.append(asked.url))
    page.goto(counter.url)
    page.wait_for_selector("body[data-ready]", timeout=WITHIN_MS)
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def page(browser: Browser, counter: Counter) -> Iterator[Page]:
    with _opened(browser, counter, DESKTOP) as opened:
        yield opened


@pytest.fixture
def narrow_page(browser: Browser, counter: Counter) -> Iterator[Page]:
    with _opened(browser, counter, PHONE) as opened:
        yield opened


def _kiosk_shows(page: Page, verdict: str) -> None:
    expect(page.locator("#kiosk")).to_have_attribute("data-verdict", verdict, timeout=WITHIN_MS)


def _give(page: Page, name: str) -> None:
    """Give the customer one of the ready-made vouchers and wait until its page is on the phone."""
    before = page.locator("#phone-page").get_attribute("src")
    page.get_by_role("button", name=name, exact=True).click()
    expect(page.locator("#phone-page")).not_to_have_attribute("src", before or "", timeout=WITHIN_MS)
    page.frame_locator("#phone-page").locator("svg.qr").wait_for(timeout=WITHIN_MS)


def test_a_phone_is_held_up_and_its_voucher_redeemed_once(page: Page) -> None:
    _give(page, "拿铁兑换券")
    page.locator("#hold").click()
    _kiosk_shows(page, "redeemable")
    expect(page.locator("#said")).to_contain_text("拿铁咖啡兑换券")
    page.locator('[data-button="ok"]').click()
    _kiosk_shows(page, "redeemed")
    expect(page.locator("#light")).to_have_attribute("data-colour", "green")
    expect(page.locator("#oled")).to_have_attribute("data-lit", "true")
    page.locator("#hold").click()
    expect(page.locator("#kiosk")).to_have_attribute("data-screen", "idle", timeout=WITHIN_MS)
    page.locator("#hold").click()
    _kiosk_shows(page, "already_redeemed")
    expect(page.locator("#light")).to_have_attribute("data-colour", "red")


def test_the_customers_page_tells_that_the_voucher_was_used(page: Page) -> None:
    _give(page, "代金券 ¥20")
    page.locator("#hold").click()
    _kiosk_shows(page, "redeemable")
    page.keyboard.press("Enter")
    _kiosk_shows(page, "redeemed")
    expect(page.frame_locator("#phone-page").locator("body")).to_contain_text("已使用", timeout=WITHIN_MS)


def test_the_keyboard_alone_serves_the_counter(page: Page) -> None:
    _give(page, "咖啡次卡 5 次")
    page.locator("h1").click()  # away from the button
    page.keyboard.press("Space")
    _kiosk_shows(page, "redeemable")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#said")).to_contain_text("2", timeout=WITHIN_MS)
    page.keyboard.press("Escape")
    _kiosk_shows(page, "aborted")


def test_a_refusal_says_in_words_what_to_do(page: Page) -> None:
    _give(page, "已过期的券")
    page.locator("#hold").click()
    _kiosk_shows(page, "expired")
    expect(page.locator("#said")).to_contain_text("已过期")


def test_the_managers_desk_shows_what_was_redeemed(page: Page, counter: Counter) -> None:
    title = "桌上看得见的券"
    counter.kiosk().redeem(counter.issue(title=title)["qr_text"])
    expect(page.frame_locator("#console").locator("body")).to_contain_text(title, timeout=WITHIN_MS)


def test_a_kiosk_without_power_is_dark_and_comes_back(page: Page) -> None:
    expect(page.locator("#kiosk")).to_have_attribute("data-screen", "idle", timeout=WITHIN_MS)
    page.get_by_text("弄坏点什么").click()
    page.get_by_role("button", name="切断", exact=True).first.click()
    expect(page.locator("#kiosk")).to_have_attribute("data-power", "off", timeout=WITHIN_MS)
    expect(page.locator("#oled")).to_have_attribute("data-lit", "false")
    page.get_by_role("button", name="恢复", exact=True).first.click()
    expect(page.locator("#kiosk")).to_have_attribute("data-screen", AT_REST_OR_ASKING, timeout=WITHIN_MS)
    if page.locator("#kiosk").get_attribute("data-screen") == "handed_over":
        page.locator('[data-button="ok"]').click()
    expect(page.locator("#kiosk")).to_have_attribute("data-screen", "idle", timeout=WITHIN_MS)
    expect(page.locator("#oled")).to_have_attribute("data-lit", "true", timeout=WITHIN_MS)


def test_on_a_phone_everything_is_there_and_nothing_is_wider_than_the_screen(narrow_page: Page) -> None:
    assert narrow_page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    _give(narrow_page, "拿铁兑换券")
    narrow_page.locator("#hold").click()
    _kiosk_shows(narrow_page, "redeemable")
    narrow_page.locator('[data-button="ok"]').click()
    _kiosk_shows(narrow_page, "redeemed")


def test_the_page_speaks_the_other_language_when_asked(page: Page) -> None:
    page.get_by_role("button", name="English", exact=True).click()
    expect(page.locator("#hold")).to_have_text("Hold it up to the camera")
    expect(page.locator("html")).to_have_attribute("lang", "en")
