"""What may be sent to: nothing inside, unless the operator says so, whatever a name stands for."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from headoffice.errors import RefusedError
from headoffice.outbox import sender as sending
from headoffice.outbox.addresses import Reach
from headoffice.outbox.sender import LARGEST_ANSWER, Reply, Sender, Unanswered
from tests.headoffice.outbox.conftest import LOOPBACK
from tests.headoffice.outbox.receiver import receiving, served

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.headoffice.counter import Counter

INSIDE = (
    "https://127.0.0.1/",
    "https://10.1.2.3/",
    "https://192.168.0.10:8443/hook",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/",
    "https://[::ffff:10.1.2.3]/",
    "https://[2002:0a01:0203::1]/",
    "https://[fd00::1]/",
    "https://0.0.0.0/",
    "https://224.0.0.1/",
)
NO_ADDRESS = (
    "http://erp.example/",
    "ftp://erp.example/",
    "https://",
    "https://user:secret@erp.example/",
    "https://erp.example/#part",
    "https://erp.example:port/",
    "https://[::1",
    "erp.example",
)


@pytest.mark.parametrize("url", [*INSIDE, *NO_ADDRESS])
def test_it_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(RefusedError, match="url: "):
        Reach().check(url)


def test_networks_that_the_operator_names_may_be_sent_to_and_plain_http_only_on_loopback() -> None:
    reach = Reach((ip_network("10.0.0.0/8"), ip_network("127.0.0.0/8")))
    for url in ("https://10.1.2.3/", "https://[::ffff:10.1.2.3]/", "http://127.0.0.1:8700/", "https://erp.example/"):
        reach.check(url)
    for url in ("http://10.1.2.3/", "https://192.168.0.10/"):
        with pytest.raises(RefusedError):
            reach.check(url)


def test_the_api_takes_no_such_webhook(counter: Counter) -> None:
    for wanted in (
        {"url": "https://10.1.2.3/", "events": ["*"]},
        {"url": "https://erp.example/", "events": ["voucher.eaten"]},
        {"url": "https://erp.example/", "events": []},
        {"url": "https://erp.example/", "events": ["*"], "secret": "short"},
    ):
        assert counter.api.post("/api/v1/webhooks", wanted).status_code == 422
    assert counter.api.get("/api/v1/webhooks").json() == []


async def _with_sender(reach: Reach, work: Callable[[Sender], Awaitable[None]]) -> None:
    sender = Sender(reach)
    await sender.start()
    try:
        await work(sender)
    finally:
        await sender.close()


def test_a_name_that_stands_for_an_address_inside_is_not_connected_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(0.2)
        url = f"https://localhost:{door.getsockname()[1]}/"

        async def work(sender: Sender) -> None:
            Reach().check(url)
            assert isinstance(await sender.post(url, b"{}", {}), Unanswered)

        asyncio.run(_with_sender(Reach(), work))
        with pytest.raises(TimeoutError):
            door.accept()


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async def work(sender: Sender) -> None:
        with served(receiving()) as receiver:
            receiver.answer = lambda *_: web.Response(status=307, headers={"location": f"{receiver.url}/elsewhere"})
            assert await sender.post(receiver.url, b"{}", {}) == Reply(307, b"")
            assert len(receiver.bodies) == 1

    asyncio.run(_with_sender(LOOPBACK, work))


def test_of_a_large_answer_only_the_beginning_is_read() -> None:
    async def work(sender: Sender) -> None:
        with served(receiving()) as receiver:
            receiver.answer = lambda *_: web.Response(body=b"x" * (LARGEST_ANSWER * 4))
            answer = await sender.post(receiver.url, b"{}", {})
            assert isinstance(answer, Reply)
            assert len(answer.body) == LARGEST_ANSWER

    asyncio.run(_with_sender(LOOPBACK, work))


def test_a_receiver_that_takes_the_call_and_says_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "ANSWER_S", 0.3)

    async def work(sender: Sender) -> None:
        with socket.create_server(("127.0.0.1", 0)) as door:
            answer = await sender.post(f"http://127.0.0.1:{door.getsockname()[1]}/", b"{}", {})
        assert isinstance(answer, Unanswered)
        assert "no answer" in answer.why

    asyncio.run(_with_sender(LOOPBACK, work))


def test_a_receiver_that_speaks_no_tls_where_it_should_is_sent_nothing() -> None:
    async def work(sender: Sender) -> None:
        with served(receiving()) as receiver:
            answer = await sender.post(receiver.url.replace("http:", "https:"), b"{}", {})
            assert isinstance(answer, Unanswered)
            assert receiver.bodies == []

    asyncio.run(_with_sender(LOOPBACK, work))
