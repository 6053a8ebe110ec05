"""Stores, types, vouchers and clerks as the API puts them into the books, and as they come back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from protocol.classify import BADGE_PREFIX, VOUCHER, classify
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from tests.headoffice.asgi import Client
    from tests.headoffice.counter import Counter


def test_a_voucher_is_issued_with_a_code_that_nobody_guesses(counter: Counter) -> None:
    answer = counter.api.post("/api/v1/vouchers", {"title": "拿铁"})
    issued = answer.json()
    assert answer.status_code == 201
    assert issued["qr_text"] == issued["code"]
    assert issued["page"].startswith("http://vouchers.example/v/")
    codes = {counter.issue() for _ in range(20)}
    assert len(codes) == 20
    for code in codes:
        assert classify(code) == VOUCHER
        assert not code.isdecimal()


def test_vouchers_described_alike_share_a_type(counter: Counter) -> None:
    for _ in range(2):
        counter.issue(title="拿铁", kind="gift", stores=["jingan", "nanjing-lu"])
    counter.issue(title="拿铁", kind="gift", stores=["nanjing-lu", "jingan"])
    counter.issue(title="拿铁", kind="gift")
    types = counter.api.get("/api/v1/types").json()
    assert sorted(kind["stores"] or [] for kind in types) == [[], ["jingan", "nanjing-lu"]]


@pytest.mark.parametrize(
    "code", ["123456789012", "https://shop.example/v?c=1&d=/x/gift", "优惠-2026", "a" * 512, "!", "with space"]
)
def test_a_given_code_is_kept_as_it_is_and_can_be_asked_for(counter: Counter, code: str) -> None:
    assert counter.issue(code=code) == code
    path = f"/api/v1/vouchers/{quote(code, safe='')}"
    assert counter.api.get(path).json()["code"] == code
    assert counter.api.post(f"{path}/gift").status_code == 200
    assert counter.look(code).verdict is Verdict.GIFTING


def test_a_code_is_given_once(counter: Counter) -> None:
    counter.issue(code="600000000001")
    answer = counter.api.post("/api/v1/vouchers", {"code": "600000000001"})
    assert (answer.status_code, answer.json()["error"]) == (409, "taken")
    assert "600000000001" not in answer.text


def test_what_belongs_to_the_type_is_not_overruled_by_a_voucher(counter: Counter) -> None:
    counter.put_type("latte", title="拿铁")
    answer = counter.api.post("/api/v1/vouchers", {"type": "latte", "uses": 5})
    assert (answer.status_code, answer.json()["error"]) == (422, "refused")
    code = counter.issue(type="latte", valid_until="2030-01-01T00:00:00+08:00")
    assert counter.api.get(f"/api/v1/vouchers/{code}").json()["valid_until"] == "2029-12-31T16:00:00Z"


def test_a_type_comes_back_as_it_was_put(counter: Counter) -> None:
    full: dict[str, Any] = {
        "title": "午市套餐",
        "kind": "group_buy",
        "brand": "咖啡店",
        "colour": "#135e46",
        "logo": "data:image/png;base64,iVBORw0KGgo=",
        "value": 5800,
        "rate": 85,
        "minimum": 10000,
        "price": 4800,
        "early_minutes": 10,
        "late_minutes": 20,
        "notices": ["wechat", "sms"],
        "remind_days": 3,
        "value_text": "",
        "details": "每桌一张\n不与其他优惠同享",
        "uses": 3,
        "stores": ["jingan"],
        "valid_from": "2026-11-01T00:00:00Z",
        "valid_until": "2026-12-01T00:00:00Z",
        "valid_days": None,
        "weekdays": ["mon", "wed"],
        "hours": {"from": "11:00:00", "until": "14:00:00"},
        "channels": ["offline", "mail"],
        "asks_amount": True,
        "given": "取餐口令 1234",
    }
    put = counter.put_type("lunch", **full)
    assert put == {"id": "lunch", "terms": 1, "state": "approved", **full}
    assert counter.api.get("/api/v1/types").json() == [put]


@pytest.mark.parametrize(
    ("change", "terms"),
    [
        ({}, 1),
        ({"colour": "#000000", "details": "新说明", "brand": "新品牌"}, 1),
        ({"title": "新名"}, 2),
        ({"value": 100}, 2),
        ({"minimum": 100}, 2),
        ({"price": 100}, 1),
        ({"stores": ["jingan"]}, 2),
        ({"stores": ["jingan", "nanjing-lu"]}, 1),
        ({"hours": {"from": "11:00", "until": "14:00"}}, 2),
    ],
)
def test_terms_rise_where_the_promise_changes_and_not_where_the_looks_do(
    counter: Counter, change: dict[str, Any], terms: int
) -> None:
    plain = {"title": "午餐", "stores": ["nanjing-lu", "jingan"]}
    counter.put_type("lunch", **plain)
    assert counter.put_type("lunch", **{**plain, **change})["terms"] == terms


def test_a_clerk_gets_number_pin_and_badge_once_and_only_hashes_are_kept(counter: Counter, database_url: str) -> None:
    made = counter.api.post("/api/v1/clerks", {"name": "王小明", "stores": ["nanjing-lu"]}).json()
    other = counter.api.post("/api/v1/clerks", {"stores": ["nanjing-lu", "jingan"]}).json()
    assert (made["number"], other["number"]) == ("1001", "1002")
    assert made["qr_text"].startswith(BADGE_PREFIX)
    assert len(made["pin"]) == 6
    listed = counter.api.get("/api/v1/clerks")
    assert listed.json()[0] == {
        "number": "1001",
        "name": "王小明",
        "role": "clerk",
        "stores": ["nanjing-lu"],
        "disabled": False,
    }
    for secret in (made["pin"], made["qr_text"]):
        assert secret not in listed.text
    if database_url.startswith("sqlite"):
        folder = Path(database_url.removeprefix("sqlite:///")).parent
        kept = b"".join(file.read_bytes() for file in folder.glob("hexiao.db*"))
        assert "王小明".encode() in kept
        assert made["qr_text"].encode() not in kept


def test_a_taken_number_and_an_unknown_store_are_refused(counter: Counter) -> None:
    counter.api.post("/api/v1/clerks", {"number": "7", "stores": []}).raise_for_status()
    assert counter.api.post("/api/v1/clerks", {"number": "7", "stores": []}).status_code == 409
    assert counter.api.post("/api/v1/clerks", {"stores": ["nowhere"]}).status_code == 422
    assert [clerk["number"] for clerk in counter.api.get("/api/v1/clerks").json()] == ["7"]


def test_a_store_is_added_changed_and_listed(api: Client) -> None:
    full = {
        "name": "南京路店",
        "timezone": "Asia/Shanghai",
        "address": "南京东路 100 号",
        "phone": "+86 21 5555 0100",
        "hours": "10:00–22:00",
        "map": "https://uri.amap.com/marker?position=121.475,31.235",
        "claim_qr": "https://q.example.cn/7K2P",
        "day_ends": "00:00:00",
        "clerk_policy": "shift",
        "approve_from_fen": 50_000,
    }
    assert api.put("/api/v1/stores/nanjing-lu", full).json() == {"id": "nanjing-lu", "state": "live", **full}
    assert api.put("/api/v1/stores/nanjing-lu", {**full, "name": "新店名"}).status_code == 200
    for unfit in ("https://q.example.cn/" + "7" * 33, "扫码领券"):  # of no kiosk's panel
        assert api.put("/api/v1/stores/nanjing-lu", {**full, "claim_qr": unfit}).status_code == 422
    assert api.get("/api/v1/stores").json() == [{"id": "nanjing-lu", "state": "live", **full, "name": "新店名"}]


def test_a_clerk_is_renamed_moved_and_disabled(counter: Counter) -> None:
    made = counter.api.post("/api/v1/clerks", {"name": "王小明", "stores": ["nanjing-lu"]}).json()
    change = {"name": "王大明", "role": "manager", "stores": ["jingan"], "disabled": True}
    changed = counter.api.put(f"/api/v1/clerks/{made['number']}", change)
    assert changed.json() == {"number": made["number"], **change}
    assert counter.api.get("/api/v1/clerks").json() == [changed.json()]
    assert counter.api.put("/api/v1/clerks/99", change).status_code == 404
    assert counter.api.put(f"/api/v1/clerks/{made['number']}", {**change, "stores": ["nowhere"]}).status_code == 422


def test_a_reset_gives_out_another_pin_and_badge(counter: Counter) -> None:
    made = counter.api.post("/api/v1/clerks", {"stores": ["nanjing-lu"]}).json()
    again = counter.api.post(f"/api/v1/clerks/{made['number']}/reset", {}).json()
    assert again["number"] == made["number"]
    assert again["qr_text"] != made["qr_text"]
    assert counter.api.post("/api/v1/clerks/99/reset", {}).status_code == 404
