"""The page as a requester, in a browser: what it shows green, what it asks, and what ends nothing (rules 8 to 10)."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from protocol.upstream import AskRedeem, AskSettled
from tests.gateway.desk_page import served
from tests.gateway.shop import rid
from tests.gateway.test_console_page import browser_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.async_api import Page as Browser
    from playwright.async_api import Route

    from tests.gateway.certificates import Authority
    from tests.gateway.desk_page import Page

CODE = "4006123456781234"
#: Longer than a success is shown until it counts as seen, and than a requester asks for what it wants.
LATER_S, WITHIN_MS = 4.0, 20_000

_REDEEM = re.compile("/api/redemptions$")


async def confirm(page: Page, window: Browser, *, stalled: bool = False) -> None:
    """Type a code in and confirm what it is worth; ``stalled``: the head office does not answer from then on."""
    await window.fill("#code", CODE)
    await window.keyboard.press("Enter")
    button = window.get_by_role("button", name="确认核销")
    await expect(button).to_be_visible()
    if stalled:
        page.headoffice.answering.clear()
    await button.click()
    if stalled:
        await page.headoffice.until_asked(AskRedeem)


async def undo_all(page: Page) -> None:
    """Undo everything that was redeemed, as somebody else would."""
    for number, done in enumerate(list(page.headoffice.known), start=1):
        path = f"/api/redemptions/{done}/undo"
        status, _ = await page.call("POST", path, {"reason": "点错了"}, Idempotency_Key=rid(number))
        assert status == 200


async def nothing_was_green_or_settled(page: Page, window: Browser) -> None:
    """Check, once whatever counts as seen would have been told, that it was not."""
    await asyncio.sleep(LATER_S)
    await expect(window.locator(".outcome.green")).to_have_count(0)
    assert [message for message in page.headoffice.asked if isinstance(message, AskSettled)] == []


@pytest.mark.rule(10)
async def test_rule_10_what_was_undone_before_its_answer_came_is_not_green_and_not_settled(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path
) -> None:
    async with (
        served(data, authority, free_port()) as page,
        browser_at(page, chromium_program, lossy=True) as window,
    ):
        page.headoffice.add(CODE)

        async def lost(route: Route) -> None:
            await route.fetch()
            await undo_all(page)
            await route.abort()
            await window.unroute(_REDEEM)

        await window.route(_REDEEM, lost)
        await confirm(page, window)
        await expect(window.locator(".outcome.blue .verdict")).to_have_text("已撤销", timeout=WITHIN_MS)
        await nothing_was_green_or_settled(page, window)


@pytest.mark.rule(10)
async def test_rule_10_what_was_undone_meanwhile_is_not_green_after_a_reload_either(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path
) -> None:
    async with served(data, authority, free_port()) as page, browser_at(page, chromium_program) as window:
        page.headoffice.add(CODE)
        await confirm(page, window, stalled=True)
        await window.goto(f"{page.url}/clerks")
        (begun,) = [relay["rid"] for relay in (await page.call("GET", "/api/open"))[1]["open"]]
        page.headoffice.answering.set()
        assert await page.shop.relays.ended(begun, LATER_S)
        await undo_all(page)
        await window.goto(page.url)
        await expect(window.locator(".outcome.blue .verdict")).to_have_text("已撤销", timeout=WITHIN_MS)
        await nothing_was_green_or_settled(page, window)
        await window.reload()
        await expect(window.locator("#look-button")).to_be_enabled()
        await expect(window.locator(".outcome")).to_have_count(0)


@pytest.mark.rule(9)
async def test_rule_9_after_a_reload_a_success_is_a_question_until_somebody_answers_it(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path
) -> None:
    async with served(data, authority, free_port()) as page, browser_at(page, chromium_program) as window:
        page.headoffice.add(CODE)
        await confirm(page, window)
        await expect(window.locator(".outcome.green .verdict")).to_have_text("核销成功")
        for _ in range(2):
            await window.reload()
            await expect(window.locator(".outcome.amber .verdict")).to_have_text("是否已交付?", timeout=WITHIN_MS)
            await expect(window.locator(".outcome .case")).to_contain_text("····1234")
        await nothing_was_green_or_settled(page, window)
        asked = page.headoffice.kinds()
        await window.get_by_role("button", name="已交付").click()
        await page.headoffice.until_asked(AskSettled)
        await expect(window.locator(".outcome")).to_have_count(0)
        await window.reload()
        await expect(window.locator("#look-button")).to_be_enabled()
        await expect(window.locator(".outcome")).to_have_count(0)

    assert asked["AskRedeem"] == 1
    assert [message.handed_over for message in page.headoffice.settled] == [True]


@pytest.mark.rule(9)
async def test_rule_9_a_success_is_settled_by_three_seconds_on_the_page_and_not_by_a_moment(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path
) -> None:
    async with served(data, authority, free_port()) as page, browser_at(page, chromium_program) as window:
        page.headoffice.add(CODE, uses=2)
        await confirm(page, window)
        await expect(window.locator(".outcome.green")).to_be_visible()
        await confirm(page, window)  # the next customer takes the first green off the page
        await expect(window.locator(".outcome.green")).to_be_visible()
        await page.headoffice.until_asked(AskSettled)
        await asyncio.sleep(LATER_S)
        first, second = page.headoffice.known

    assert [message.rid for message in page.headoffice.settled] == [second] != [first]


@pytest.mark.rule(8)
async def test_rule_8_what_a_gateway_says_in_between_ends_nothing(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path
) -> None:
    async with (
        served(data, authority, free_port()) as page,
        browser_at(page, chromium_program, lossy=True) as window,
    ):
        page.headoffice.add(CODE)
        await window.fill("#code", CODE)
        await window.keyboard.press("Enter")
        await expect(window.locator(".outcome.blue .verdict")).to_have_text("待核销")
        page.shop.standing.met = False  # as if it had just started
        async with window.expect_response(_REDEEM) as refused:
            await window.keyboard.press("Enter")
        status = (await refused.value).status
        await expect(window.locator(".outcome.amber")).to_contain_text("has just started")
        kept = await window.evaluate("JSON.parse(sessionStorage.getItem('redemptions')).map(({ rid }) => rid)")
        await window.route(_REDEEM, lambda route: route.fulfill(status=502, body="<html>bad gateway</html>"))
        async with window.expect_response(_REDEEM):
            pass
        await expect(window.locator(".outcome.amber .verdict")).to_have_text("结果确认中,请勿交付")
        await window.unroute(_REDEEM)
        page.shop.standing.met = True
        await expect(window.locator(".outcome.green .verdict")).to_have_text("核销成功", timeout=WITHIN_MS)

    assert status == 503
    assert kept == list(page.headoffice.known)


@pytest.mark.rule(8)
async def test_rule_8_what_did_not_get_through_in_ten_seconds_is_only_ended_and_the_page_says_that_nothing_was_spent(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path
) -> None:
    async with (
        served(data, authority, free_port()) as page,
        browser_at(page, chromium_program, lossy=True) as window,
    ):
        page.headoffice.add(CODE)
        late: list[Route] = []

        def under_way(route: Route) -> None:
            late.append(route)

        await window.route(_REDEEM, under_way)
        await confirm(page, window)
        await expect(window.locator(".outcome .verdict")).to_have_text("已取消,未核销", timeout=WITHIN_MS)
        await expect(window.locator(".outcome")).to_contain_text("券未使用")
        body, headers = late[0].request.post_data, late[0].request.headers
        await window.unroute(_REDEEM)
        send = "([body, headers]) => fetch('/api/redemptions', { method: 'POST', body, headers }).then((a) => a.json())"
        arrived = await window.evaluate(send, [body, {"idempotency-key": headers["idempotency-key"]}])

    assert (arrived["verdict"], arrived["final"]) == ("aborted", True)
    assert page.headoffice.vouchers[CODE].left == 1
    assert page.headoffice.kinds()["AskRedeem"] == 0


@pytest.mark.rule(9)
async def test_rule_9_what_is_given_up_is_parked_under_its_number_and_never_green(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path
) -> None:
    async with (
        served(data, authority, free_port(), timeout_s=1.0) as page,
        browser_at(page, chromium_program) as window,
    ):
        page.headoffice.add(CODE)
        await confirm(page, window, stalled=True)
        async with window.expect_request(re.compile("/resolve$")):
            await window.get_by_role("button", name="顾客已离开,不再等待").click()
        (begun,) = [relay["rid"] for relay in (await page.call("GET", "/api/open"))[1]["open"]]
        await expect(window.locator(".outcome.amber")).to_contain_text(f"编号 {begun[:4].upper()}")
        await expect(window.locator("#attention .case")).to_contain_text(f"编号 {begun[:4].upper()}")
        await window.get_by_role("button", name="下一张").click()
        page.headoffice.answering.set()
        ended = None
        async with asyncio.timeout(LATER_S):
            while ended is None:
                page.shop.clock.now += 4
                page.shop.relays.tick()
                ended = await page.shop.relays.ended(begun, 0.1)
        await expect(window.locator(".row .badge.green")).to_have_count(1)
        await nothing_was_green_or_settled(page, window)
        await window.reload()
        await expect(window.locator("#look-button")).to_be_enabled()
        await nothing_was_green_or_settled(page, window)


@pytest.mark.rule(8)
async def test_rule_8_an_undo_is_ended_after_a_reload_and_its_redemption_is_asked_about_no_more(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path
) -> None:
    async with served(data, authority, free_port()) as page, browser_at(page, chromium_program) as window:
        page.headoffice.add(CODE)
        await confirm(page, window)
        await expect(window.locator(".outcome.green")).to_be_visible()
        await window.reload()
        await window.get_by_role("button", name="未交付,撤销").click()
        await window.fill("#undo-reason", "点错了")
        page.headoffice.answering.clear()
        await window.keyboard.press("Enter")
        await page.headoffice.until_asked(AskRedeem, 2)
        await window.reload()
        await expect(window.locator(".outcome.amber")).to_be_visible()
        page.headoffice.answering.set()
        await expect(window.locator(".outcome.blue")).to_be_visible(timeout=WITHIN_MS)
        await expect(window.locator(".row.given-back")).to_have_count(1)
        await nothing_was_green_or_settled(page, window)

    assert page.headoffice.vouchers[CODE].left == 1
    assert page.headoffice.kinds()["AskRedeem"] == 2
