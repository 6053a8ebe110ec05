"""Sheets with every page of the desk, as the documentation shows them, or at both widths in both languages."""

from __future__ import annotations

import io
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from headoffice.outbox import hooks
from headoffice.staff import people
from headoffice.staff.passwords import hash_password
from headoffice.staff.roles import Role
from simulator.chain import running_chain

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize
    from sqlalchemy import Connection

    from headoffice.office import Office

_WIDE: ViewportSize = {"width": 1280, "height": 860}
_NARROW: ViewportSize = {"width": 390, "height": 860}
_PAPER = (226, 224, 217)
_GAP, _HEIGHT, _ROWS_OF = 16, 560, 3
_PAGES = ("", "/open", "/alarms", "/refusals", "/reports", "/vouchers/{voucher}", "/refunds", "/orders", "/parcels")
_MORE_PAGES = (
    "/notices",
    "/types",
    "/types/twenty",
    "/campaigns",
    "/campaigns/november",
    "/stores",
    "/stores/jingan",
    "/stores/jingan/opening",
)
_LAST_PAGES = ("/clerks", "/people", "/webhooks", "/webhooks/{hook}", "/deeds", "/me")
_PEOPLE = {
    "li.lei": ("李雷", Role.ADMINISTRATOR, ()),
    "wang.fang": ("王芳", Role.STAFF, ()),
    "chen.jing": ("陈静", Role.MANAGER, ("jingan",)),
    "zhou": ("周师傅", Role.TECHNICIAN, ()),
    "qian": ("钱审计", Role.AUDITOR, ()),
}


#: How the documentation shows a page, and how people look it over.
_FOR_READERS = ((_WIDE, "zh-CN"), (_NARROW, "en-GB"))
_WHOLE = ((_WIDE, "zh-CN"), (_WIDE, "en-GB"), (_NARROW, "zh-CN"), (_NARROW, "en-GB"))


def desk_sheet(browser: Browser, *, whole: bool = False) -> Image.Image:
    """Return the sheet: each page twice, side by side; ``whole``: at both widths in both languages, a row a page."""
    with tempfile.TemporaryDirectory() as folder, running_chain(Path(folder)) as office:
        password = secrets.token_urlsafe(16)
        office.database.write(lambda connection: _let_in(connection, hash_password(password)))
        looks = _WHOLE if whole else _FOR_READERS
        desks = [_signed_in(browser, office, size, lang, password) for size, lang in looks]
        voucher = office.database.read(_a_voucher)
        hook = max(office.database.read(hooks.shown), key=lambda one: one["waiting"])["id"]
        pages = [
            [_taken(desk, office, path) for desk in desks]
            for path in (page.format(voucher=voucher, hook=hook) for page in _PAGES + _MORE_PAGES + _LAST_PAGES)
        ]
    return _laid_out(pages, 1 if whole else _ROWS_OF)


def _let_in(connection: Connection, password_hash: str) -> None:
    for login, (name, role, stores) in _PEOPLE.items():
        people.add_person(connection, login, name, role, stores)
        people.set_password(connection, login, password_hash)


def _a_voucher(connection: Connection) -> str:
    newest = "SELECT voucher FROM redemptions WHERE undone_by IS NOT NULL ORDER BY at DESC LIMIT 1"
    return str(connection.exec_driver_sql(newest).scalar_one())


def _signed_in(browser: Browser, office: Office, size: ViewportSize, lang: str, password: str) -> Page:
    page = browser.new_context(viewport=size, locale=lang, color_scheme="light", reduced_motion="reduce").new_page()
    page.goto(f"{office.url}/desk")
    page.locator("#login").fill("li.lei")
    page.locator("#password").fill(password)
    page.locator("#password").press("Enter")
    page.locator("#heard.good").wait_for()
    return page


def _taken(page: Page, office: Office, path: str) -> Image.Image:
    page.goto(f"{office.url}/desk{path}")
    if path == "":
        page.locator("#heard.good").wait_for()
    found = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return found.resize((round(found.width * _HEIGHT / found.height), _HEIGHT), Image.Resampling.LANCZOS)


def _laid_out(pages: list[list[Image.Image]], columns: int) -> Image.Image:
    width = sum(picture.width + _GAP for picture in pages[0]) + _GAP
    rows = -(-len(pages) // columns)
    sheet = Image.new("RGB", (width * columns + _GAP, rows * (_HEIGHT + 2 * _GAP) + _GAP), _PAPER)
    for number, pictures in enumerate(pages):
        row, column = divmod(number, columns)
        x, y = column * width + _GAP, row * (_HEIGHT + 2 * _GAP) + _GAP
        for picture in pictures:
            sheet.paste(picture, (x, y))
            x += picture.width + _GAP
    return sheet
