"""The customer's page in a real browser at the size of a phone, against a real head office."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.browsers import NO_NETWORK, serious_findings
from tests.headoffice.counter import new_rid
from tests.headoffice.phones import NOTICES_MS, furnish, gateway_of, issue, look, opened, read, redeem, tap
from tests.headoffice.process import Running, running

#: The answer to a redemption gets lost on its way, after the head office has committed it.
LOSE_THE_ANSWER = """() => {
    const real = window.fetch;
    window.fetch = async (...asked) => {
        const answer = await real(...asked);
        if (String(asked[0]).endsWith("/redeem")) throw new TypeError("lost");
        return answer;
    };
    HTMLFormElement.prototype.submit = () => { document.documentElement.dataset.lost = "x"; };
}"""

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("office"), free_port(), free_port()) as here:
        furnish(here)
        yield here


@pytest.fixture(params=["light", "dark"])
def phone(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """Return a phone's page."""
    with opened(browser, request.param) as page:
        yield page


def test_the_code_on_the_screen_is_read_and_turns_to_used_once_it_is_redeemed(
    office: Running, phone: Page, tmp_path: Path
) -> None:
    issued = issue(office, type="latte")
    phone.goto(issued["page"])
    shot = phone.screenshot(path=tmp_path / "ready.png")
    assert read(shot) == issued["code"]
    assert phone.locator(".state h2").inner_text() == "待使用"
    assert phone.locator(".code").inner_text().split() == [issued["code"][at : at + 4] for at in range(0, 16, 4)]

    assert redeem(office, gateway_of(office, tmp_path / "gw-1"), issued["code"]) == "redeemed"
    phone.wait_for_selector("main.done", timeout=NOTICES_MS)
    assert phone.locator(".state h2").inner_text() == "已使用"
    assert "南京路店" in phone.locator(".used").inner_text()
    phone.screenshot(path=tmp_path / "used.png", full_page=True)


@pytest.mark.parametrize("missed", ["/state", "/ticket"])
def test_what_a_page_was_told_and_could_not_fetch_it_fetches_a_moment_later(
    office: Running, phone: Page, tmp_path: Path, missed: str
) -> None:
    issued = issue(office, type="latte")
    with phone.expect_response("**/state"):
        phone.goto(issued["page"])
    phone.evaluate(NO_NETWORK, missed)
    assert redeem(office, gateway_of(office, tmp_path / "gw-1"), issued["code"]) == "redeemed"
    phone.locator("html[data-missed^=x]").wait_for(state="attached")
    phone.evaluate("mended = true")
    phone.wait_for_selector("main.done", timeout=NOTICES_MS)


def test_a_code_that_changes_shows_after_a_tap_and_turns_to_used_once_it_is_redeemed(
    office: Running, phone: Page, tmp_path: Path
) -> None:
    issued = issue(office, type="latte", dynamic=True)
    phone.goto(issued["page"])
    assert phone.locator(".qr").count() == 0
    phone.get_by_role("button", name="立即使用").click()
    phone.wait_for_selector(".opened .qr")
    shot = phone.screenshot(path=tmp_path / "opened.png", full_page=True)
    shown = read(shot)
    assert "".join(phone.locator(".opened .code").inner_text().split()) == shown
    assert shown != issued["code"]
    assert redeem(office, gateway_of(office, tmp_path / "gw-1"), shown) == "redeemed"
    phone.wait_for_selector("main.done", timeout=NOTICES_MS)
    assert phone.locator(".qr").count() == 0


def test_a_code_that_changes_folds_after_five_minutes_and_asks_for_a_new_tap(office: Running, phone: Page) -> None:
    phone.clock.install()
    phone.goto(issue(office, type="latte", dynamic=True)["page"])
    use = phone.get_by_role("button", name="立即使用")
    use.click()
    phone.wait_for_selector(".opened .qr")
    assert not use.is_visible()
    phone.clock.fast_forward("05:01")
    use.wait_for(state="visible", timeout=NOTICES_MS)
    assert not phone.locator(".opened").is_visible()


def test_a_refusal_is_told_at_once_and_leaves_the_code_open(office: Running, phone: Page, tmp_path: Path) -> None:
    office.api("PUT", "/api/v1/stores/jingan", {"name": "静安店", "address": "愚园路 68 号", "phone": "021 5555 0101"})
    issued = issue(office, title="静安店午市套餐", stores=["jingan"], dynamic=True)
    phone.goto(issued["page"])
    code = tap(phone)
    assert look(office, gateway_of(office, tmp_path / "gw-1"), code) == "wrong_store"
    phone.wait_for_selector(".lately.wait", timeout=NOTICES_MS)
    assert "当前门店不适用" in phone.locator(".lately").inner_text()
    assert "".join(phone.locator(".opened .code").inner_text().split()) == code
    phone.screenshot(path=tmp_path / "refused.png", full_page=True)


def test_a_use_of_a_card_turns_the_page_green_and_folds_the_code(office: Running, phone: Page, tmp_path: Path) -> None:
    issued = issue(office, kind="multi_use", uses=5, dynamic=True)
    phone.goto(issued["page"])
    assert redeem(office, gateway_of(office, tmp_path / "gw-1"), tap(phone)) == "redeemed"
    phone.wait_for_selector(".lately.good", timeout=NOTICES_MS)
    assert "还可使用 4 次" in phone.locator(".lately").inner_text()
    assert phone.get_by_role("button", name="立即使用").is_visible()


def test_nothing_sticks_out_of_a_narrow_phone(office: Running, phone: Page) -> None:
    phone.set_viewport_size({"width": 320, "height": 568})
    phone.goto(issue(office, title="一" * 60, code=f"https://shop.example/{new_rid()}/" + "v" * 400)["page"])
    assert phone.evaluate("document.documentElement.scrollWidth") == 320
    whole_code_in_view = phone.locator(".qr").bounding_box()
    assert whole_code_in_view
    assert whole_code_in_view["x"] >= 0
    assert whole_code_in_view["x"] + whole_code_in_view["width"] <= 320


def test_the_language_is_changed_by_a_touch_and_kept_when_the_page_changes(
    office: Running, phone: Page, tmp_path: Path
) -> None:
    issued = issue(office, type="latte")
    phone.goto(issued["page"])
    phone.get_by_role("link", name="English").click()
    assert phone.locator(".state h2").inner_text() == "Ready to use"
    assert redeem(office, gateway_of(office, tmp_path / "gw-1"), issued["code"]) == "redeemed"
    phone.wait_for_selector("main.done", timeout=NOTICES_MS)
    assert phone.locator(".state h2").inner_text() == "Used"


def test_what_can_be_sent_is_sent_to_where_its_customer_says(office: Running, phone: Page, tmp_path: Path) -> None:
    beans = {"author": "李经理", "title": "单品咖啡豆 250 克", "channels": ["mail", "offline"], "kind": "gift"}
    office.api("PUT", "/api/v1/types/beans", beans)
    office.api("POST", "/api/v1/types/beans/approve", {"by": "王总"})
    phone.goto(issue(office, type="beans")["page"])
    phone.locator("summary", has_text="邮寄到家").click()
    phone.get_by_label("收件人").fill("林晓梅")
    phone.get_by_label("联系电话").fill("138 0013 8000")
    phone.get_by_role("button", name="邮寄到家").click()
    assert phone.locator("main.ready").count() == 1, "an address is wanted"
    phone.get_by_label("详细地址").fill("上海市浦东新区锦绣路 1001 弄 8 号 602 室")
    phone.screenshot(path=tmp_path / "post.png", full_page=True)
    assert serious_findings(phone) == []
    phone.get_by_role("button", name="邮寄到家").click()
    phone.wait_for_selector("main.done")
    assert "已提交，等待寄出" in phone.locator(".posted").inner_text()
    (owed,) = json.loads(office.api("GET", "/api/v1/parcels")[1])
    office.api("POST", f"/api/v1/parcels/{owed['rid']}/sent", {"carrier": "顺丰速运", "number": "SF1400038221"})
    phone.locator(".posted", has_text="SF1400038221").wait_for()
    phone.screenshot(path=tmp_path / "posted.png", full_page=True)
    assert serious_findings(phone) == []


def test_a_redemption_on_the_page_whose_answer_was_lost_is_the_same_one_when_it_is_pressed_again(
    office: Running, phone: Page, tmp_path: Path
) -> None:
    film = {"author": "李经理", "title": "在线影片", "channels": ["online"], "given": "兑换码 A1B2", "uses": 3}
    office.api("PUT", "/api/v1/types/film", film)
    office.api("POST", "/api/v1/types/film/approve", {"by": "王总"})
    phone.goto(issue(office, type="film")["page"])
    phone.screenshot(path=tmp_path / "online.png", full_page=True)
    assert serious_findings(phone) == []
    button = phone.get_by_role("button", name="在线核销")
    phone.evaluate(LOSE_THE_ANSWER)
    button.click()
    phone.wait_for_selector("html[data-lost]")
    phone.reload()
    left = phone.locator(".uses strong")
    for expected in ("2", "1"):  # pressed again, and then for another one
        with phone.expect_response("**/ticket*"):
            button.click()
        phone.wait_for_function("left => document.querySelector('.uses strong').textContent === left", arg=expected)
    assert left.inner_text() == "1"
    assert phone.locator(".given .text").inner_text() == "兑换码 A1B2"
    phone.screenshot(path=tmp_path / "given.png", full_page=True)
    assert serious_findings(phone) == []
