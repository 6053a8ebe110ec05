"""A gateway that goes on under another name: what its own page and tills had begun comes to its end."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from gateway.changes import Changes
from gateway.journal import Journal
from gateway.standing import HEAD_OFFICE, Standing
from protocol.marks import NEVER, Mark, shown_in
from protocol.upstream import AskHello, AskRedeem, AskResolve
from protocol.vocabulary import Verdict
from tests.gateway.shop import SIGNET, rid
from tests.gateway.test_process import CODE, GatewayProcess, whole_store
from tests.simulator.waiting import soon

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.gateway.broker import Mosquitto
    from tests.gateway.certificates import Authority

STORE = "nanjing-lu"


async def post(gateway: GatewayProcess, path: str, body: dict[str, Any], patience_s: float, **headers: str) -> Any:
    """Ask as a till does; None where nothing was said in time."""
    sent = {"Authorization": f"Bearer {gateway.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
    timeout = aiohttp.ClientTimeout(total=patience_s)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.post(gateway.url + path, json=body, headers=sent) as answer,
        ):
            return await answer.json()
    except TimeoutError:
        return None


@pytest.mark.rule(12)
async def test_rule_12_a_till_ends_at_the_new_gateway_what_it_began_at_the_one_before(
    data: Path, broker: Mosquitto, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with whole_store(data, broker, authority, free_port()) as (gateway, headoffice):
        offered = await post(gateway, "/api/look", {"store": STORE, "code": CODE}, 5)
        body = {"store": STORE, "code": CODE, "offer": offered["offer"]}
        headoffice.answering.clear()
        begun = await post(gateway, "/api/redemptions", body, 0.5, Idempotency_Key=rid(1))
        await headoffice.until_asked(AskRedeem)
        await asyncio.to_thread(gateway.end, signal.SIGKILL)

        # The machine is set up anew, under another name, with the disk of the one before.
        bundle = authority.issue("gw-2")
        files = {"certificate": bundle.certificate, "key": bundle.key}
        for section in ("broker", "headoffice"):
            gateway.values[section] |= files
        headoffice.gateways = frozenset({"gw-2"})
        again = GatewayProcess(data.parent, gateway.values)
        await asyncio.to_thread(again.start)
        try:
            await headoffice.until_asked(AskResolve)
            still_open = await again.call("GET", "/api/open")
            headoffice.answering.set()
            await soon(lambda: rid(1) in headoffice.known)
            said = await post(again, f"/api/redemptions/{rid(1)}/resolve", body, 20)
            done = await again.call("GET", "/api/open")
            status = await again.call("GET", "/api/status")
        finally:
            await asyncio.to_thread(again.end, signal.SIGKILL)

    assert (begun, status["identity"]) == (None, "gw-2")
    assert [row["rid"] for row in still_open["open"]] == [rid(1)]
    assert (said["rid"], said["final"]) == (rid(1), True), said
    assert said["verdict"] == headoffice.known[rid(1)].answer.verdict
    assert said["verdict"] in {Verdict.REDEEMED, Verdict.ABORTED}
    assert done["open"] == []
    asked = {ask.requester for ask in headoffice.asked if isinstance(ask, AskRedeem | AskResolve)}
    assert asked == {"gw-1"}, "it is the same requester to the head office"


@pytest.mark.rule(11)
async def test_rule_11_a_head_office_is_shown_no_mark_that_counts_the_rids_of_another_name(data: Path) -> None:
    """Its books count rids by gateway: it would take those of the name before for the new one's, and stop."""
    shown = []
    for identity, heard in (("gw-1", Mark(1, 5)), ("gw-1", None), ("gw-2", Mark(1, 2)), ("gw-2", None), ("gw-1", None)):
        journal = Journal(data / "journal.db")
        journal.start()
        journal.name(identity, counted_by=HEAD_OFFICE)
        standing = Standing(identity, journal, Changes(), SIGNET)
        shown.append(shown_in(standing.stamped(HEAD_OFFICE, AskHello())))
        assert standing.is_own("gw-1")
        assert standing.is_own("gw-2") is ("gw-2" in journal.names)
        assert not standing.is_own("till-1")
        if heard is not None:
            journal.heard(HEAD_OFFICE, heard)
        journal.settle(rid(9), handed_over=True)
        await journal.close()
    assert shown == [NEVER, Mark(1, 5), NEVER, Mark(1, 2), NEVER]
