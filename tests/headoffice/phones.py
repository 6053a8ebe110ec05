"""Customers' phones before a head office that runs: their browser, their codes, and the counter that redeems them."""

from __future__ import annotations

import io
import json
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import zxingcpp
from PIL import Image

from protocol.messages import Intent
from protocol.upstream import AskLook, AskRedeem
from provisioning.verbs import certify_gateway
from tests.headoffice.counter import new_rid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, ViewportSize

    from tests.headoffice.process import Running

PHONE: ViewportSize = {"width": 390, "height": 844}
OURS = ("http://127.0.0.1:", "data:")
#: So soon a page has noticed what was committed.
NOTICES_MS = 8_000


@contextmanager
def opened(browser: Browser, scheme: Any = "light", lang: str = "zh-CN", size: ViewportSize = PHONE) -> Iterator[Page]:
    """Give a phone's page; what it asks of anybody else, and what its console complains of, fails the test."""
    context = browser.new_context(
        viewport=size, device_scale_factor=2, locale=lang, color_scheme=scheme, is_mobile=size["width"] < 500
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith(OURS) else complaints.append(asked.url))
    yield page
    context.close()
    assert complaints == []


def furnish(office: Running) -> None:
    """Open a store with a gateway, and put a type in force."""
    office.api("PUT", "/api/v1/stores/nanjing-lu", {"name": "南京路店", "address": "南京东路 100 号"})
    office.api("PUT", "/api/v1/gateways/gw-1", {"name": "1", "stores": ["nanjing-lu"]})
    latte = {"author": "李经理", "title": "手冲咖啡兑换券", "brand": "山间咖啡", "value": 3200, "price": 2800}
    office.api("PUT", "/api/v1/types/latte", latte)
    office.api("POST", "/api/v1/types/latte/approve", {"by": "王总"})


def issue(office: Running, **wanted: Any) -> dict[str, str]:
    """Issue a voucher."""
    status, body = office.api("POST", "/api/v1/vouchers", wanted)
    assert status == 201, body
    issued: dict[str, str] = json.loads(body)
    return issued


def tap(phone: Page) -> str:
    """Tap 立即使用 and return the code that opens."""
    phone.get_by_role("button", name="立即使用").click()
    phone.wait_for_selector(".opened .qr")
    return "".join(phone.locator(".opened .code").inner_text().split())


def read(picture: bytes) -> str:
    """Return the text of the one code in a picture."""
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)).convert("L"))
    return found.text


def gateway_of(office: Running, folder: Path) -> ssl.SSLContext:
    """Return what the store's gateway shows to the head office."""
    bundle = certify_gateway(office.authority, "gw-1", folder)
    context = ssl.create_default_context(cafile=str(bundle.authority))
    context.load_cert_chain(bundle.certificate, bundle.key)
    return context


def look(office: Running, gateway: ssl.SSLContext, code: str) -> str:
    """Look at a code as a counter does, and return the verdict."""
    return _verdict(office.ask(gateway, AskLook(requester="till-1", store="nanjing-lu", code=code))[1])


def redeem(office: Running, gateway: ssl.SSLContext, code: str) -> str:
    """Redeem a code as a counter does, and return the verdict."""
    ask = AskRedeem(requester="till-1", store="nanjing-lu", intent=Intent(rid=new_rid(), code=code), terms=1)
    return _verdict(office.ask(gateway, ask)[1])


def _verdict(answer: bytes) -> str:
    return str(json.loads(answer)["verdict"])
