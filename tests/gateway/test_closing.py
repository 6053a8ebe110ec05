"""A day closed: what it came to by type, clerk and kiosk, kept as it was; what comes later is named as late."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from playwright.async_api import expect

from gateway.closing import Closing, Sum, since, totals_of
from gateway.places import Roster
from gateway.usage import Usage
from protocol.messages import Action, Detail
from protocol.vocabulary import Verdict
from tests.gateway.desk_page import served
from tests.gateway.shop import CLERKS, STORES, rid
from tests.gateway.test_console import CODE, STORE, look_and_redeem
from tests.gateway.test_console_page import browser_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.gateway.certificates import Authority
    from tests.gateway.desk_page import Page


def usage(n: int, verdict: Verdict = Verdict.REDEEMED, **fields: Any) -> Usage:
    """Return a request's row."""
    given: dict[str, Any] = {
        "at": 1000.0 + n,
        "kiosk": "till-1",
        "store": STORE,
        "rid": rid(n),
        "detail": Detail(title="拿铁"),
    }
    return Usage(n=n, verdict=verdict, **given | fields)


def test_a_day_is_summed_by_type_clerk_and_kiosk_and_what_was_undone_is_in_no_sum() -> None:
    totals = totals_of(
        [
            usage(1, clerk="1001", amount=3200, detail=Detail(title="拿铁", quantity=2)),
            usage(2, kiosk="till-2", amount=5),
            usage(3, amount=900, undone_by=rid(4)),
            usage(4, Verdict.UNDONE, action=Action.UNDO),
            usage(5, Verdict.EXPIRED, rid=None),
            usage(6, Verdict.ABORTED),
            usage(7, Verdict.PENDING, final=False),
            usage(8, Verdict.ACCEPTED_OFFLINE, final=False, amount=100),
            usage(9, Verdict.OFFLINE_CONFLICT),
        ]
    )
    assert totals.redeemed == Sum(count=2, uses=3, amount=3205)
    assert totals.by_type == {"拿铁": totals.redeemed}
    assert totals.by_clerk == {"": Sum(count=1, uses=1, amount=5), "1001": Sum(count=1, uses=2, amount=3200)}
    assert list(totals.by_kiosk) == ["till-1", "till-2"]
    assert (totals.refused, totals.given_back, totals.conflicts) == ({"expired": 1}, (rid(3),), (rid(9),))
    assert [row.rid for row in totals.open] == [rid(7), rid(8)]


async def test_a_day_is_closed_once_and_what_comes_later_is_named(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        page.headoffice.add(CODE, uses=9)
        for number in (1, 2):
            await look_and_redeem(page, number, amount=1000)
        day = await today_of(page)
        status, closed = await page.call("POST", f"{day}/close", {"by": "王店长"})
        await look_and_redeem(page, 3, amount=500)
        await page.call("POST", f"/api/redemptions/{rid(1)}/undo", {"reason": "x"}, Idempotency_Key=rid(4))
        again = await page.call("POST", f"{day}/close", {"by": "somebody else"})
        _, found = await page.call("GET", day)

    assert (status, closed["closing"]["by"], closed["closing"]["totals"]["redeemed"]["amount"]) == (200, "王店长", 2000)
    assert closed["since"] == {"late": [], "ended": [], "given_back": []}
    assert (again[0], found["closing"]) == (200, closed["closing"])
    assert [row["rid"] for row in found["since"]["late"]] == [rid(3), rid(4)]
    assert [row["rid"] for row in found["since"]["given_back"]] == [rid(1)]
    assert found["now"]["redeemed"] == {"count": 2, "uses": 2, "amount": 1500}


def test_what_was_open_at_the_closing_and_has_ended_is_named() -> None:
    open_then = totals_of([usage(1, Verdict.PENDING, final=False), usage(2, Verdict.ACCEPTED_OFFLINE, final=False)])
    closing = Closing(store=STORE, day=date(2026, 11, 21), at=2000.0, by="王店长", sequence=2, totals=open_then)
    changed = since(closing, [usage(1), usage(2, Verdict.ACCEPTED_OFFLINE, final=False), usage(3, rid=None)])
    assert [row.rid for row in changed.ended] == [rid(1)]
    assert changed.late == changed.given_back == ()


async def test_what_cannot_be_closed_is_refused(data: Path, authority: Authority, free_port: Callable[[], int]) -> None:
    async with served(data, authority, free_port()) as page:
        day = await today_of(page)
        assert (await page.call("POST", f"/api/days/{STORE}/2999-01-01/close", {"by": "x"}))[0] == 409
        assert (await page.call("POST", f"{day}/close", {"by": ""}))[0] == 400
        assert (await page.call("POST", f"/api/days/{STORE}/yesterday/close", {"by": "x"}))[0] == 400
        assert (await page.call("GET", f"/api/days/nowhere/{day[-10:]}"))[0] == 404
        assert (await page.call("GET", day))[1]["closing"] is None


async def test_a_manager_closes_the_day_on_the_page(
    data: Path, authority: Authority, free_port: Callable[[], int], chromium_program: Path
) -> None:
    async with served(data, authority, free_port()) as page:
        await page.shop.registry.set_roster(Roster(stores=STORES[:1], clerks=CLERKS))
        page.headoffice.add(CODE, uses=9)
        await look_and_redeem(page, 1, clerk="1001", amount=3200)
        async with browser_at(page, chromium_program) as window:
            await window.get_by_role("button", name="日结").click()
            await window.get_by_label("日结人").fill("王店长")
            await window.get_by_role("button", name="日结").click()
            await expect(window.locator("#closed")).to_contain_text("已由 王店长 于")
            await expect(window.locator("#amount")).to_have_text("¥32.00")
            await expect(window.get_by_text("王小明 1001")).to_be_visible()
            await window.get_by_role("link", name="1001").click()
            await expect(window.locator("#history")).to_contain_text("咖啡兑换券 ····1234")
            await expect(window.locator("#history")).to_contain_text("¥32.00")
            await look_and_redeem(page, 2, amount=100)
            await window.reload()
            await expect(window.locator("#late")).to_contain_text("核销成功")
            await expect(window.locator("#amount")).to_have_text("¥32.00")
            await window.emulate_media(media="print")
            await expect(window.get_by_role("link", name="返回核销台")).to_be_hidden()


async def today_of(page: Page) -> str:
    """Return the address of the store's day today."""
    _, today = await page.call("GET", "/api/today")
    day = next(store["day"] for store in today["stores"] if store["id"] == STORE)
    return f"/api/days/{STORE}/{day}"
