"""Every page of the desk in a real browser, at the width of a phone and of a desk, in Chinese and in English."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from headoffice.notices import contacts
from headoffice.notices.contacts import Contact
from headoffice.notices.kinds import Channel
from headoffice.outbox import hooks
from headoffice.practice import opening
from headoffice.practice import vouchers as practice
from headoffice.staff import people
from headoffice.staff.roles import Role
from headoffice.vouchers import issued as vouchers
from headoffice.vouchers import wallets
from headoffice.vouchers.issued import Order
from headoffice.vouchers.types import PLAIN, find_type, put_type
from protocol.messages import Intent
from protocol.status import KioskStatus, StoreStatus
from protocol.upstream import AskLook, AskRedeem, AskSettled
from simulator.chain import NOW, running_chain
from tests.browsers import NO_NETWORK, serious_findings
from tests.headoffice.desk.browsing import PASSWORD, kept

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, ViewportSize
    from sqlalchemy import Connection

    from headoffice.office import Office

WITHIN_MS = 20_000
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1366, "height": 860}
PAGES = (
    "",
    "/open",
    "/refusals",
    "/reports",
    "/vouchers",
    "/refunds",
    "/orders",
    "/parcels",
    "/types",
    "/types/twenty",
    "/campaigns",
    "/campaigns/november",
    "/alarms",
    "/notices",
    "/notices?state=delivered",
    "/webhooks",
    "/webhooks/new",
    "/stores",
)
MORE_PAGES = ("/stores/jingan", "/stores/jingan/opening", "/clerks", "/people", "/deeds", "/me")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Serve a chain with a morning behind it."""
    with running_chain(tmp_path_factory.mktemp("desk")) as here:
        here.database.write(_people)
        yield here


def _people(connection: Connection) -> None:
    for login, name, role in (("li.lei", "李雷", Role.ADMINISTRATOR), ("wang.fang", "王芳", Role.STAFF)):
        people.add_person(connection, login, name, role, ())
        people.set_password(connection, login, kept())


@pytest.fixture
def complaints() -> list[str]:
    """Return what pages complain of, and what they ask of anybody else."""
    return []


def signed_in(
    browser: Browser, office: Office, complaints: list[str], size: ViewportSize, lang: str, *, login: str = "li.lei"
) -> Page:
    page = browser.new_context(viewport=size, locale=lang).new_page()
    page.set_default_timeout(WITHIN_MS)
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda sent: None if sent.url.startswith(office.url) else complaints.append(sent.url))
    page.goto(f"{office.url}/desk")
    page.locator("#login").fill(login)
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter")
    page.locator("#live").wait_for()
    return page


@pytest.mark.parametrize(("size", "lang"), [(PHONE, "zh-CN"), (PHONE, "en-GB"), (DESK, "zh-CN"), (DESK, "en-GB")])
def test_every_page_fits_and_complains_of_nothing(
    browser: Browser, office: Office, complaints: list[str], size: ViewportSize, lang: str
) -> None:
    page = signed_in(browser, office, complaints, size, lang)
    hook = max(office.database.read(hooks.shown), key=lambda one: one["waiting"])["id"]
    for path in (*PAGES, f"/webhooks/{hook}", *MORE_PAGES):
        page.goto(f"{office.url}/desk{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
        assert page.locator("h1").count() == 1, path
        unnamed = page.evaluate(
            "[...document.querySelectorAll('input:not([type=hidden]):not([hidden]), select, textarea')]"
            ".filter((one) => !one.labels?.length && !one.ariaLabel).map((one) => one.name)"
        )
        assert unnamed == [], path
        assert serious_findings(page) == [], path
    text = page.goto(f"{office.url}/desk/refunds")
    assert text is not None
    assert ("退款申请" if lang == "zh-CN" else "Refunds") in page.locator("h1").inner_text()
    assert complaints == []


def test_what_happens_at_a_counter_shows_on_an_open_page_by_itself(
    browser: Browser, office: Office, complaints: list[str]
) -> None:
    page = signed_in(browser, office, complaints, DESK, "zh-CN")
    page.locator("#heard.good").wait_for()
    before = page.locator(".totals .red dd").inner_text()
    page.evaluate(NO_NETWORK, "part")
    office.ledger.answer("gw-jingan", AskLook(requester="kiosk-new", store="jingan", code="NO-SUCH-CODE"))
    page.locator("html[data-missed^=x]").wait_for(state="attached")
    page.evaluate("mended = true")
    page.locator(".row.new", has_text="kiosk-new").wait_for()
    assert int(page.locator(".totals .red dd").inner_text()) == int(before) + 1
    office.database.write(lambda connection: people.sign_out_everywhere(connection, "li.lei"))
    page.locator("#password").wait_for()  # who is signed out sees no more


def test_a_type_is_drawn_up_and_approved_with_the_keyboard_alone(
    browser: Browser, office: Office, complaints: list[str], tmp_path: Path
) -> None:
    author = signed_in(browser, office, complaints, DESK, "zh-CN", login="wang.fang")
    author.goto(f"{office.url}/desk/types/new")
    author.locator("#id").focus()
    for typed in ("tea", "龙井茶"):
        author.keyboard.type(typed)
        author.keyboard.press("Tab")
    author.locator("#title").press("Enter")
    author.locator(".said.good").wait_for()
    assert author.locator(".case", has_text="龙井茶").get_by_role("button").count() == 0
    other = signed_in(browser, office, complaints, PHONE, "zh-CN")
    other.goto(f"{office.url}/desk/types")
    other.locator(".case", has_text="龙井茶").get_by_role("button", name="审核通过", exact=True).press("Enter")
    other.locator(".said.good").wait_for()
    assert other.locator(".card", has_text="龙井茶").count() == 1
    assert complaints == []


@pytest.mark.parametrize(("size", "lang"), [(PHONE, "zh-CN"), (DESK, "en-GB")])
def test_what_a_customer_was_told_stands_on_the_page_of_the_voucher(
    browser: Browser, office: Office, complaints: list[str], size: ViewportSize, lang: str
) -> None:
    voucher = office.database.write(_told)
    page = signed_in(browser, office, complaints, size, lang)
    page.goto(f"{office.url}/desk/vouchers/{voucher}")
    assert "li.lei@example.com" in page.locator(".facts").inner_text()
    said = page.locator(".panel", has_text="通知记录" if lang == "zh-CN" else "Notices").locator(".row")
    assert ("到账" if lang == "zh-CN" else "Came") in said.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert serious_findings(page) == []
    assert complaints == []


def _told(connection: Connection) -> str:
    """Issue a voucher to a customer who is told of it; return its id."""
    values = {**find_type(connection, "latte"), "notices": "email"}
    put_type(connection, "latte", {name: values[name] for name in (*PLAIN, "title")}, None)
    wallet = wallets.nameless(connection, NOW)
    way = Contact(
        channel=Channel.EMAIL,
        address="li.lei@example.com",
        lang="zh",
        agreed_at=NOW,
        agreed_by="收银台登记表 2026-11",
    )
    contacts.put(connection, wallet, [way])
    issued = vouchers.issue(connection, Order(type="latte"), NOW)
    wallets.keep(connection, wallet, issued.id, NOW)
    return issued.id


def test_slash_leads_to_the_search_and_enter_to_what_was_meant(
    browser: Browser, office: Office, complaints: list[str]
) -> None:
    page = signed_in(browser, office, complaints, DESK, "en-GB")
    page.keyboard.press("/")
    page.locator("#q:focus").wait_for()
    rid = office.database.read(
        lambda connection: connection.exec_driver_sql("SELECT rid FROM redemptions WHERE verdict = 'redeemed'").scalar()
    )
    page.keyboard.type(str(rid))
    page.keyboard.press("Enter")
    page.locator(".row a").press("Enter")
    page.locator(".facts").wait_for()
    assert NOW.strftime("%Y-%m") in page.locator(".rows").inner_text()
    assert complaints == []


def test_a_store_is_tried_out_and_set_live_on_a_technicians_phone(
    browser: Browser, office: Office, complaints: list[str]
) -> None:
    at, kiosk = office.clock(), KioskStatus(id="kiosk-xujiahui-1", online=True, software="1", camera="starting")

    def tell(camera: str) -> None:
        kiosks = (replace(kiosk, camera=camera),)
        status = StoreStatus(store="xujiahui", at=at.timestamp(), software="1", kiosks=kiosks)
        office.database.write(lambda connection: opening.keep_status(connection, "gw-xujiahui", status, at))

    office.database.write(lambda connection: opening.back_to_testing(connection, "xujiahui", "li.lei", "rebuilt", at))
    page = signed_in(browser, office, complaints, PHONE, "en-GB")
    page.goto(f"{office.url}/desk/stores")
    page.get_by_role("link", name="Testing").click()
    page.locator("#heard.good").wait_for()
    assert serious_findings(page) == []
    page.get_by_role("button", name="Make a practice voucher").click()
    page.locator(".practice-card .qr").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert serious_findings(page) == []
    tell("fault")
    camera = page.locator(".row", has_text="Their cameras work")
    page.locator(".row", has_text="online").locator(".green").first.wait_for()
    assert camera.locator(".amber").count() == 1
    tell("ready")
    camera.locator(".green").wait_for()  # by itself
    assert page.get_by_role("button", name="Go live").count() == 0
    (made,) = office.database.read(lambda connection: practice.newest(connection, "xujiahui"))
    intent = Intent(rid="c0" * 16, code=made["code"], offer="sealed", clerk=None)
    ask = AskRedeem(requester=kiosk.id, store="xujiahui", intent=intent, terms=1)
    office.ledger.answer("gw-xujiahui", ask)
    office.ledger.answer("gw-xujiahui", AskSettled(requester=kiosk.id, rid=intent.rid))
    page.get_by_role("button", name="Go live").click()
    page.locator(".said.good").wait_for()
    assert "This store is live" in page.locator("#live").inner_text()
    assert page.locator(".badge.green", has_text="Redeemed").count() == 1
    assert complaints == []
