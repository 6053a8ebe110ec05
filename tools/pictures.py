"""Takes the documentation's pictures from the product: ``make pictures``."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.rig import running_counter
from device.counter.words import Language
from tools import console_pictures, kiosk_screens
from tools.clerk_card import print_card
from tools.customers_sheet import customers_sheet
from tools.desk_sheet import desk_sheet
from tools.panel_sheet import contact_sheet, rest_sheet

DOCS = Path(__file__).resolve().parent.parent / "docs"
PICTURES, GUIDES = DOCS / "pictures", DOCS / "guides"
WITHIN_MS = 20_000
QUIET_BROWSER = ("--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run")


def main() -> None:
    """Draw the panel's screens, photograph counter, console and desk at work, and print the clerk's cards."""
    contact_sheet().save(PICTURES / "verdicts.png", optimize=True)
    rest_sheet().save(PICTURES / "rest.png", optimize=True)
    kiosk_screens.save(PICTURES / "kiosk")
    as_root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with tempfile.TemporaryDirectory() as folder, running_counter(Path(folder)) as counter, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=[*QUIET_BROWSER, *as_root])
        page = browser.new_page(
            viewport={"width": 1600, "height": 1000}, locale="zh-CN", color_scheme="light", reduced_motion="reduce"
        )
        page.goto(counter.address)
        page.wait_for_selector("body[data-ready]", timeout=WITHIN_MS)
        _redeem(page)
        page.screenshot(path=PICTURES / "counter.png")
        console_pictures.serve_customers(counter)
        console_pictures.take(browser, counter, PICTURES / "console")
        for name, sheet in (("desk", desk_sheet), ("customers", customers_sheet)):
            few_colours = sheet(browser).quantize(method=Image.Quantize.FASTOCTREE)
            few_colours.save(PICTURES / f"{name}.png", optimize=True)
        for language in Language:
            print_card(browser, language, GUIDES)
        browser.close()


def _redeem(page: Page) -> None:
    kiosk = page.locator("#kiosk")
    page.frame_locator("#phone-page").locator("svg.qr").wait_for(timeout=WITHIN_MS)
    page.locator("#hold").click()
    expect(kiosk).to_have_attribute("data-verdict", "redeemable", timeout=WITHIN_MS)
    page.locator('[data-button="ok"]').click()
    expect(kiosk).to_have_attribute("data-verdict", "redeemed", timeout=WITHIN_MS)
    expect(page.frame_locator("#phone-page").locator("body")).to_contain_text("已使用", timeout=WITHIN_MS)


if __name__ == "__main__":
    main()
