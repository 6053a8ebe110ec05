"""One sheet with every page that customers see: above in Chinese and light, below in English and dark."""

from __future__ import annotations

import io
import secrets
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PIL import Image

from headoffice.vouchers import campaigns, gifts, wallets
from headoffice.vouchers import issued as vouchers
from headoffice.vouchers.issued import Order
from headoffice.vouchers.life import Step
from protocol.messages import Intent
from protocol.upstream import AskRedeem
from simulator.chain import running_chain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playwright.sync_api import Browser, ViewportSize
    from sqlalchemy import Connection

    from headoffice.office import Office

_PHONE: ViewportSize = {"width": 390, "height": 844}
_DESK: ViewportSize = {"width": 1280, "height": 844}
_LOOKS = (("zh-CN", "light"), ("en-GB", "dark"))
_PAPER = (226, 224, 217)
_GAP, _HEIGHT = 16, 560
_CUSTOMER = "+86 138 0013 8000"
#: The page whose code is opened before it is photographed.
_OPENED = "dynamic"
#: Where customers say how they want to be told: unfolded before it is photographed.
_UNFOLDED = {"told": "#notices", "claim": ".tell"}


def customers_sheet(browser: Browser, *, whole: bool = False) -> Image.Image:
    """Return the sheet: one column a page; ``whole``: at the width of a desk, too."""
    sizes = (_PHONE, _DESK) if whole else (_PHONE,)
    with tempfile.TemporaryDirectory() as folder, running_chain(Path(folder)) as office:
        pages = _pages(office)
        rows = [
            [_taken(browser, size, look, name, page) for name, page in pages.items()]
            for size in sizes
            for look in _LOOKS
        ]
    return _laid_out(rows)


def _pages(office: Office) -> dict[str, str]:
    """Return the addresses of the pages by name, of a customer who has something of everything."""
    kinds = {
        "ready": "latte",
        "told": "latte",
        "used": "latte",
        "card": "ten-cups",
        "short": "twenty",
        "given": "latte",
    }
    held = {name: _issued(office, Order(type=kind)) for name, kind in kinds.items()}
    held["friends"] = _issued(office, Order(type="friends"))
    held[_OPENED] = _issued(office, Order(type="cake", dynamic=True))
    for name, amount in (("used", None), ("card", None), ("short", 3_000)):
        intent = Intent(rid=secrets.token_hex(16), code=held[name].code, amount=amount)
        office.ledger.answer("gw-jingan", AskRedeem(requester="jingan-1", store="jingan", intent=intent, terms=1))

    def give(connection: Connection) -> tuple[str | None, str]:
        vouchers.live(connection, held["given"].code, Step.GIFT, office.clock())
        ends = office.clock() + timedelta(days=10)
        autumn = {"type": "latte", "begins_at": None, "ends_at": ends, "stock": 500, "each": 1, "paused": False}
        campaigns.put_campaign(connection, "autumn", autumn, ["door"])
        customer = wallets.wallet_of(connection, _CUSTOMER, office.clock())
        return gifts.link_of(connection, held["given"].code), wallets.token_of(connection, customer)

    gift, wallet = office.database.write(give)
    claim = office.claim("autumn", "door")
    return {
        "wallet": office.wallet(wallet),
        **{name: office.page(issued.page_token) for name, issued in held.items()},
        "gift": office.gift(str(gift)),
        "claim": claim,
        "poster": f"{claim}/print?form=a4",
    }


def _issued(office: Office, order: Order) -> vouchers.Issued:
    def issue(connection: Connection) -> vouchers.Issued:
        issued = vouchers.issue(connection, order, office.clock())
        wallets.keep(connection, wallets.wallet_of(connection, _CUSTOMER, office.clock()), issued.id, office.clock())
        return issued

    return office.database.write(issue)


def _taken(browser: Browser, screen: ViewportSize, look: tuple[str, str], name: str, address: str) -> Image.Image:
    lang, scheme = look
    dark: Literal["dark", "light"] = "dark" if scheme == "dark" else "light"
    wide: ViewportSize = {"width": 794, "height": 1123}
    size = wide if name == "poster" else screen
    context = browser.new_context(viewport=size, locale=lang, color_scheme=dark, reduced_motion="reduce")
    page = context.new_page()
    page.goto(address)
    if name == _OPENED:
        page.locator("button.use").click()
        page.wait_for_selector(".opened .qr")
    if name in _UNFOLDED:
        page.locator(f"{_UNFOLDED[name]} summary").click()
        page.locator(_UNFOLDED[name]).scroll_into_view_if_needed()
    found = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    context.close()
    return found.resize((round(found.width * _HEIGHT / found.height), _HEIGHT), Image.Resampling.LANCZOS)


def _laid_out(rows: Iterable[list[Image.Image]]) -> Image.Image:
    lines = list(rows)
    width = max(sum(picture.width + _GAP for picture in line) for line in lines) + _GAP
    sheet = Image.new("RGB", (width, len(lines) * (_HEIGHT + _GAP) + _GAP), _PAPER)
    for line, pictures in enumerate(lines):
        x = _GAP
        for picture in pictures:
            sheet.paste(picture, (x, line * (_HEIGHT + _GAP) + _GAP))
            x += picture.width + _GAP
    return sheet
