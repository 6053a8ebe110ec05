"""Redeemed on the customer's own page (线上): by the rules of every counter, once, with what is given shown."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from headoffice.public import public_app
from protocol.vocabulary import Verdict
from tests.headoffice.asgi import Client
from tests.headoffice.counter import new_rid
from tests.headoffice.racing import race

if TYPE_CHECKING:
    from headoffice.office import Office
    from tests.headoffice.counter import Clock, Counter

HOST = "http://vouchers.example"
RACES = 10
GIVEN = "兑换码 A1B2\nhttps://video.example/watch"


@pytest.fixture
def phone(office: Office) -> Client:
    return Client(public_app(office), {"accept-language": "zh"})


def _sold(counter: Counter, uses: int = 1, channels: tuple[str, ...] = ("online",)) -> tuple[str, str]:
    """Issue one that can be redeemed in these ways; return its code and its page."""
    counter.put_type("film", title="在线影片", channels=list(channels), given=GIVEN, uses=uses)
    made = counter.api.post("/api/v1/vouchers", json={"type": "film"}).raise_for_status().json()
    return str(made["code"]), str(made["page"]).removeprefix(HOST)


def _redeem(phone: Client, page: str, rid: str, terms: int = 1) -> int:
    return phone.post(f"{page}/redeem", content=urlencode({"rid": rid, "terms": terms}).encode()).status_code


def test_what_is_given_is_shown_once_it_is_redeemed(counter: Counter, phone: Client) -> None:
    code, page = _sold(counter)
    before = phone.get(page).text
    assert "在线核销" in before
    assert "A1B2" not in before
    assert 'class="plate"' not in before
    assert _redeem(phone, page, new_rid()) == 303
    after = phone.get(page).text
    assert "兑换码 A1B2" in after
    assert 'href="https://video.example/watch"' in after
    assert "/redeem" not in after
    (row,) = counter.books()
    assert (row["method"], row["store_name"], row["verdict"]) == ("web", "线上", Verdict.REDEEMED)
    assert counter.spent(code) == 1


def test_a_repeat_is_the_same_redemption(counter: Counter, phone: Client) -> None:
    code, page = _sold(counter, uses=3)
    rid = new_rid()
    assert [_redeem(phone, page, rid) for _ in range(3)] == [303] * 3
    assert counter.spent(code) == 1
    assert _redeem(phone, page, new_rid()) == 303
    assert counter.spent(code) == 2


def test_a_counter_refuses_it_and_a_page_refuses_what_is_for_counters(counter: Counter, phone: Client) -> None:
    code, page = _sold(counter)
    assert counter.look(code).verdict is Verdict.NOT_FOR_COUNTER
    here = counter.api.post("/api/v1/vouchers", json={"title": "面包"}).raise_for_status().json()
    there = str(here["page"]).removeprefix(HOST)
    assert "/redeem" not in phone.get(there).text
    assert _redeem(phone, there, new_rid()) == 303
    assert counter.books()[-1]["verdict"] == Verdict.NOT_FOR_COUNTER
    assert counter.redeem(str(here["code"])).verdict is Verdict.REDEEMED
    assert counter.spent(code) == 0
    assert "在线核销" in phone.get(page).text


def test_other_terms_than_the_page_has_shown_spend_nothing(counter: Counter, phone: Client) -> None:
    code, page = _sold(counter)
    assert _redeem(phone, page, new_rid(), terms=7) == 303
    assert counter.books()[-1]["verdict"] == Verdict.ABORTED
    assert counter.spent(code) == 0


@pytest.mark.parametrize("form", [b"", b"rid=1&terms=1", b"rid=" + b"a" * 32 + b"&terms=x"])
def test_what_no_page_sends_is_refused(counter: Counter, phone: Client, form: bytes) -> None:
    code, page = _sold(counter)
    assert phone.post(f"{page}/redeem", content=form).status_code == 400
    assert phone.post(f"{page}/redeem", content=b"x" * 4_000).status_code == 413
    assert counter.spent(code) == 0


def test_a_friends_page_opens_the_code_for_a_counter_and_redeems_nothing(counter: Counter, phone: Client) -> None:
    counter.put_type("film", title="双人影片", kind="friend", channels=["online", "mail", "offline"], given=GIVEN)
    made = counter.api.post("/api/v1/vouchers", json={"type": "film"}).raise_for_status().json()
    code, page = str(made["code"]), str(made["page"]).removeprefix(HOST)
    assert phone.post(f"{page}/share", content=urlencode({"name": "小林"}).encode()).status_code == 303
    (friends,) = set(re.findall(rf'value="{HOST}(/v/[\w-]+)"', phone.get(page).text)) - {page}
    shown = phone.get(friends).text
    assert "/redeem" not in shown
    assert "/post" not in shown
    assert _redeem(phone, friends, new_rid()) == 404
    assert counter.spent(code) == 0


def test_an_undo_inside_the_window_takes_away_what_was_shown(counter: Counter, phone: Client, clock: Clock) -> None:
    code, page = _sold(counter)
    first = new_rid()
    _redeem(phone, page, first)
    undone = counter.api.post(f"/api/v1/redemptions/{first}/undo", {"reason": "误操作"})
    assert undone.json()["verdict"] == Verdict.UNDONE
    assert "A1B2" not in phone.get(page).text
    # The same form sent again is still the redemption that was undone.
    _redeem(phone, page, first)
    assert counter.spent(code) == 0
    second = new_rid()
    _redeem(phone, page, second)
    clock.pass_by(timedelta(minutes=16))
    late = counter.api.post(f"/api/v1/redemptions/{second}/undo", {"reason": "误操作"})
    assert (late.status_code, late.json()["error"]) == (409, Verdict.UNDO_TOO_LATE)


def test_a_page_and_a_counter_that_meet_spend_it_once(counter: Counter, phone: Client, office: Office) -> None:
    for _ in range(RACES):
        code, page = _sold(counter, channels=("online", "offline"))
        intent, rid, terms = counter.intent(code), new_rid(), counter.look(code).terms
        race(partial(counter.confirm, intent, terms), partial(office.ledger.redeem_on_page, rid, code, terms))
        rows = [row for row in counter.books() if row["rid"] in {rid, intent.rid}]
        assert sorted(row["verdict"] for row in rows) == [Verdict.ALREADY_REDEEMED, Verdict.REDEEMED]
        assert counter.spent(code) == 1
        won = next(row for row in rows if row["verdict"] == Verdict.REDEEMED)
        assert ("A1B2" in phone.get(page).text) == (won["rid"] == rid)


def test_the_store_that_stands_for_the_pages_is_nobodys(counter: Counter, phone: Client) -> None:
    _, page = _sold(counter)
    _redeem(phone, page, new_rid())
    refused = counter.api.put("/api/v1/stores/hexiao-online", json={"name": "-"})
    assert (refused.status_code, "hexiao-online" in refused.text) == (422, True)
    sheet = counter.api.post("/api/v1/sheets/stores", content=b"id,name\nxuhui,a\nhexiao-online,b\n").text
    assert "line 3" in sheet
    spoken_for = counter.api.put("/api/v1/gateways/gw-x", json={"name": "x", "stores": ["hexiao-online"]})
    assert spoken_for.status_code == 422
    assert [store["id"] for store in counter.api.get("/api/v1/stores").json()] == ["jingan", "nanjing-lu"]
    of_pages = counter.api.get("/api/v1/books?store=hexiao-online").raise_for_status().json()
    assert [row["store_name"] for row in of_pages] == ["线上"]
