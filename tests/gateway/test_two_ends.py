"""A redemption that the gateway was told of as redeemed, and of which the head office now has another end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest

from protocol.comparing import What
from protocol.messages import Answer, Confirm, Resolve, Settled
from protocol.values import replace
from protocol.vocabulary import Verdict
from tests.gateway.broker import KioskClient
from tests.gateway.desk_page import served
from tests.gateway.shop import rid
from tests.gateway.test_callers import CODE, offered, redeem, resolve
from tests.gateway.test_process import offered as looked
from tests.gateway.test_process import welcomed, whole_store
from tests.simulator.waiting import soon

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fakes.minimal_headoffice import MinimalHeadOffice
    from tests.gateway.broker import Mosquitto
    from tests.gateway.certificates import Authority


def end_otherwise(headoffice: MinimalHeadOffice) -> None:
    """Let the head office have the first redemption as cancelled, as books do that were put back and asked again."""
    known = headoffice.known[rid(1)]
    other = msgspec.structs.replace(known.answer, verdict=Verdict.ABORTED, uses=())
    headoffice.known[rid(1)] = replace(known, answer=other)


@pytest.mark.rule(9)
async def test_rule_9_a_kiosk_is_told_that_there_are_two_ends_and_people_find_it_listed_at_once(
    data: Path, broker: Mosquitto, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with whole_store(data, broker, authority, free_port()) as (gateway, headoffice):
        kiosk = KioskClient("till-1", broker.port, authority.issue("till-1"))
        await welcomed(kiosk)
        intent = await looked(kiosk, 1)
        await asyncio.to_thread(kiosk.say, Confirm(intent=intent))
        first = await asyncio.to_thread(kiosk.hear, Answer)
        end_otherwise(headoffice)
        # Its answer was lost, or its journal was put back to before it.
        await asyncio.to_thread(kiosk.say, Resolve(intent=intent, reason="restarted"))
        said = await asyncio.to_thread(kiosk.hear, Answer)
        await asyncio.to_thread(kiosk.say, Settled(rid=rid(1), handed_over=False))
        await soon(lambda: bool(headoffice.differing) and bool(headoffice.settled))
        on_console = await gateway.call("GET", "/api/open")
        books = await gateway.call("GET", "/api/books")
        kiosk.close()

    assert isinstance(first, Answer)
    assert isinstance(said, Answer)
    assert first.verdict is Verdict.REDEEMED
    assert (said.rid, said.verdict, said.final, said.detail.case) == (rid(1), Verdict.FAULT, True, "0000")
    assert [row["rid"] for row in on_console["awaiting"]] == [rid(1)]
    assert [row["verdict"] for row in books["rows"]] == ["redeemed"], "its record stays as it was told first"
    (told,) = headoffice.differing
    assert [(one.rid, one.what, one.gateway, one.headoffice) for one in told.differing] == [
        (rid(1), What.OTHER_END, Verdict.REDEEMED, Verdict.ABORTED)
    ]


@pytest.mark.rule(9)
async def test_rule_9_so_is_a_till_however_often_it_asks(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with served(data, authority, free_port()) as page:
        page.headoffice.add(CODE)
        body = await offered(page)
        await redeem(page, 1, body)
        end_otherwise(page.headoffice)
        told = [await resolve(page, 1, body) for _ in range(2)]

    for status, said in told:
        assert (status, said["final"], said["verdict"], said["detail"]["case"]) == (200, True, "fault", "0000")
        assert "ask the manager" in said["detail"]["reason"]
