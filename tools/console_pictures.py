"""Pictures of the manager's console after some customers, for the manager's guide."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from device.counter.words import Language
from simulator.phone import phone_png

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Page, ViewportSize

    from benchmarks.rig import Counter

WITHIN_S = 20.0
_LOCALES = {Language.ZH: "zh-CN", Language.EN: "en-GB"}
_DESK: ViewportSize = {"width": 1280, "height": 900}
_CUSTOMERS: tuple[dict[str, Any], ...] = (
    {"title": "手冲咖啡兑换券", "kind": "gift"},
    {"title": "50元代金券", "kind": "cash"},
    {"title": "十次瑜伽卡", "kind": "multi_use", "uses": 10},
    {"title": "生日蛋糕自提", "kind": "pick_up"},
    {"title": "春节礼盒", "kind": "gift", "valid_until": "2026-03-01T00:00:00+08:00"},
    {"title": "下午茶双人套餐", "kind": "group_buy"},
)


def serve_customers(counter: Counter) -> None:
    """Let a kiosk redeem what can be redeemed, and refuse one voucher that is used and one that has expired."""
    kiosk = counter.rehearsal["kiosks"][0]["id"]
    counter.call("DELETE", f"/api/kiosks/{kiosk}/camera")
    _until(counter, kiosk, lambda verdict: verdict is None)
    codes = [counter.call("POST", "/api/vouchers", customer)["qr_text"] for customer in _CUSTOMERS]
    for code in (*codes, codes[0]):
        counter.call("PUT", f"/api/kiosks/{kiosk}/camera", phone_png(code))
        if _until(counter, kiosk, lambda verdict: verdict not in {None, "looking"}) == "redeemable":
            counter.call("POST", f"/api/kiosks/{kiosk}/buttons/ok")
            _until(counter, kiosk, lambda verdict: verdict not in {"redeemable", "pending"})
        counter.call("DELETE", f"/api/kiosks/{kiosk}/camera")
        _until(counter, kiosk, lambda verdict: verdict is None)


def take(browser: Browser, counter: Counter, folder: Path) -> None:
    """Photograph the console in each language: ``console.LANGUAGE.png``."""
    for language in Language:
        page = browser.new_page(viewport=_DESK, locale=_LOCALES[language], color_scheme="light")
        _open(page, counter)
        page.screenshot(path=folder / f"console.{language}.png")
        page.close()


def _open(page: Page, counter: Counter) -> None:
    page.goto(f"{counter.address}/console/")
    expect(page.locator("#rows li")).not_to_have_count(0, timeout=WITHIN_S * 1000)
    expect(page.locator("#look-button")).to_be_enabled(timeout=WITHIN_S * 1000)


def _until(counter: Counter, kiosk: str, fits: Callable[[str | None], bool]) -> str | None:
    """Wait until a kiosk shows a verdict that fits, and return it."""
    verdict: str | None = None
    end = time.monotonic() + WITHIN_S
    while time.monotonic() < end:
        verdict = counter.call("GET", f"/api/kiosks/{kiosk}/state")["verdict"]
        if fits(verdict):
            return verdict
        time.sleep(0.05)
    msg = f"{kiosk} still shows {verdict} after {WITHIN_S:.0f} s"
    raise TimeoutError(msg)
