"""Requesters over HTTP, the page and tills: what brings a redemption to its end there, and what does not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from gateway.limits import Limit
from protocol.marks import Mark, stamped
from protocol.messages import Hello
from protocol.upstream import AskRedeem
from tests.gateway.desk_page import Page, served
from tests.gateway.shop import SIGNET, intent_of, rid
from tests.simulator.waiting import soon

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.gateway.certificates import Authority

CODE = "4006123456781234"
STORE = "nanjing-lu"


async def offered(page: Page, code: str = CODE) -> dict[str, Any]:
    """Look at a code, and return the body that redeems it."""
    _, found = await page.call("POST", "/api/look", {"store": STORE, "code": code})
    return {"store": STORE, "code": code, "offer": found["offer"]}


async def redeem(page: Page, number: int, body: dict[str, Any]) -> tuple[int, Any]:
    """Send what a till sends for ten seconds."""
    return await page.call("POST", "/api/redemptions", body, Idempotency_Key=rid(number))


async def resolve(page: Page, number: int, body: dict[str, Any]) -> tuple[int, Any]:
    """Send what it sends from then on."""
    return await page.call("POST", f"/api/redemptions/{rid(number)}/resolve", body)


def find_out_that_it_is_an_older_copy(page: Page) -> None:
    """Let a kiosk remember more of the gateway than its journal holds."""
    mark = Mark(1, 99)
    page.shop.receive(
        "till-1", stamped(Hello(boot="b", heard_of="gw-1", heard_seal=SIGNET.seal(mark)), Mark(1, 1), mark)
    )
    assert page.shop.standing.stopped


@pytest.mark.rule(8)
async def test_rule_8_what_never_arrived_is_ended_and_its_late_request_begins_nothing(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        page.headoffice.add(CODE)
        body = await offered(page)
        ended = await resolve(page, 1, body)
        late = await redeem(page, 1, body)
        again = await resolve(page, 1, body)
        asked = page.headoffice.kinds()

    assert (ended[0], ended[1]["verdict"], ended[1]["final"], ended[1]["rid"]) == (200, "aborted", True, rid(1))
    assert late == ended == again
    assert page.headoffice.vouchers[CODE].left == 1
    assert (asked["AskRedeem"], asked["AskResolve"]) == (0, 1)


@pytest.mark.rule(8)
async def test_rule_8_no_request_leaves_once_only_the_end_was_asked_for(
    data: Path, authority: Authority, free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.webcounter.PATIENCE_S", 0.1)
    async with served(data, authority, free_port(), timeout_s=0.3) as page:
        page.headoffice.add(CODE)
        body = await offered(page)
        page.headoffice.answering.clear()
        await redeem(page, 1, body)
        await page.headoffice.until_asked(AskRedeem)
        waiting = await resolve(page, 1, body)
        asked = page.headoffice.kinds()["AskRedeem"]
        repeated = await redeem(page, 1, body)
        upstream: Any = page.shop.upstream
        await soon(lambda: upstream.reachable is False)  # the request's own answer is not waited for any more
        page.headoffice.answering.set()
        ended = None
        async with asyncio.timeout(10):
            while ended is None:
                page.shop.clock.now += 4
                page.shop.relays.tick()
                ended = await page.shop.relays.ended(rid(1), 0.1)

    assert (waiting[0], waiting[1]["final"], repeated[0]) == (202, False, 202)
    assert page.headoffice.kinds()["AskRedeem"] == asked
    assert page.headoffice.kinds()["AskResolve"] > 0


@pytest.mark.rule(10)
async def test_rule_10_the_end_of_what_was_undone_says_so(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        page.headoffice.add(CODE)
        body = await offered(page)
        await redeem(page, 1, body)
        before = await resolve(page, 1, body)
        undo = {"reason": "点错了"}
        await page.call("POST", f"/api/redemptions/{rid(1)}/undo", undo, Idempotency_Key=rid(2))
        after = await resolve(page, 1, body)
        of_undo = await page.call("POST", f"/api/redemptions/{rid(1)}/undo/{rid(2)}/resolve", undo)

    assert (before[1]["verdict"], before[1]["undone_by"]) == ("redeemed", None)
    assert (after[1]["verdict"], after[1]["undone_by"]) == ("redeemed", rid(2))
    assert (of_undo[0], of_undo[1]["verdict"], of_undo[1]["rid"]) == (200, "undone", rid(2))


@pytest.mark.rule(8)
async def test_rule_8_an_undo_that_never_arrived_is_ended_and_undoes_nothing(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        page.headoffice.add(CODE)
        await redeem(page, 1, await offered(page))
        undo = {"reason": "点错了", "store": STORE}
        ended = await page.call("POST", f"/api/redemptions/{rid(1)}/undo/{rid(2)}/resolve", undo)
        late = await page.call("POST", f"/api/redemptions/{rid(1)}/undo", undo, Idempotency_Key=rid(2))
        forgotten = await page.call("POST", f"/api/redemptions/{rid(8)}/undo/{rid(3)}/resolve", undo)
        nowhere = await page.call("POST", f"/api/redemptions/{rid(8)}/undo/{rid(4)}/resolve", {"reason": "x"})

    assert (ended[0], ended[1]["verdict"]) == (200, "aborted")
    assert late == ended
    assert (forgotten[0], forgotten[1]["verdict"], nowhere[0]) == (200, "aborted", 404)
    assert page.headoffice.vouchers[CODE].left == 0


@pytest.mark.rule(2)
async def test_rule_2_a_gateway_that_has_stopped_still_says_what_its_journal_has_and_concludes_nothing_of_the_rest(
    data: Path, authority: Authority, free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.webcounter.PATIENCE_S", 0.1)
    async with served(data, authority, free_port()) as page:
        for code in (CODE, "pending", "new"):
            page.headoffice.add(code)
        done, pending, new = [await offered(page, code) for code in (CODE, "pending", "new")]
        await redeem(page, 1, done)
        refused = await resolve(page, 2, done)
        page.headoffice.answering.clear()
        await redeem(page, 3, pending)
        await page.shop.journal.flush()
        find_out_that_it_is_an_older_copy(page)
        answers = [await send(page, n, body) for send in (redeem, resolve)
                   for n, body in ((1, done), (2, done), (3, pending), (4, new), (2, new))]  # fmt: skip

    for redeemed, aborted, open_one, unknown, other in (answers[:5], answers[5:]):
        assert (redeemed[0], redeemed[1]["verdict"], redeemed[1]["final"]) == (202, "pending", False)
        assert aborted == refused
        assert (open_one[0], open_one[1]["verdict"]) == (202, "pending")
        assert (unknown[0], unknown[1]["final"], "nothing was" in unknown[1]["error"]) == (503, False, False)
        assert (other[0], other[1]["final"]) == (409, False)


@pytest.mark.rule(8)
async def test_rule_8_a_gateway_that_was_shown_nothing_yet_ends_nothing_and_is_asked_again(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        page.headoffice.add(CODE)
        body = await offered(page)
        page.shop.standing.met = False
        early = [await redeem(page, 1, body), await resolve(page, 1, body)]
        page.shop.standing.met = True
        ended = await redeem(page, 1, body)

    assert [(status, said["final"], said["rid"]) for status, said in early] == [(503, False, rid(1))] * 2
    assert all("nothing was begun" not in said["error"] for _, said in early)
    assert (ended[0], ended[1]["verdict"]) == (200, "redeemed")


async def test_who_only_ends_what_never_began_is_held_up_and_what_is_known_is_not(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        page.headoffice.add(CODE)
        body = await offered(page)
        page.shop.counter._fruitless = Limit(2)
        first = [(await resolve(page, number, body))[0] for number in (1, 2, 3)]
        known = await resolve(page, 1, body)
        honest = await redeem(page, 4, body)
        page.shop.clock.now += 60
        _, later = await resolve(page, 3, body)

    assert first == [200, 200, 429]
    assert (known[0], honest[0], honest[1]["verdict"]) == (200, 200, "redeemed")
    assert later["verdict"] == "aborted"


async def test_only_the_consoles_page_and_who_has_the_token_may_ask_for_an_end(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        page.headoffice.add(CODE)
        body = await offered(page)
        url = f"{page.url}/api/redemptions/{rid(1)}/resolve"
        async with page.http.post(url, json=body) as nobody:
            pass
        await page.http.post(page.url + "/login", data={"token": page.token}, allow_redirects=False)
        async with page.http.post(url, json=body, headers={"Origin": "http://evil.example"}) as elsewhere:
            pass
        known = page.shop.relays.known(rid(1))
        async with page.http.post(url, json=body, headers={"Origin": page.url}) as own:
            pass

    assert (nobody.status, elsewhere.status, known, own.status) == (401, 403, None, 200)


async def test_a_kiosks_redemption_is_no_callers_to_end(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        page.headoffice.add(CODE)
        offer = await page.shop.offered("till-1", CODE)
        page.shop.confirm("till-1", intent_of(offer, rid(1)))
        await page.shop.ended("till-1", rid(1))
        status, said = await resolve(page, 1, {"store": STORE, "code": CODE, "offer": offer.offer})
        nonsense = await page.call("POST", "/api/redemptions/nonsense/resolve", {})

    assert (status, said["final"], nonsense[0]) == (409, False, 400)
