"""The program in docs/till.md, run as it stands there before a gateway's HTTP interface."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.desk_page import Page, served
from tests.gateway.shop import rid
from tests.test_project import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.gateway.certificates import Authority

CODE = "4006123456781234"
STORE = "nanjing-lu"


def program(page: Page) -> dict[str, Any]:
    """Load the program, as the till of this gateway's store."""
    (text,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/till.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {"TOKEN": page.token, "GATEWAY": page.url}
    exec(compile(text, "docs/till.md", "exec"), names)  # noqa: S102 - our own documentation
    return names


async def offered(page: Page) -> dict[str, Any]:
    """Look at the code as a till does, and return what redeems it."""
    _, found = await page.call("POST", "/api/look", {"store": STORE, "code": CODE})
    return {"store": STORE, "code": CODE, "offer": found["offer"], "quantity": 1}


@pytest.mark.rule(8, 9, 10)
async def test_a_till_redeems_and_after_its_restart_asks_only_for_the_end(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        till = program(page)
        page.headoffice.add(CODE)
        body = await offered(page)
        first = await asyncio.to_thread(till["end_of"], rid(1), body, time.monotonic())
        restarted = await asyncio.to_thread(till["end_of"], rid(1), body)
        await page.call("POST", f"/api/redemptions/{rid(1)}/undo", {"reason": "点错了"}, Idempotency_Key=rid(2))
        undone = await asyncio.to_thread(till["end_of"], rid(1), body)
        asked = page.headoffice.kinds()["AskRedeem"]

    assert till["shown"](first, here=True) == "green"
    assert till["shown"](restarted, here=False) == "handed over?"
    assert {till["shown"](undone, here=here) for here in (True, False)} == {"undone"}
    assert asked == 2  # the redemption, and its undo


@pytest.mark.rule(8)
@pytest.mark.parametrize("why", ["restarted", "given up", "ten seconds"])
async def test_a_till_begins_nothing_for_a_customer_who_may_have_left(
    data: Path, authority: Authority, free_port: Callable[[], int], why: str
) -> None:
    async with served(data, authority, free_port()) as page:
        till = program(page)
        page.headoffice.add(CODE)
        body = await offered(page)
        pressed_at = {"restarted": None, "given up": time.monotonic(), "ten seconds": time.monotonic() - 10.0}[why]
        end = await asyncio.to_thread(till["end_of"], rid(1), body, pressed_at, lambda: why == "given up")

    assert till["shown"](end, here=True) == "aborted"
    assert page.headoffice.kinds()["AskRedeem"] == 0
    assert page.headoffice.vouchers[CODE].left == 1


@pytest.mark.rule(8)
async def test_an_error_in_between_ends_nothing_at_a_till(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        till = program(page)
        page.headoffice.add(CODE)
        body = await offered(page)
        page.shop.standing.met = False
        waiting = asyncio.create_task(asyncio.to_thread(till["end_of"], rid(1), body, time.monotonic()))
        done, _ = await asyncio.wait([waiting], timeout=1.5)
        page.shop.standing.met = True
        end = await waiting

    assert done == set()
    assert till["shown"](end, here=True) == "green"
