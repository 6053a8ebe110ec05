"""The API as administrators and the chain's systems use it: who may, what is accepted, how it says no."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from headoffice.public import public_app
from headoffice.staff.clerks import draw_secrets
from protocol.classify import BADGE_PREFIX
from protocol.pins import hash_pin, is_pin
from tests.headoffice.asgi import Client

if TYPE_CHECKING:
    from headoffice.office import Office
    from tests.headoffice.counter import Counter


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Return an SQLite database only: what is tried here is refused before a database is asked."""
    return sqlite_url


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Bearer ", "Basic YWRtaW46", "Bearer é"])
def test_without_the_token_there_is_nothing(office: Office, authorization: str | None) -> None:
    stranger = Client(public_app(office), {"authorization": authorization} if authorization else {})
    for method, path in (("GET", "stores"), ("PUT", "stores/a"), ("POST", "vouchers"), ("GET", "books")):
        answer = stranger.request(method, f"/api/v1/{path}", {})
        assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_its_description_is_public_and_names_every_call(api: Client, office: Office) -> None:
    described = Client(public_app(office)).get("/openapi.json").raise_for_status().json()
    assert set(described["paths"]) == {
        "/api/v1/stores",
        "/api/v1/stores/{id}",
        "/api/v1/stores/{id}/opening",
        "/api/v1/stores/{id}/live",
        "/api/v1/stores/{id}/testing",
        "/api/v1/stores/{id}/practice",
        "/api/v1/gateways",
        "/api/v1/gateways/{id}",
        "/api/v1/types",
        "/api/v1/types/{id}",
        "/api/v1/types/{id}/approve",
        "/api/v1/types/{id}/reject",
        "/api/v1/types/{id}/stock",
        "/api/v1/types/{id}/stock/{store}",
        "/api/v1/drafts",
        "/api/v1/leases",
        "/api/v1/leases/{id}/recall",
        "/api/v1/leases/{id}/lost",
        "/api/v1/conflicts",
        "/api/v1/sheets/{name}",
        "/api/v1/sheets/{name}.csv",
        "/api/v1/vouchers",
        "/api/v1/vouchers/{code}",
        "/api/v1/vouchers/{code}/shares",
        "/api/v1/vouchers/{code}/{step}",
        "/api/v1/clerks",
        "/api/v1/redemptions/open",
        "/api/v1/redemptions/{rid}/decide",
        "/api/v1/clerks/{number}",
        "/api/v1/clerks/{number}/reset",
        "/api/v1/clerks/{number}/activation",
        "/api/v1/redemptions/{rid}/undo",
        "/api/v1/books",
        "/api/v1/records.csv",
        "/api/v1/records.xlsx",
        "/api/v1/differences",
        "/api/v1/parcels",
        "/api/v1/parcels/{rid}/sent",
        "/api/v1/wallets",
        "/api/v1/contacts",
        "/api/v1/contacts/end",
        "/api/v1/notices",
        "/api/v1/notices/again",
        "/api/v1/campaigns",
        "/api/v1/campaigns/{id}",
        "/api/v1/alarms",
        "/api/v1/webhooks",
        "/api/v1/webhooks/events",
        "/api/v1/webhooks/{id}",
        "/api/v1/webhooks/{id}/rotate",
        "/api/v1/webhooks/{id}/test",
        "/api/v1/webhooks/{id}/deliveries",
        "/api/v1/webhooks/{id}/replay",
    }
    assert described["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    for calls in described["paths"].values():
        for call in calls.values():
            assert call["summary"]
            assert call["security"]


def test_it_says_whether_it_is_well(office: Office) -> None:
    answer = Client(public_app(office)).get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_what_is_not_there_is_said_in_the_same_way(api: Client) -> None:
    answer = api.get("/api/v1/nothing")
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
    assert api.request("DELETE", "/api/v1/stores").status_code == 405


@pytest.mark.parametrize(
    ("store", "body", "named"),
    [
        ("nanjing-lu", {}, "name"),
        ("nanjing-lu", {"name": ""}, "name"),
        ("nanjing-lu", {"name": "a\x00b"}, "name"),
        ("nanjing-lu", {"name": "a", "timezone": "Mars/Olympus"}, "timezone"),
        ("nanjing-lu", {"name": "a", "timezone": "../../etc/passwd"}, "timezone"),
        ("nanjing-lu", {"name": "a", "clerk_polciy": "none"}, "clerk_polciy"),
        ("Nanjing Lu", {"name": "a"}, "id"),
        ("a%2Fb", {"name": "a"}, ""),
    ],
)
def test_a_wrong_store_is_refused_and_the_field_named(
    api: Client, store: str, body: dict[str, str], named: str
) -> None:
    answer = api.put(f"/api/v1/stores/{quote(store, safe='%')}", body)
    assert answer.status_code in {404, 422}
    assert named in answer.json()["hint"]
    assert api.get("/api/v1/stores").json() == []


def test_a_gateway_of_unknown_stores_is_refused_and_they_are_named(api: Client) -> None:
    answer = api.put("/api/v1/gateways/gw-1", {"name": "a", "stores": ["nowhere", "neverland"]})
    assert answer.status_code == 422
    assert "nowhere, neverland" in answer.json()["hint"]
    assert api.get("/api/v1/gateways").json() == []


@pytest.mark.parametrize(
    "code",
    [
        "134567890123456789",
        "281234567890123456",
        "HEXIAO:SETUP:v1.abc",
        f"{BADGE_PREFIX}ABCDEF",
        "https://mp.weixin.qq.com/a/claim",
        "WIFI:S:shop;;",
        "a\x07b",
        "   ",
        "a" * 513,
    ],
)
def test_a_code_that_a_counter_takes_for_something_else_is_refused(counter: Counter, code: str) -> None:
    answer = counter.api.post("/api/v1/vouchers", {"code": code})
    assert answer.status_code == 422
    assert code not in answer.text


@pytest.mark.parametrize(
    ("wanted", "status", "named"),
    [
        ({"stores": ["nowhere"]}, 422, "nowhere"),
        ({"uses": 0}, 422, "uses"),
        ({"uses": 1000}, 422, "uses"),
        ({"valid_from": "2026-12-01T00:00:00"}, 422, "valid_from"),
        ({"valid_from": "2026-12-01T00:00:00Z", "valid_until": "2026-12-01T00:00:00Z"}, 422, "valid_from"),
        ({"valid_until": "9999-12-31T23:59:59-12:00"}, 422, "valid_until"),
        ({"valid_until": "0001-01-01T00:00:00+14:00"}, 422, "valid_until"),
        ({"kind": "lottery"}, 422, "kind"),
        ({"titel": "a"}, 422, "titel"),
        ({"type": "unknown"}, 404, "unknown"),
        ({"kind": "friend", "uses": 2}, 422, "once"),
        ({"dynamic": True, "code": "600000000001"}, 422, "dynamic"),
    ],
)
def test_a_wrong_order_is_refused_and_the_reason_named(
    counter: Counter, wanted: dict[str, Any], status: int, named: str
) -> None:
    answer = counter.api.post("/api/v1/vouchers", wanted)
    assert answer.status_code == status
    assert named in answer.json()["hint"]
    assert counter.api.get("/api/v1/types").json() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": "red"},
        {"logo": "https://elsewhere.example/logo.png"},
        {"logo": "data:image/svg+xml;base64,PHN2Zz4="},
        {"valid_until": "2026-12-01T00:00:00Z", "valid_days": 7},
        {"weekdays": []},
        {"channels": []},
        {"hours": {"from": "11:00+08:00", "until": "14:00+08:00"}},
        {"value": -1},
        {"rate": 100},
        {"early_minutes": -1},
        {"author": ""},
        {"stores": ["nowhere"]},
    ],
)
def test_a_wrong_type_is_refused(counter: Counter, wrong: dict[str, Any]) -> None:
    assert counter.api.put("/api/v1/types/t", {"title": "t", "author": "李", **wrong}).status_code == 422
    assert counter.api.get("/api/v1/drafts").json() == []


def test_a_pin_is_hashed_with_salt_and_cost() -> None:
    drawn = draw_secrets()
    _, n, r, p, _, _ = drawn.pin_hash.split("$")
    assert (n, r, p) == ("16384", "8", "1")
    assert is_pin(drawn.pin, drawn.pin_hash)
    assert not is_pin(str((int(drawn.pin) + 1) % 1_000_000).zfill(6), drawn.pin_hash)
    assert hash_pin("000000") != hash_pin("000000")


def test_no_refusal_repeats_what_was_sent(counter: Counter) -> None:
    answer = counter.api.post("/api/v1/vouchers", {"code": 134567890123456789, "title": {"code": "134567890123456789"}})
    assert answer.status_code == 422
    assert "134567890123456789" not in json.dumps(answer.json())
