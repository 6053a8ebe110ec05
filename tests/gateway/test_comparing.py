"""A day held against the head office's books: each way of differing is named, what was undone there is taken over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from playwright.async_api import expect

from gateway.places import Roster
from protocol.comparing import AskBook, Book, Recorded, What, compare, compare_kiosk
from protocol.vocabulary import Verdict
from tests.gateway.desk_page import served
from tests.gateway.shop import CLERKS, STORES, intent_of, rid
from tests.gateway.test_closing import today_of
from tests.gateway.test_console import CODE, look_and_redeem
from tests.gateway.test_console_page import browser_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from protocol.messages import GatewayMessage
    from tests.fakes.minimal_headoffice import MinimalHeadOffice
    from tests.gateway.certificates import Authority

REDEEMED = Recorded(rid=rid(1), verdict=Verdict.REDEEMED)
UNDONE = Recorded(rid=rid(1), verdict=Verdict.REDEEMED, undone_by=rid(9))
PENDING = Recorded(rid=rid(1), verdict=Verdict.PENDING)
ABORTED = Recorded(rid=rid(1), verdict=Verdict.ABORTED)
TWO_ENDS = Recorded(rid=rid(1), verdict=Verdict.FAULT)


@pytest.mark.parametrize(
    ("here", "there", "what"),
    [
        (REDEEMED, REDEEMED, None),
        (UNDONE, UNDONE, None),
        (None, REDEEMED, What.NOT_AT_GATEWAY),
        (REDEEMED, None, What.NOT_AT_HEADOFFICE),
        (REDEEMED, ABORTED, What.OTHER_END),
        (REDEEMED, UNDONE, What.UNDONE_AT_HEADOFFICE),
        (UNDONE, REDEEMED, What.UNDONE_AT_GATEWAY),
    ],
)
def test_two_records_of_a_rid_are_compared(here: Recorded | None, there: Recorded | None, what: What | None) -> None:
    found = compare(here, there)
    assert (found and found.what) is what


@pytest.mark.parametrize(
    ("at_kiosk", "here", "what"),
    [
        (REDEEMED, REDEEMED, None),
        (REDEEMED, UNDONE, None),
        (PENDING, REDEEMED, None),
        (PENDING, None, None),
        (None, REDEEMED, What.NOT_AT_KIOSK),
        (REDEEMED, None, What.ONLY_AT_KIOSK),
        (ABORTED, REDEEMED, What.OTHER_END_AT_KIOSK),
        (TWO_ENDS, REDEEMED, None),
    ],
)
def test_a_kiosks_record_is_compared_with_its_gateways(
    at_kiosk: Recorded | None, here: Recorded | None, what: What | None
) -> None:
    found = compare_kiosk("till-1", at_kiosk, here)
    assert (found and found.what) is what
    assert found is None or found.kiosk == "till-1"


def change(headoffice: MinimalHeadOffice, number: int, **fields: Any) -> None:
    """Change what the head office has under a rid."""
    known = headoffice.known[rid(number)]
    changed = msgspec.structs.replace(known.answer, **fields)
    headoffice.known[rid(number)] = type(known)(
        requester=known.requester, store=known.store, intent=known.intent, answer=changed, at=known.at
    )


async def test_every_difference_is_listed_and_the_head_office_told(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        page.headoffice.add(CODE, uses=9)
        for number in range(1, 7):
            await look_and_redeem(page, number)
        day = await today_of(page)
        same = await page.call("POST", f"{day}/compare")
        change(page.headoffice, 2, undone_by=rid(99))
        change(page.headoffice, 3, verdict=Verdict.ABORTED)
        page.headoffice.known[rid(50)] = page.headoffice.known[rid(1)]
        del page.headoffice.known[rid(4)]
        status, found = await page.call("POST", f"{day}/compare")
        _, undone = await page.call("GET", f"/api/redemptions/{rid(2)}")
        _, again = await page.call("POST", f"{day}/compare")

    assert same == (200, {"compared": 6, "differing": [], "silent": ["till-1"]})
    assert status == 200
    assert found["compared"] == 7
    assert {each["rid"]: each["what"] for each in found["differing"]} == {
        rid(2): "undone_at_headoffice",
        rid(3): "other_end",
        rid(4): "not_at_headoffice",
        rid(50): "not_at_gateway",
    }
    assert all(len(each["do"]) == 2 for each in found["differing"])
    assert undone["undone_by"] == rid(99)
    assert [each["rid"] for each in again["differing"]] == [rid(3), rid(4), rid(50)]
    assert [told.count for told in page.headoffice.differing] == [0, 4, 3]


async def test_a_redemption_that_is_open_here_is_no_difference(
    data: Path, authority: Authority, free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.webcounter.PATIENCE_S", 0.1)
    async with served(data, authority, free_port()) as page:
        page.headoffice.add(CODE)
        page.headoffice.drops = 1
        day = await today_of(page)
        _, looked = await page.call("POST", "/api/look", {"store": "nanjing-lu", "code": CODE})
        page.headoffice.answering.clear()
        body = {"store": "nanjing-lu", "code": CODE, "offer": looked.get("offer", "-")}
        waiting = await page.call("POST", "/api/redemptions", body, Idempotency_Key=rid(1))
        assert waiting[0] == 202
        page.headoffice.answering.set()
        await page.shop.relays.ended(rid(1), 5)
        found = await page.call("POST", f"{day}/compare")
    assert found == (200, {"compared": 1, "differing": [], "silent": ["till-1"]})


async def test_a_kiosks_journal_is_asked_for_part_by_part_and_what_differs_is_listed(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    lately, long_ago = "2099-05-01T12:00:00+08:00", "2026-05-01T12:00:00+08:00"
    parts = {
        None: Book(through=40, since=lately, records=(Recorded(rid=rid(1), verdict=Verdict.REDEEMED),)),
        40: Book(before=40, through=12, since=long_ago, records=(Recorded(rid=rid(9), verdict=Verdict.REDEEMED),)),
    }
    asked: list[int | None] = []
    async with served(data, authority, free_port()) as page:
        shop = page.shop
        send = shop.outbox.send

        def answered(identity: str, message: GatewayMessage) -> None:
            send(identity, message)
            if isinstance(message, AskBook):
                asked.append(message.before)
                shop.receive(identity, parts[message.before])
                shop.receive(identity, parts[message.before])  # a repeat is nobody's

        shop.outbox.send = answered  # type: ignore[method-assign]
        page.headoffice.add(CODE, uses=9)
        offer = await shop.offered("till-1", CODE)
        for number in (1, 2):
            shop.confirm(
                "till-1", intent_of(offer if number == 1 else await shop.offered("till-1", CODE), rid(number), CODE)
            )
            await shop.ended("till-1", rid(number))
        status, found = await page.call("POST", f"{await today_of(page)}/compare")
    assert (status, asked, found["silent"]) == (200, [None, 40], [])
    assert {one["rid"]: (one["what"], one["kiosk"]) for one in found["differing"]} == {
        rid(2): ("not_at_kiosk", "till-1"),
        rid(9): ("only_at_kiosk", "till-1"),
    }


async def test_a_head_office_that_does_not_answer_leaves_a_day_uncompared(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port(), timeout_s=0.3) as page:
        day = await today_of(page)
        page.headoffice.answering.clear()
        status, said = await page.call("POST", f"{day}/compare")
    assert (status, said["error"]) == (503, "the head office does not answer: nothing was compared")


async def test_a_manager_sees_what_differs_and_what_to_do(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path
) -> None:
    async with served(data, authority, free_port()) as page:
        await page.shop.registry.set_roster(Roster(stores=STORES[:1], clerks=CLERKS))
        page.headoffice.add(CODE, uses=9)
        await look_and_redeem(page, 1)
        del page.headoffice.known[rid(1)]
        async with browser_at(page, chromium_program) as window:
            await window.get_by_role("button", name="日结").click()
            await window.get_by_role("button", name="与总部核对").click()
            listed = window.locator("#compared")
            await expect(listed).to_contain_text("已核对 1 笔,1 笔不同")
            await expect(listed).to_contain_text("网关: 核销成功")
            await expect(listed).to_contain_text("总部没有此笔")
