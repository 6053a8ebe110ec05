"""The clerks' page and its interface: everything through the head office, protected, and no wider than a phone."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from protocol.duty import AskStaff, ClerkFacts
from tests.gateway.desk_page import served
from tests.gateway.test_console_page import browser_at

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from playwright.async_api import Page as Browser

    from tests.gateway.certificates import Authority
    from tests.gateway.desk_page import Page


@asynccontextmanager
async def at_the_clerks(
    data: Path, authority: Authority, port: int, program: Path, *, language: str = "zh", width: int = 1280
) -> AsyncIterator[tuple[Page, Browser]]:
    """Open the clerks' page over a head office that has two."""
    async with served(data, authority, port) as page:
        page.headoffice.clerks = {
            "1001": ClerkFacts(number="1001", name="王小明", stores=("nanjing-lu", "pudong")),
            "1002": ClerkFacts(number="1002", name="李红", stores=("pudong",), manager=True),
        }
        await page.call("POST", "/api/stores/refresh")
        async with browser_at(page, program, language, width) as window:
            await window.goto(f"{page.url}/clerks?lang={language}")
            await expect(window.locator(".clerk")).to_have_count(2)
            yield page, window


async def test_a_manager_adds_changes_chooses_and_disables_and_prints_codes(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path
) -> None:
    async with at_the_clerks(data, authority, free_port(), chromium_program) as (page, window):
        await window.click("#add")
        await window.fill("#name", "赵六")
        await window.get_by_label("浦东店").check()
        await window.get_by_role("button", name="保存").click()
        await expect(window.locator(".clerk")).to_have_count(3)
        assert page.headoffice.clerks["1003"].stores == ("pudong",)

        await window.locator(".clerk").filter(has_text="李红").get_by_role("button", name="修改").click()
        await window.fill("#name", "李小红")
        await window.get_by_role("button", name="保存").click()
        await expect(window.locator(".clerk").filter(has_text="李小红").locator(".badge.blue")).to_have_text("店长")

        await window.get_by_label("1001 王小明").check()
        await window.get_by_label("1003 赵六").check()
        await expect(window.locator("#chosen")).to_have_text("已选 2 人")
        await window.get_by_role("button", name="停用").click()
        await expect(window.locator(".clerk .badge.red")).to_have_count(2)
        assert [clerk.disabled for clerk in page.headoffice.clerks.values()] == [True, False, True]
        await window.select_option("#move", "hongqiao")
        await expect(window.locator(".clerk").filter(has_text="虹桥店")).to_have_count(2)

        await window.get_by_role("button", name="一次性码").click()
        await expect(window.locator(".slip svg")).to_have_count(2)
        await expect(window.locator(".slip").first).to_contain_text("1001")
        await window.get_by_role("button", name="关闭").click()
        await expect(window.locator(".slip")).to_have_count(0)


async def test_what_the_head_office_refuses_is_said_and_nothing_has_changed(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        wanted = {"clerks": [{"name": "张三", "stores": ["pudong"]}, {"name": "不行", "stores": ["pudong"]}]}
        status, said = await page.call("POST", "/api/clerks", wanted)
        nothing, _ = await page.call("POST", "/api/clerks", {"clerks": []})
        number, _ = await page.call("POST", "/api/clerks/abc/code")
        listed = await page.call("GET", "/api/clerks")
        await page.headoffice.close()
        away, unknown = await page.call("POST", "/api/clerks", {"clerks": wanted["clerks"][:1]})

    assert (status, said["error"]) == (409, "不行 is nobody")
    assert (nothing, number) == (400, 400)
    assert listed[1]["clerks"] == []
    assert away == 502
    assert "look at the list" in unknown["error"]


async def test_a_sheet_goes_out_and_comes_in_again(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path
) -> None:
    async with at_the_clerks(data, authority, free_port(), chromium_program) as (page, window):
        _, sheet = await page.call("GET", "/api/clerks.csv")
        rows = sheet.replace("王小明", "王大明") + ",孙七,clerk,pudong,no\n"
        file = {"name": "clerks.csv", "mimeType": "text/csv", "buffer": rows.encode()}
        await window.set_input_files("#file", file)  # type: ignore[arg-type]
        await expect(window.locator(".clerk")).to_have_count(3)
        await expect(window.locator(".clerk").first).to_contain_text("王大明")
        bearer = {"Authorization": f"Bearer {page.token}"}
        bad = page.http.post(f"{page.url}/api/clerks.csv", data=b"number,name\n1,x\n", headers=bearer)
        async with bad as answer:
            refused = (answer.status, await answer.text())

    assert refused[0] == 400
    assert "line 1" in refused[1]
    assert len([asked for asked in page.headoffice.asked if isinstance(asked, AskStaff)]) == 1


async def test_nobody_without_a_sign_in_and_no_other_page_changes_a_clerk(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        wanted = {"clerks": [{"name": "张三", "stores": ["pudong"]}]}
        async with page.http.post(f"{page.url}/api/clerks", json=wanted) as answer:
            stranger = answer.status
        async with page.http.get(f"{page.url}/clerks", allow_redirects=False) as answer:
            door = (answer.status, answer.headers["Location"])
        async with page.http.post(f"{page.url}/login", data={"token": page.token}, allow_redirects=False):
            pass
        foreign = {"Origin": "https://elsewhere.example"}
        async with page.http.post(f"{page.url}/api/clerks", json=wanted, headers=foreign) as answer:
            forged = answer.status

    assert (stranger, door, forged) == (401, (303, "/"), 403)
    assert page.headoffice.clerks == {}


@pytest.mark.parametrize("screen", [("zh", 360), ("en", 390), ("en", 1280)])
async def test_nothing_of_it_is_wider_than_the_window(
    data: Path,
    authority: Authority,
    free_port: Callable[[], int],
    chromium_program: Path,
    screen: tuple[str, int],
) -> None:
    language, width = screen
    opened = at_the_clerks(data, authority, free_port(), chromium_program, language=language, width=width)
    async with opened as (_, window):
        await window.locator("#all").check()
        await expect(window.locator("#chosen")).not_to_be_empty()
        assert await window.evaluate("document.documentElement.scrollWidth") <= width
        await window.click("#add")
        box = await window.locator("#clerk").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
