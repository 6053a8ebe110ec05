"""Vouchers that people claim behind a code: to whom, until when, how many; and the code on paper."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import func, select

from headoffice.pages.prints import FORMS
from headoffice.public import public_app
from headoffice.tables.pages import wallets
from protocol.classify import classify
from protocol.vocabulary import Verdict
from tests.headoffice.asgi import Client, Reply
from tests.headoffice.racing import race

if TYPE_CHECKING:
    from headoffice.office import Office
    from tests.headoffice.counter import Clock, Counter

HOST = "http://vouchers.example"
PLACE = "/lingquan/autumn/poster"
RACES = 8


class Visitor:
    """Somebody who has scanned a claim code, in a browser that keeps its cookie."""

    def __init__(self, office: Office, place: str = PLACE) -> None:
        self._client = Client(public_app(office), {"accept-language": "zh"})
        self._place = place
        self.cookie = ""

    def look(self) -> Reply:
        reply = self._client.get(self._place, {"cookie": self.cookie})
        self.cookie = reply.headers.get("set-cookie", self.cookie).partition(";")[0]
        return reply

    def form(self) -> str:
        """Return where the page's button leads."""
        (form,) = re.findall(r'<form method="post" action="([^"]+)"', self.look().raise_for_status().text)
        return str(form).replace("&amp;", "&")

    def send(self, form: str) -> Reply:
        return self._client.post(form, headers={"cookie": self.cookie})

    def claim(self) -> Reply:
        """Press the button."""
        return self.send(self.form())

    def read(self, page: str) -> str:
        return self._client.get(page, {"cookie": self.cookie}).raise_for_status().text


@pytest.fixture
def campaign(counter: Counter) -> Counter:
    """Return the counter of a chain that gives lattes away."""
    counter.put_type("latte", title="拿铁一杯", value=3200, valid_days=7)
    _put(counter)
    return counter


def _put(counter: Counter, **more: Any) -> dict[str, Any]:
    answer = counter.api.put("/api/v1/campaigns/autumn", {"type": "latte", **more}).raise_for_status()
    put: dict[str, Any] = answer.json()
    return put


def _places(counter: Counter) -> dict[str, tuple[int, int]]:
    (found,) = counter.api.get("/api/v1/campaigns").json()
    return {place["source"]: (place["claimed"], place["used"]) for place in found["places"]}


def test_a_voucher_is_claimed_by_a_press_and_lies_in_the_wallet(campaign: Counter, office: Office) -> None:
    visitor = Visitor(office)
    offered = visitor.look().text
    for text in ("拿铁一杯", "¥32", "领取后 7 天内", "立即领取"):
        assert text in offered
    page = visitor.claim()
    assert page.status_code == 303
    voucher = visitor.read(page.headers["location"])
    assert "待使用" in voucher
    wallet = "/w/" + visitor.cookie.removeprefix("wallet=")
    assert "拿铁一杯" in visitor.read(wallet)
    code = "".join(re.findall(r"<span>(\w{4})</span>", voucher))
    assert campaign.redeem(code).verdict is Verdict.REDEEMED
    history = campaign.api.get(f"/api/v1/vouchers/{code}").json()["history"]
    assert "claim" in {entry["step"] for entry in history}


def test_one_person_gets_as_many_as_the_campaign_says(campaign: Counter, office: Office) -> None:
    visitor = Visitor(office)
    page = visitor.claim().headers["location"]
    again = visitor.look().text
    assert "您已领取过" in again
    assert "每人限领 1 张" in again
    assert f'href="{page}"' in again
    assert "<form" not in again
    _put(campaign, each=2)
    assert visitor.claim().status_code == 303
    assert "<form" not in visitor.look().text


def test_a_form_that_is_sent_twice_claims_once(campaign: Counter, office: Office) -> None:
    _put(campaign, each=5)
    visitor = Visitor(office)
    form = visitor.form()
    first, second = visitor.send(form), visitor.send(form)
    assert first.headers["location"] == second.headers["location"]
    assert _places(campaign)["poster"] == (1, 0)


def test_of_two_who_claim_the_last_one_exactly_one_gets_it(campaign: Counter, office: Office) -> None:
    for number in range(1, RACES + 1):
        _put(campaign, stock=number)
        visitors = [Visitor(office) for _ in range(3)]
        forms = [visitor.form() for visitor in visitors]
        answers = race(*(partial(visitor.send, form) for visitor, form in zip(visitors, forms, strict=True)))
        assert sorted(answer.status_code for answer in answers) == [303, 409, 409]
        assert _places(campaign)["poster"] == (number, 0)
    assert "已领完" in Visitor(office).look().text


def test_who_gets_nothing_is_kept_in_no_book(campaign: Counter, office: Office) -> None:
    def kept() -> int:
        return office.database.read(lambda found: found.execute(select(func.count()).select_from(wallets)).scalar_one())

    visitors = [Visitor(office) for _ in range(3)]
    forms = [visitor.form() for visitor in visitors]
    campaign.api.put("/api/v1/campaigns/autumn", {"type": "latte", "stock": 0}).raise_for_status()
    assert [visitor.send(form).status_code for visitor, form in zip(visitors, forms, strict=True)] == [409] * 3
    assert kept() == 0


def test_one_person_who_presses_in_two_tabs_gets_no_more_than_one_person_may(campaign: Counter, office: Office) -> None:
    for _ in range(RACES):
        visitor = Visitor(office)
        forms = visitor.form(), visitor.form()
        answers = race(*(partial(visitor.send, form) for form in forms))
        assert sorted(answer.status_code for answer in answers) == [303, 409]


def test_nothing_is_claimed_before_after_or_while_it_is_paused(campaign: Counter, office: Office, clock: Clock) -> None:
    day = timedelta(days=1)
    tried: dict[str, dict[str, Any]] = {
        "活动暂停": {"paused": True},
        "活动未开始": {"begins_at": (clock() + day).isoformat()},
        "活动已结束": {"ends_at": clock().isoformat()},
    }
    for said, wanted in tried.items():
        visitor = Visitor(office)
        form = visitor.form()
        _put(campaign, **wanted)
        refused = visitor.send(form)
        assert refused.status_code == 409
        assert said in refused.text
        _put(campaign)
    assert _places(campaign)["poster"] == (0, 0)


def test_each_place_counts_what_was_claimed_and_used_there(campaign: Counter, office: Office) -> None:
    _put(campaign, sources=["poster", "flyer"])
    for place in ("poster", "poster", "flyer"):
        Visitor(office, f"/lingquan/autumn/{place}").claim()
    visitor = Visitor(office, "/lingquan/autumn/flyer")
    voucher = visitor.read(visitor.claim().headers["location"])
    campaign.redeem("".join(re.findall(r"<span>(\w{4})</span>", voucher)))
    assert _places(campaign) == {"poster": (2, 0), "flyer": (2, 1)}
    _put(campaign, sources=["poster"])
    assert _places(campaign) == {"poster": (2, 0), "flyer": (2, 1)}
    assert Visitor(office, "/lingquan/autumn/flyer").look().status_code == 404


def test_a_form_of_another_site_claims_nothing(campaign: Counter, office: Office) -> None:
    visitor = Visitor(office)
    form = visitor.form()
    stranger = Visitor(office)
    assert stranger.send(form).status_code == 403
    assert visitor.send(re.sub(r"proof=\w+", f"proof={'0' * 32}", form)).status_code == 403
    assert visitor.send(re.sub(r"key=\w+", "key=x", form)).status_code == 403
    assert _places(campaign)["poster"] == (0, 0)


def test_a_campaign_of_no_type_at_no_place_or_that_ends_before_it_begins_is_refused(campaign: Counter) -> None:
    put = partial(campaign.api.put, "/api/v1/campaigns/winter")
    assert put({"type": "tea"}).status_code == 404
    assert put({"type": "latte", "sources": []}).status_code == 422
    assert put({"type": "latte", "sources": ["Über"]}).status_code == 422
    turned = {"begins_at": "2026-12-02T00:00:00Z", "ends_at": "2026-12-01T00:00:00Z"}
    assert put({"type": "latte", **turned}).status_code == 422
    assert Client(public_app_of(campaign)).get("/lingquan/winter/poster").status_code == 404


def public_app_of(counter: Counter) -> Any:
    """Return the application that a counter's API belongs to."""
    return counter.api._app


def test_the_kiosk_tells_a_claim_code_from_a_voucher(campaign: Counter) -> None:
    (page,) = {place["page"] for place in _put(campaign, sources=["door"])["places"]}
    assert page == f"{HOST}/lingquan/autumn/door"
    assert classify(page).verdict is Verdict.CLAIM_CODE
    assert campaign.look(page).verdict is Verdict.CLAIM_CODE
    assert classify(f"{HOST}/lingquan/autumn").verdict is None


@pytest.mark.parametrize("form", FORMS)
def test_the_code_alone_is_printed_in_its_size_and_read_back(campaign: Counter, office: Office, form: str) -> None:
    phone, size = Client(public_app(office)), FORMS[form]
    picture = Image.open(io.BytesIO(phone.get(f"{PLACE}/code.png?form={form}").raise_for_status().content))
    (read,) = zxingcpp.read_barcodes(picture.convert("L"))
    assert read.text == HOST + PLACE
    assert size.code - 8 <= picture.width / size.dots_per_inch * 25.4 <= size.code
    vector = phone.get(f"{PLACE}/code.svg?form={form}").raise_for_status()
    assert f'width="{size.code}mm"' in vector.text
    document = phone.get(f"{PLACE}/code.pdf?form={form}").raise_for_status().content
    box = re.search(rb"/MediaBox ?\[0 0 ([0-9.]+) ([0-9.]+)\]", document)
    assert box
    assert float(box[1]) / 72 * 25.4 == pytest.approx(size.code, abs=1)


def test_no_other_paper_and_no_other_kind_is_printed(campaign: Counter, office: Office) -> None:
    phone = Client(public_app(office))
    for path in ("/code.png?form=a0", "/code.gif", "/print?form=a0"):
        assert phone.get(PLACE + path).status_code == 404
    assert phone.get("/lingquan/autumn/nowhere/code.png").status_code == 404
    assert phone.get("/lingquan/winter/poster/print").status_code == 404
