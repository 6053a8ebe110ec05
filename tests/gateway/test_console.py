"""The console's HTTP interface on a real port: who gets in, what browsers are told, what tills and technicians do."""

from __future__ import annotations

import asyncio
import csv
import io
import stat
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from gateway.console.access import Access, read_or_make_token
from gateway.places import Roster
from protocol.messages import Hello, Notice, Presence, Welcome
from protocol.records import COLUMNS
from protocol.upstream import AskRedeem
from protocol.vocabulary import Verdict
from tests.gateway.desk_page import Page, served
from tests.gateway.shop import CLERKS, STORES, intent_of, rid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.gateway.certificates import Authority

CODE = "4006123456781234"
STORE = "nanjing-lu"


async def look_and_redeem(page: Page, number: int, code: str = CODE, **fields: Any) -> tuple[int, Any]:
    """Do what the page does with a typed code."""
    asked = {"store": STORE, "code": code, **({"clerk": fields["clerk"]} if "clerk" in fields else {})}
    _, found = await page.call("POST", "/api/look", asked)
    body = {**asked, "offer": found["offer"], **fields}
    return await page.call("POST", "/api/redemptions", body, Idempotency_Key=rid(number))


async def test_a_typed_code_is_redeemed_and_stands_in_the_books(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        page.headoffice.add(CODE)
        status, answer = await look_and_redeem(page, 1, amount=3200)
        _, one = await page.call("GET", f"/api/redemptions/{rid(1)}")
        _, today = await page.call("GET", "/api/today")
        _, books = await page.call("GET", "/api/books")

    assert (status, answer["verdict"], answer["final"]) == (200, "redeemed", True)
    assert (one["kiosk"], one["method"], one["store_name"], one["amount"]) == ("gw-1", "api", "南京路店", 3200)
    assert [row["rid"] for row in today["rows"]] == [rid(1)]
    assert next(s["totals"] for s in today["stores"] if s["id"] == STORE) == {"redeemed": 1, "refused": 0}
    assert {"rid", "code_tail", "verdict", "store", "kiosk", "clerk", "at"} <= books["rows"][0].keys()
    assert books["rows"][0]["at"].endswith("+08:00")


async def test_the_same_call_again_is_the_same_redemption(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        page.headoffice.add(CODE, uses=5)
        _, found = await page.call("POST", "/api/look", {"store": STORE, "code": CODE})
        body = {"store": STORE, "code": CODE, "offer": found["offer"]}
        first = await page.call("POST", "/api/redemptions", body, Idempotency_Key=rid(1))
        second = await page.call("POST", "/api/redemptions", body, Idempotency_Key=rid(1))
        other = await page.call("POST", "/api/redemptions", {**body, "quantity": 2}, Idempotency_Key=rid(1))

    assert first == second
    assert page.headoffice.vouchers[CODE].left == 4
    assert (other[0], "recorded with other fields" in other[1]["error"]) == (409, True)


async def test_a_head_office_that_stalls_is_pending_and_ends_later(
    data: Path, authority: Authority, free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.webcounter.PATIENCE_S", 0.1)
    async with served(data, authority, free_port()) as page:
        page.headoffice.add(CODE)
        _, found = await page.call("POST", "/api/look", {"store": STORE, "code": CODE})
        page.headoffice.answering.clear()
        body = {"store": STORE, "code": CODE, "offer": found["offer"]}
        waiting = await page.call("POST", "/api/redemptions", body, Idempotency_Key=rid(1))
        await page.headoffice.until_asked(AskRedeem)
        _, still = await page.call("GET", "/api/open")
        page.headoffice.answering.set()
        ended = await page.shop.relays.ended(rid(1), 5)
        again = await page.call("POST", "/api/redemptions", body, Idempotency_Key=rid(1))

    assert (waiting[0], waiting[1]["verdict"], waiting[1]["final"]) == (202, "pending", False)
    assert [row["rid"] for row in still["open"]] == [rid(1)]
    assert ended is not None
    assert (again[0], again[1]["verdict"]) == (200, "redeemed")


async def test_an_undo_by_the_manager_gives_the_use_back(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        page.headoffice.add(CODE)
        offer = await page.shop.offered("till-1", CODE)
        page.shop.confirm("till-1", intent_of(offer, rid(1)))
        await page.shop.ended("till-1", rid(1))
        path = f"/api/redemptions/{rid(1)}/undo"
        undone = await page.call("POST", path, {"reason": "点错了"}, Idempotency_Key=rid(2))
        again = await page.call("POST", path, {"reason": "点错了"}, Idempotency_Key=rid(2))
        unknown = await page.call("POST", f"/api/redemptions/{rid(9)}/undo", {"reason": "x"}, Idempotency_Key=rid(3))
        _, one = await page.call("GET", f"/api/redemptions/{rid(1)}")

    assert (undone[0], undone[1]["verdict"]) == (200, "undone")
    assert again == undone
    assert unknown[0] == 404
    assert one["undone_by"] == rid(2)
    assert page.headoffice.vouchers[CODE].left == 1


async def test_a_person_settles_whether_goods_were_handed_over(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        page.headoffice.add(CODE)
        await look_and_redeem(page, 1)
        path = f"/api/redemptions/{rid(1)}/settled"
        no = await page.call("POST", path, {"handed_over": False})
        _, asked = await page.call("GET", "/api/open")
        yes = await page.call("POST", path, {"handed_over": True})
        _, answered = await page.call("GET", "/api/open")
        unknown = await page.call("POST", f"/api/redemptions/{rid(9)}/settled", {"handed_over": True})

    assert (no[0], yes[0], unknown[0]) == (204, 204, 404)
    assert [row["rid"] for row in asked["awaiting"]] == [rid(1)]
    assert answered["awaiting"] == []


async def test_refusals_come_as_verdicts_with_what_is_known(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        page.headoffice.add(CODE, stores=("hongqiao",), store_names=("虹桥店",))
        wrong = await page.call("POST", "/api/look", {"store": STORE, "code": f"  {CODE} "})
        nothing = await page.call("POST", "/api/look", {"store": STORE, "code": "nothing"})
        payment = await page.call("POST", "/api/look", {"store": STORE, "code": "134567890123456789"})
        _, books = await page.call("GET", "/api/books")
        practice = await page.call("POST", "/api/look", {"store": STORE, "code": "pppp abcd 2345"})

    assert (wrong[1]["verdict"], wrong[1]["detail"]["stores"]) == ("wrong_store", ["虹桥店"])
    assert (nothing[1]["verdict"], payment[1]["verdict"]) == ("unknown_code", "payment_code")
    assert [(row["rid"], row["code_tail"]) for row in books["rows"]] == [(None, None), (None, "hing"), (None, "1234")]
    assert practice[1]["code"] == "HEXIAO:PRACTICE:ABCD2345"


async def test_a_kiosk_is_added_moved_and_revoked_and_told_each_time(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        added = await page.call("PUT", "/api/kiosks/till-7", {"store": STORE, "name": "七号"})
        await page.call("PUT", "/api/kiosks/till-7", {"store": "hongqiao", "name": "七号"})
        revoked = await page.call("POST", "/api/kiosks/till-7/revoke")
        again = await page.call("PUT", "/api/kiosks/till-7", {"store": STORE, "name": "七号"})
        nobody = await page.call("POST", "/api/kiosks/till-99/revoke")
        _, listed = await page.call("GET", "/api/kiosks")
        told = page.shop.outbox.to("till-7")

    assert (added[0], added[1]["store_name"], added[1]["online"]) == (200, "南京路店", False)
    assert (revoked[1]["state"], again[0], nobody[0]) == ("revoked", 409, 404)
    assert [k["id"] for k in listed["kiosks"]] == ["till-1", "till-2", "till-7"]
    assert [getattr(m, "store", None) for m in told if isinstance(m, Welcome)] == [STORE, "hongqiao"]
    assert isinstance(told[-1], Notice)
    assert told[-1].verdict is Verdict.DEVICE_REVOKED


async def test_a_new_store_is_fetched_when_a_kiosk_is_put_into_it(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        page.headoffice.stores.append({"id": "xujiahui", "name": "徐家汇店"})
        added = await page.call("PUT", "/api/kiosks/till-7", {"store": "xujiahui"})
        unknown = await page.call("PUT", "/api/kiosks/till-8", {"store": "beijing"})
        page.headoffice.stores[0]["clerk_required"] = True
        page.headoffice.stores[0]["claim_qr"] = "https://q.example.cn/7K2P"
        refreshed = await page.call("POST", "/api/stores/refresh")
        pushed = page.shop.outbox.to("till-1")[-1]
        await page.headoffice.close()
        down = await page.call("POST", "/api/stores/refresh")

    assert (added[0], added[1]["store_name"], added[1]["name"]) == (200, "徐家汇店", "till-7")
    assert (unknown[0], "no store of this gateway" in unknown[1]["error"]) == (409, True)
    assert [s["id"] for s in refreshed[1]["stores"]] == ["hongqiao", "nanjing-lu", "pudong", "xujiahui"]
    assert isinstance(pushed, Welcome)
    assert (pushed.clerk_required, pushed.claim_qr) == (True, "https://q.example.cn/7K2P")
    assert down[0] == 502


async def test_presence_and_hello_are_shown(data: Path, authority: Authority, free_port: Callable[[], int]) -> None:
    async with served(data, authority, free_port()) as page:
        page.attendance.heard("till-1", Presence(online=True, session="s"), 5.0)
        page.shop.receive("till-1", Hello(boot="b", software="0.1.0", open_rids=2))
        _, listed = await page.call("GET", "/api/kiosks")
        _, status = await page.call("GET", "/api/status")

    first = listed["kiosks"][0]
    assert (first["online"], first["since"], first["software"], first["open_rids"]) == (True, 5.0, "0.1.0", 2)
    assert (status["identity"], status["broker"]) == ("gw-1", True)


@pytest.mark.parametrize(
    "case",
    [
        ("POST", "/api/look", {"store": "beijing", "code": "x"}, 404),
        ("POST", "/api/look", {"store": STORE, "code": "   "}, 400),
        ("POST", "/api/look", {"store": STORE, "code": "x" * 513}, 400),
        ("POST", "/api/look", {"store": STORE}, 400),
        ("POST", "/api/redemptions", {"store": STORE, "code": "x", "offer": "y"}, 400),
        ("POST", f"/api/redemptions/{rid(1)}/undo", {"reason": "x"}, 400),
        ("POST", "/api/redemptions/nonsense/settled", {"handed_over": True}, 400),
        ("GET", f"/api/redemptions/{rid(1)}", None, 404),
        ("PUT", "/api/kiosks/Till+1", {"store": STORE}, 400),
        ("PUT", "/api/kiosks/till-7", {"store": 5}, 400),
        ("GET", "/api/records.csv?day=yesterday", None, 400),
        ("GET", "/api/today?store=beijing", None, 404),
    ],
)
async def test_a_request_that_makes_no_sense_says_why(
    data: Path, authority: Authority, free_port: Callable[[], int], case: tuple[str, str, Any, int]
) -> None:
    method, path, body, status = case
    async with served(data, authority, free_port()) as page:
        answered, content = await page.call(method, path, body)

    assert answered == status
    assert content["error"]


async def test_an_offer_that_is_made_up_begins_nothing(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        page.headoffice.add(CODE)
        body = {"store": STORE, "code": CODE, "offer": "b00t.AAAA"}
        status, answer = await page.call("POST", "/api/redemptions", body, Idempotency_Key=rid(1))

    assert (status, answer["verdict"]) == (200, "aborted")
    assert page.headoffice.vouchers[CODE].left == 1


async def test_a_kiosks_offer_cannot_be_redeemed_at_the_console(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        page.headoffice.add(CODE)
        offer = await page.shop.offered("till-1", CODE)
        body = {"store": STORE, "code": CODE, "offer": offer.offer}
        _, answer = await page.call("POST", "/api/redemptions", body, Idempotency_Key=rid(1))

    assert (answer["verdict"], answer["detail"]["reason"]) == ("aborted", "the offer was made to another kiosk")


async def test_the_day_as_csv(data: Path, authority: Authority, free_port: Callable[[], int]) -> None:
    async with served(data, authority, free_port()) as page:
        page.headoffice.add("=cmd|calc", uses=3)
        offer = await page.shop.offered("till-1", "=cmd|calc")
        page.shop.confirm("till-1", intent_of(offer, rid(1), code="=cmd|calc", amount=1205, quantity=2, clerk=None))
        await page.shop.ended("till-1", rid(1))
        await page.shop.look("till-1", "+77")
        status, text = await page.call("GET", "/api/records.csv")
        _, other_day = await page.call("GET", "/api/records.csv?day=2020-01-01&store=pudong")

    assert status == 200
    assert text.startswith("\ufeff时间,券名,核销方式,门店,核销员,实收金额,")
    header, first, second = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    assert tuple(header) == COLUMNS
    assert first[1:] == [
        "咖啡兑换券", "扫码", "南京路店", "", "12.05",
        "优惠券", "****calc", "till-1", "自有", "2", "redeemed", rid(1), "", "核销", "",
    ]  # fmt: skip
    assert second[7:] == ["****+77", "till-1", "", "", "unknown_code", "", "", "拒绝", ""]
    assert len(other_day.splitlines()) == 1


async def test_the_day_as_a_workbook_names_the_clerk_and_can_be_of_one(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        await page.shop.registry.set_roster(Roster(stores=STORES, clerks=CLERKS))
        page.headoffice.add(CODE, uses=3)
        await look_and_redeem(page, 1, clerk="1001", amount=3200)
        await look_and_redeem(page, 2, clerk="1009")
        one = await page.download("/api/records.xlsx?clerk=1001")
        none = await page.download("/api/records.xlsx?kiosk=till-1")

    rows = list(openpyxl.load_workbook(io.BytesIO(one))["核销记录"].iter_rows(values_only=True))
    assert rows[0] == COLUMNS
    assert [row[4:8] for row in rows[1:]] == [("王小明", 32, "优惠券", "****1234")]
    assert rows[1][-2:] == ("核销", None)
    assert len(list(openpyxl.load_workbook(io.BytesIO(none))["核销记录"].iter_rows())) == 1


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
async def test_no_cell_is_run_by_a_spreadsheet(
    data: Path, authority: Authority, free_port: Callable[[], int], cell: str
) -> None:
    async with served(data, authority, free_port()) as page:
        await page.shop.registry.bind("till-1", "nanjing-lu", "x")
        page.headoffice.add(CODE)
        offer = await page.shop.offered("till-1", CODE, clerk=cell)
        page.shop.confirm("till-1", intent_of(offer, rid(1), clerk=cell))
        await page.shop.ended("till-1", rid(1))
        _, text = await page.call("GET", "/api/records.csv")

    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert rows[1][4] == f"'{cell}"


async def test_changes_are_told_as_they_happen(data: Path, authority: Authority, free_port: Callable[[], int]) -> None:
    async with served(data, authority, free_port()) as page:
        page.headoffice.add(CODE)
        headers = {"Authorization": f"Bearer {page.token}"}
        async with page.http.get(page.url + "/api/events", headers=headers) as stream, asyncio.timeout(10):
            kind, policy = stream.content_type, stream.headers["Content-Security-Policy"]
            await stream.content.readuntil(b"\n\n")
            await look_and_redeem(page, 1)
            event = await stream.content.readuntil(b"\n\n")
            await page.call("PUT", "/api/kiosks/till-7", {"store": STORE})
            while b"kiosks" not in event:
                event = await stream.content.readuntil(b"\n\n")

    assert kind == "text/event-stream"
    assert "default-src 'none'" in policy


# --- who gets in ------------------------------------------------------------------------------------------------------


async def test_without_token_or_cookie_nothing_is_told(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        for path in ("/api/today", "/api/books", "/api/events", "/api/records.csv", "/api/kiosks", "/nothing"):
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": "hexiao_console=1.2"}):
                async with page.http.get(page.url + path, headers=headers) as answer:
                    assert answer.status == 401, path
        async with page.http.post(page.url + "/api/kiosks/till-1/revoke") as answer:
            assert answer.status == 401
        async with page.http.get(page.url + "/healthz") as answer:
            assert await answer.json() == {"status": "ok"}
        kiosk = page.shop.registry.kiosk("till-1")

    assert kiosk is not None
    assert kiosk.state == "active"


async def test_a_cookie_opens_the_page_and_only_the_own_page_may_use_it(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        wrong = await page.http.post(page.url + "/login", data={"token": "guess"}, allow_redirects=False)
        right = await page.http.post(page.url + "/login", data={"token": page.token}, allow_redirects=False)
        cookie = right.headers["Set-Cookie"]
        async with page.http.get(page.url + "/") as answer:
            html = await answer.text()
        statuses = []
        for headers in ({"Origin": page.url}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://evil.example"},
                        {"Origin": "null"}, {"Sec-Fetch-Site": "same-site"}, {}):  # fmt: skip
            async with page.http.post(page.url + "/api/look", json={"store": STORE, "code": "x"}, headers=headers) as r:
                statuses.append(r.status)
        foreign = await page.http.post(
            page.url + "/login", data={"token": page.token}, headers={"Origin": "http://evil.example"}
        )
        _, books = await page.call("GET", "/api/books")

    assert (wrong.status, right.status, foreign.status) == (401, 303, 403)
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert page.token not in cookie
    assert 'id="code"' in html
    assert statuses == [200, 200, 403, 403, 403, 403]
    assert {row["method"] for row in books["rows"]} == {"web"}


async def test_a_page_that_may_embed_it_may_sign_in(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    counter = "http://127.0.0.1:9999"
    async with served(data, authority, free_port(), embedded_in=(counter,)) as page:
        async with page.http.post(
            page.url + "/login", data={"token": page.token}, headers={"Origin": counter}, allow_redirects=False
        ) as answer:
            status, policy = answer.status, answer.headers["Content-Security-Policy"]
        async with page.http.post(page.url + "/api/look", json={}, headers={"Origin": counter}) as answer:
            acting = answer.status

    assert status == 303
    assert f"frame-ancestors 'self' {counter}" in policy
    assert acting == 403


@pytest.mark.parametrize(
    "path", ["/", "/static/console.js", "/static/console.css", "/healthz", "/nothing", "/api/open"]
)
async def test_every_answer_has_its_headers_and_no_page_needs_anything_from_elsewhere(
    data: Path, authority: Authority, free_port: Callable[[], int], path: str
) -> None:
    async with served(data, authority, free_port()) as page, page.http.get(page.url + path) as answer:
        text = await answer.text()
        headers = answer.headers

    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "http://" not in text
    assert "https://" not in text
    assert " style=" not in text
    assert "onclick" not in text


@pytest.mark.parametrize(("language", "word"), [("zh", "输码核销"), ("en", "Enter a code")])
async def test_the_page_speaks_both_languages_and_remembers(
    data: Path, authority: Authority, free_port: Callable[[], int], language: str, word: str
) -> None:
    async with served(data, authority, free_port()) as page:
        headers = {"Authorization": f"Bearer {page.token}"}
        async with page.http.get(f"{page.url}/?lang={language}", headers=headers) as answer:
            first = await answer.text()
        async with page.http.get(page.url, headers={**headers, "Accept-Language": "fr"}) as answer:
            second = await answer.text()

    assert word in first
    assert word in second


def test_the_token_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "console.token"
    token = read_or_make_token(path)
    path.chmod(0o644)

    assert read_or_make_token(path) == token
    assert len(token) >= 43
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_session_ends_and_cannot_be_lengthened() -> None:
    now = 1_000_000.0
    access = Access("token", 80, (), clock=lambda: now)
    ends = str(int(now) + 60)
    good = f"{ends}.{access._session_mac(ends)}"

    assert access._session_holds(good)
    assert not access._session_holds(f"{int(ends) + 1}.{access._session_mac(ends)}")
    assert not access._session_holds("")
    assert not access._session_holds("é.é")
    now += 61
    assert not access._session_holds(good)
