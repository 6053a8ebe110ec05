"""The manager's page in a browser: a code is typed, redeemed and undone, and a reload repeats, never doubles."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec
import pytest
from playwright.async_api import async_playwright, expect

from gateway.places import Roster
from protocol.last_use import LastUse
from protocol.owner import VoucherState
from protocol.upstream import AskRedeem, AskSettled
from tests.browsers import NO_NETWORK
from tests.gateway.desk_page import served
from tests.gateway.shop import STORES, intent_of, rid

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from playwright.async_api import Page as Browser

    from tests.gateway.certificates import Authority
    from tests.gateway.desk_page import Page

CODE = "4006123456781234"


@asynccontextmanager
async def browser_at(
    page: Page, program: Path, language: str = "zh", width: int = 1280, *, lossy: bool = False
) -> AsyncIterator[Browser]:
    """Open the page in a browser and sign in; anything the browser complains of fails the test.

    ``lossy``: but for what could not be loaded, where a test takes the way to the gateway away.
    """
    complaints: list[str] = []
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        window = await (await chromium.new_context(viewport={"width": width, "height": 900})).new_page()
        await window.goto(f"{page.url}/?lang={language}")
        await window.fill("#token", page.token)
        window.on("pageerror", lambda error: complaints.append(str(error)))
        window.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        await window.keyboard.press("Enter")
        await expect(window.locator("#look-button")).to_be_enabled()
        yield window
        await chromium.close()
    assert [said for said in complaints if not (lossy and said.startswith("Failed to load resource"))] == []


async def test_the_page_asks_what_was_received_where_the_voucher_wants_it(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path
) -> None:
    async with served(data, authority, free_port()) as page, browser_at(page, chromium_program) as window:
        page.headoffice.add(CODE, asks_amount=True)
        await window.keyboard.press("/")
        await window.keyboard.type(CODE)
        await window.keyboard.press("Enter")
        amount, confirm = window.get_by_label("实收金额"), window.get_by_role("button", name="确认核销")
        await expect(amount).to_be_focused()
        for nonsense in ("", "abc", "1.234", "-5"):
            await amount.fill(nonsense)
            await confirm.click()
        assert page.headoffice.kinds()["AskRedeem"] == 0
        await amount.fill("32.05")
        await confirm.click()
        await expect(window.locator(".outcome.green .verdict")).to_have_text("核销成功")
        asked = next(message for message in page.headoffice.asked if isinstance(message, AskRedeem))
        assert asked.intent.amount == 3205


async def test_a_typed_code_is_redeemed_and_undone_by_keyboard(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path
) -> None:
    async with served(data, authority, free_port()) as page, browser_at(page, chromium_program) as window:
        page.headoffice.add(CODE, uses=3)
        await window.keyboard.press("/")
        await window.keyboard.type(CODE)
        await window.keyboard.press("Enter")
        await expect(window.locator(".outcome.blue .verdict")).to_have_text("待核销")
        await expect(window.get_by_role("button", name="确认核销")).to_be_focused()
        await window.keyboard.press("Enter")
        await expect(window.locator(".outcome.green .verdict")).to_have_text("核销成功")
        await expect(window.locator(".totals .green dd")).to_have_text("1")
        left = page.headoffice.vouchers[CODE].left
        await window.locator(".row").get_by_role("button", name="撤销").click()
        await window.keyboard.type("点错了")
        await window.keyboard.press("Enter")
        await expect(window.locator(".outcome.blue .verdict")).to_have_text("已撤销核销")
        await expect(window.locator(".row.given-back")).to_have_count(1)

    assert left == 2
    assert page.headoffice.vouchers[CODE].left == 3


@pytest.mark.rule(9)
async def test_of_what_is_used_and_perhaps_not_handed_over_that_is_asked(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path
) -> None:
    async with served(data, authority, free_port()) as page, browser_at(page, chromium_program) as window:
        page.headoffice.add(CODE)
        _, found = await page.call("POST", "/api/look", {"store": "nanjing-lu", "code": CODE})
        body = {"store": "nanjing-lu", "code": CODE, "offer": found["offer"], "quantity": 1}
        status, _ = await page.call("POST", "/api/redemptions", body, Idempotency_Key=rid(1))
        assert status == 200
        voucher = page.headoffice.vouchers[CODE]
        long_ago = LastUse(at="2026-05-01T12:00:00+08:00", store="南京路店", kiosk="page", seen=False)
        page.headoffice.vouchers[CODE] = msgspec.structs.replace(voucher, last=long_ago)
        for told in (True, False):
            await window.fill("#code", CODE)
            await window.keyboard.press("Enter")
            about = window.locator(".outcome.red .about")
            await expect(about).to_contain_text("南京路店" if not told else "是否已交付?")
            assert ("是否已交付?" in await about.inner_text()) is told
            await page.call("POST", f"/api/redemptions/{rid(1)}/settled", {"handed_over": True})
            await page.headoffice.until_asked(AskSettled)
            await window.get_by_role("button", name="下一张").click()


async def an_order_of_three_is_chosen(page: Page, window: Browser) -> None:
    """Look at one of three vouchers of an order, and choose all of them."""
    page.headoffice.order = tuple(f"ORDER00{number}" for number in (1, 2, 3))
    for code in page.headoffice.order:
        page.headoffice.add(code)
    await window.fill("#code", page.headoffice.order[0])
    await window.keyboard.press("Enter")
    await expect(window.get_by_text("同一订单共 3 张")).to_be_visible()
    await window.get_by_label("张数").fill("3")
    await expect(window.get_by_label("实收金额")).to_be_hidden()


async def test_several_of_one_order_are_redeemed_under_one_confirm_and_a_rid_each(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path
) -> None:
    async with served(data, authority, free_port()) as page, browser_at(page, chromium_program) as window:
        await an_order_of_three_is_chosen(page, window)
        confirm = window.get_by_role("button", name="确认核销")
        await window.get_by_label("张数").fill("4")
        await confirm.click()
        assert page.headoffice.kinds()["AskRedeem"] == 0
        await window.get_by_label("张数").fill("3")
        page.headoffice.answering.clear()
        await confirm.click()
        await page.headoffice.until_asked(AskRedeem, 3)
        await window.reload()  # the same three redemptions, not three more
        await expect(window.locator(".outcome.amber")).to_be_visible()
        page.headoffice.answering.set()
        await expect(window.locator(".outcome .case")).to_have_count(3, timeout=15_000)
        await expect(window.locator(".outcome.amber .verdict")).to_have_text("是否已交付?")
        await expect(window.locator(".totals .green dd")).to_have_text("3")
    assert [voucher.left for voucher in page.headoffice.vouchers.values()] == [0, 0, 0]
    assert len(page.headoffice.known) == 3


async def test_where_one_of_several_is_not_redeemed_the_page_says_so_and_how_many_were(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path
) -> None:
    async with served(data, authority, free_port()) as page, browser_at(page, chromium_program) as window:
        await an_order_of_three_is_chosen(page, window)
        page.headoffice.add(page.headoffice.order[1], state=VoucherState.WITHDRAWN)
        await window.get_by_role("button", name="确认核销").click()
        await expect(window.locator(".outcome.red .verdict")).to_have_text("失效")
        await expect(window.get_by_text("成功 2 张,共 3 张")).to_be_visible()
    assert [voucher.left for voucher in page.headoffice.vouchers.values()] == [0, 1, 0]


async def test_a_reload_while_it_is_pending_is_the_same_redemption(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path
) -> None:
    async with served(data, authority, free_port()) as page, browser_at(page, chromium_program, "en", 390) as window:
        page.headoffice.add(CODE, uses=3)
        await window.fill("#code", CODE)
        await window.keyboard.press("Enter")
        confirm = window.get_by_role("button", name="Redeem", exact=True)
        await expect(confirm).to_be_visible()
        page.headoffice.answering.clear()
        await confirm.click()
        await page.headoffice.until_asked(AskRedeem)
        await window.reload()
        await expect(window.locator(".outcome.amber")).to_be_visible()
        await expect(window.locator("#attention .case")).to_have_count(1)
        page.headoffice.answering.set()
        await expect(window.locator(".outcome.amber .verdict")).to_have_text("Handed over?", timeout=15_000)

    assert page.headoffice.vouchers[CODE].left == 2
    assert len(page.headoffice.known) == 1


async def test_a_code_entered_before_the_page_is_alive_does_not_become_an_address(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path
) -> None:
    async with served(data, authority, free_port()) as page, browser_at(page, chromium_program) as window:
        await window.route("**/console.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
        await window.reload()
        await window.fill("#code", CODE)
        await window.keyboard.press("Enter")
        await expect(window.locator("#look-button")).to_be_disabled()
        assert CODE not in window.url
        await window.unroute("**/console.js*")
        await window.reload()
        await expect(window.locator("#look-button")).to_be_enabled()


async def test_how_long_it_can_be_undone_runs_down_in_the_list_and_in_the_question(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path
) -> None:
    async with served(data, authority, free_port()) as page, browser_at(page, chromium_program) as window:
        await page.shop.registry.set_roster(
            Roster(stores=tuple(msgspec.structs.replace(store, undo_s=100.0) for store in STORES))
        )
        page.headoffice.add(CODE)
        offer = await page.shop.offered("till-1", CODE)
        page.shop.confirm("till-1", intent_of(offer, rid(1)))
        left = window.locator(".row .left")
        await expect(left).to_have_text(re.compile("^1:[0-3][0-9]$"))
        before = await left.text_content()
        await expect(left).not_to_have_text(before or "")
        await left.click()
        asked = window.locator("#undo-left")
        await expect(asked).to_have_text(re.compile("^[01]:[0-5][0-9]$"))
        await expect(window.locator("#undo-now")).to_be_enabled()
        await window.evaluate("const now = Date.now; Date.now = () => now() + 100_000")
        await expect(window.locator("#undo-now")).to_be_disabled()
        await expect(asked).to_have_text("0:00")
        await expect(left).to_have_count(0)


async def test_what_could_not_be_loaded_is_asked_for_again(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path
) -> None:
    async with served(data, authority, free_port()) as page, browser_at(page, chromium_program) as window:
        await expect(window.locator("#links .dot.good, #links .dot.bad").first).to_be_visible()
        await window.evaluate(NO_NETWORK, "/api/today")
        page.headoffice.add(CODE, title="拿铁咖啡券")
        offer = await page.shop.offered("till-1", CODE)
        page.shop.confirm("till-1", intent_of(offer, rid(1)))
        await expect(window.locator("html[data-missed^=xxx]")).to_be_attached()
        await expect(window.locator(".row", has_text="拿铁咖啡券")).to_have_count(0)
        await window.evaluate("mended = true")
        await expect(window.locator(".row", has_text="拿铁咖啡券")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
async def test_nothing_is_wider_than_the_window(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path, width: int
) -> None:
    async with (
        served(data, authority, free_port()) as page,
        browser_at(page, chromium_program, "en", width) as window,
    ):
        page.headoffice.add(CODE)
        await page.shop.offered("till-1", CODE)
        await page.shop.look("till-1", "a-code-that-nobody-knows")
        await expect(window.locator(".row")).to_have_count(1)
        assert await window.evaluate("document.documentElement.scrollWidth") <= width
