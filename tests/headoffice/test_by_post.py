"""Redeemed by post (邮寄): the customer says where to, the shop sends it, and its address is forgotten with them."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from headoffice.public import public_app
from headoffice.redemptions import parcels
from headoffice.redemptions.parcels import Recipient, Shipment
from headoffice.vouchers import customers
from protocol.vocabulary import Verdict
from tests.headoffice.asgi import Client
from tests.headoffice.counter import new_rid
from tests.headoffice.racing import race

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headoffice.office import Office
    from tests.headoffice.counter import Clock, Counter

HOST = "http://vouchers.example"
RACES = 10
WHERE = {"name": "王小明", "phone": "138 0013 8000", "address": "上海市静安区南京西路 1 号 2 楼"}
TO = Recipient(**WHERE)


@pytest.fixture
def phone(office: Office) -> Client:
    return Client(public_app(office), {"accept-language": "zh"})


def _sold(counter: Counter, channels: tuple[str, ...] = ("mail",), **more: object) -> tuple[str, str]:
    """Issue one that can be redeemed in these ways; return its code and its page."""
    counter.put_type("tea", title="新茶礼盒", channels=list(channels), **more)
    made = counter.api.post("/api/v1/vouchers", json={"type": "tea", "customer": "13800138000"}).raise_for_status()
    return str(made.json()["code"]), str(made.json()["page"]).removeprefix(HOST)


def _post(phone: Client, page: str, rid: str, fields: Mapping[str, object] | None = None) -> int:
    form = urlencode({"rid": rid, "terms": 1, **WHERE, **(fields or {})}).encode()
    return phone.post(f"{page}/post", content=form).status_code


def _waiting(counter: Counter) -> list[dict[str, object]]:
    return list(counter.api.get("/api/v1/parcels").raise_for_status().json())


def test_what_is_redeemed_by_post_is_sent_and_its_page_says_so(counter: Counter, phone: Client) -> None:
    code, page = _sold(counter)
    before = phone.get(page).text
    assert "填写收件地址" in before
    assert "在线核销" not in before
    assert 'class="plate"' not in before, "no counter redeems it"
    rid = new_rid()
    assert _post(phone, page, rid) == 303
    assert counter.spent(code) == 1
    (row,) = counter.books()
    assert (row["method"], row["store_name"], row["verdict"]) == ("web", "线上", Verdict.REDEEMED)
    (owed,) = _waiting(counter)
    assert (owed["rid"], owed["title"], owed["address"]) == (rid, "新茶礼盒", WHERE["address"])
    told = phone.get(page).text
    assert "等待寄出" in told
    assert WHERE["address"] not in told, "whoever else sees the page needs no address"
    assert 'action="' not in told.split("邮寄进度")[1].split("</section>")[0]
    seal = phone.get(f"{page}/state").json()["seal"]
    sent = counter.api.post(f"/api/v1/parcels/{rid}/sent", {"carrier": "顺丰速运", "number": "SF1234567890"})
    assert sent.status_code == 204
    assert _waiting(counter) == []
    assert "顺丰速运 SF1234567890" in phone.get(page).text
    assert phone.get(f"{page}/state").json()["seal"] != seal, "an open page fetches it by itself"


def test_a_repeat_is_one_redemption_and_one_parcel(counter: Counter, phone: Client) -> None:
    code, page = _sold(counter, uses=3)
    rid = new_rid()
    assert [_post(phone, page, rid) for _ in range(3)] == [303] * 3
    assert (counter.spent(code), len(_waiting(counter))) == (1, 1)
    assert _post(phone, page, new_rid()) == 303
    assert (counter.spent(code), len(_waiting(counter))) == (2, 2)


def test_each_way_is_its_own(counter: Counter, phone: Client, office: Office) -> None:
    code, _page = _sold(counter)
    assert counter.look(code).verdict is Verdict.NOT_FOR_COUNTER
    office.ledger.redeem_on_page(new_rid(), code, 1)
    assert counter.books()[-1]["verdict"] == Verdict.NOT_FOR_COUNTER
    online, there = _sold(counter, ("online", "offline"), given="兑换码")
    assert "/post" not in phone.get(there).text
    _post(phone, there, new_rid(), {"terms": counter.look(online).terms})
    assert counter.books()[-1]["verdict"] == Verdict.NOT_FOR_COUNTER
    assert (counter.spent(code), counter.spent(online), _waiting(counter)) == (0, 0, [])


@pytest.mark.parametrize(
    "wrong", [{"name": " "}, {"phone": "ring me"}, {"phone": "1" * 30 + "x"}, {"address": ""}, {"rid": "1"}]
)
def test_what_no_page_sends_is_refused(counter: Counter, phone: Client, wrong: dict[str, str]) -> None:
    code, page = _sold(counter)
    assert _post(phone, page, new_rid(), wrong) == 400
    assert phone.post(f"{page}/post", content=b"x" * 4_000).status_code == 413
    assert (counter.spent(code), _waiting(counter)) == (0, [])


def test_what_was_undone_is_not_sent(counter: Counter, phone: Client) -> None:
    code, page = _sold(counter)
    rid = new_rid()
    _post(phone, page, rid)
    counter.api.post(f"/api/v1/redemptions/{rid}/undo", {"reason": "地址有误"}).raise_for_status()
    assert _waiting(counter) == []
    late = counter.api.post(f"/api/v1/parcels/{rid}/sent", {"carrier": "顺丰速运"})
    assert (late.status_code, late.json()["error"]) == (409, "not_allowed")
    assert "do not send it" in late.json()["hint"]
    assert "等待寄出" not in phone.get(page).text
    nothing = counter.api.post(f"/api/v1/parcels/{new_rid()}/sent", {"carrier": "顺丰速运"})
    assert nothing.status_code == 404
    assert _post(phone, page, new_rid()) == 303
    assert (counter.spent(code), len(_waiting(counter))) == (1, 1)


def test_a_page_and_a_counter_that_meet_spend_it_once(counter: Counter, office: Office) -> None:
    for _ in range(RACES):
        code, _ = _sold(counter, ("mail", "offline"))
        intent, rid, terms = counter.intent(code), new_rid(), counter.look(code).terms
        race(partial(counter.confirm, intent, terms), partial(office.ledger.redeem_on_page, rid, code, terms, TO))
        rows = [row for row in counter.books() if row["rid"] in {rid, intent.rid}]
        assert sorted(row["verdict"] for row in rows) == [Verdict.ALREADY_REDEEMED, Verdict.REDEEMED]
        won = next(row["rid"] for row in rows if row["verdict"] == Verdict.REDEEMED)
        assert any(owed["rid"] == rid for owed in _waiting(counter)) == (won == rid)


def test_an_address_is_forgotten_with_its_customer_but_not_before_it_was_sent(
    counter: Counter, phone: Client, office: Office, clock: Clock
) -> None:
    code, page = _sold(counter, uses=2)
    gone, owed = new_rid(), new_rid()
    _post(phone, page, gone)
    _post(phone, page, owed)
    send = partial(parcels.send, rid=gone, shipment=Shipment(carrier="EMS", number=""), at=clock())
    office.database.write(send)
    voucher = str(counter.api.get(f"/api/v1/vouchers/{code}").json()["id"])
    assert office.database.write(lambda connection: customers.forget(connection, voucher))

    def addresses() -> dict[str, str | None]:
        rows = office.database.read(lambda connection: parcels.of_voucher(connection, voucher))
        return {row["rid"]: row["address"] for row in rows}

    assert addresses() == {gone: None, owed: WHERE["address"]}
    send = partial(parcels.send, rid=owed, shipment=Shipment(carrier="EMS", number=""), at=clock())
    office.database.write(send)
    clock.pass_by(timedelta(days=1))
    office.database.write(lambda connection: customers.forget_old(connection, clock()))
    assert addresses() == {gone: None, owed: None}
