"""The client to the head office over real HTTPS: silence is silence, and nothing is asked twice behind our back."""

from __future__ import annotations

import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from protocol.messages import Answer, Intent
from protocol.upstream import AskLook, AskRedeem, Looked
from protocol.vocabulary import Verdict
from tests.fakes.minimal_headoffice import MinimalHeadOffice
from tests.gateway.certificates import Authority
from tests.gateway.shop import rid, stores_listed, upstream_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import pytest

    from gateway.upstream import Upstream

LOOK = AskLook(requester="till-1", store="nanjing-lu", code="4006")
REDEEM = AskRedeem(requester="till-1", store="nanjing-lu", intent=Intent(rid=rid(1), code="4006"), terms=7)


@asynccontextmanager
async def connected(authority: Authority, timeout_s: float = 5.0) -> AsyncIterator[tuple[Upstream, MinimalHeadOffice]]:
    """Connect a client to a minimal head office."""
    headoffice = MinimalHeadOffice(stores=stores_listed())
    headoffice.add("4006")
    await headoffice.start(authority.issue("headoffice").server_context())
    upstream = upstream_to(headoffice.url, authority, timeout_s)
    upstream.start()
    try:
        yield upstream, headoffice
    finally:
        await upstream.close()
        await upstream.close()
        await headoffice.close()


async def test_it_shows_its_certificate_and_reads_the_answer(authority: Authority) -> None:
    async with connected(authority) as (upstream, headoffice):
        looked = await upstream.ask(LOOK)
        answered = await upstream.ask(REDEEM)
        roster = await upstream.fetch_roster()

    assert isinstance(looked, Looked)
    assert isinstance(answered, Answer)
    assert (looked.verdict, answered.verdict) == (Verdict.REDEEMABLE, Verdict.REDEEMED)
    assert headoffice.peers == {"gw-1"}
    assert roster is not None
    assert [store.id for store in roster.stores] == ["nanjing-lu", "pudong", "hongqiao"]
    assert upstream.reachable


async def test_a_redemption_on_a_connection_that_dies_is_sent_once_and_nothing_is_known(authority: Authority) -> None:
    async with connected(authority) as (upstream, headoffice):
        await upstream.ask(LOOK)
        headoffice.drops = 1
        answer = await upstream.ask(REDEEM)

    assert answer is None
    assert headoffice.kinds()["AskRedeem"] == 1


async def test_a_look_on_a_connection_that_dies_is_asked_again(authority: Authority) -> None:
    async with connected(authority) as (upstream, headoffice):
        await upstream.ask(LOOK)
        headoffice.drops = 1
        answer = await upstream.ask(LOOK)

    assert isinstance(answer, Looked)
    assert headoffice.kinds()["AskLook"] == 3


async def test_no_answer_in_time_is_nothing_known(authority: Authority) -> None:
    async with connected(authority, timeout_s=0.2) as (upstream, headoffice):
        headoffice.answering.clear()
        answer = await upstream.ask(REDEEM)

    assert answer is None
    assert upstream.reachable is False
    assert headoffice.kinds()["AskRedeem"] == 1


async def test_a_shorter_patience_is_kept(authority: Authority) -> None:
    async with connected(authority) as (upstream, headoffice):
        headoffice.answering.clear()
        assert await upstream.ask(REDEEM, timeout_s=0.1) is None


async def test_an_answer_that_is_no_message_is_nothing_known(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(authority) as (upstream, headoffice):
        headoffice.nonsense = b"<html>proxy error</html>"
        answer = await upstream.ask(REDEEM)

    assert answer is None
    assert "headoffice_answer_unreadable" in caplog.text


async def test_an_unregistered_gateway_is_told_what_to_do(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(authority) as (upstream, headoffice):
        headoffice.gateways = frozenset({"gw-2"})
        answer = await upstream.ask(REDEEM)
        roster = await upstream.fetch_roster()

    assert (answer, roster) == (None, None)
    assert "register this gateway at the head office" in caplog.text


async def test_nobody_there_is_nothing_known(authority: Authority) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        upstream = upstream_to(f"https://127.0.0.1:{closed.getsockname()[1]}", authority)
        upstream.start()
        assert await upstream.ask(REDEEM) is None
        assert await upstream.fetch_roster() is None
        await upstream.close()
    assert await upstream.ask(REDEEM) is None


async def test_a_head_office_of_another_authority_is_not_believed(authority: Authority, tmp_path: Path) -> None:
    impostor = MinimalHeadOffice(stores=stores_listed())
    await impostor.start(Authority(tmp_path, "impostor").issue("headoffice").server_context())
    upstream = upstream_to(impostor.url, authority)
    upstream.start()
    answer = await upstream.ask(REDEEM)
    await upstream.close()
    await impostor.close()

    assert answer is None
    assert impostor.asked == []


async def test_a_redirection_is_not_followed(authority: Authority) -> None:
    elsewhere: list[str] = []

    async def redirect(_: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    async def caught(request: web.Request) -> web.Response:
        elsewhere.append(request.path)
        return web.Response()

    app = web.Application()
    app.router.add_post("/upstream/v1/ask", redirect)
    app.router.add_post("/elsewhere", caught)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=authority.issue("headoffice").server_context()).start()
    upstream = upstream_to(f"https://127.0.0.1:{runner.addresses[0][1]}", authority)
    upstream.start()
    answer = await upstream.ask(REDEEM)
    await upstream.close()
    await runner.cleanup()

    assert answer is None
    assert elsewhere == []
