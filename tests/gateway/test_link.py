"""The gateway's link against a real Mosquitto with TLS: what comes in, what goes out, what happens when it breaks."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from gateway.config import Broker
from gateway.errors import IdentityError
from gateway.link import Link
from protocol import codec
from protocol.messages import Hello, Notice, Presence
from protocol.topics import REQUEST
from protocol.vocabulary import Verdict
from simulator.links import Link as Cable
from tests.gateway.broker import KioskClient
from tests.gateway.certificates import Authority

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.gateway.broker import Mosquitto

WAIT_S = 20.0


class Desk:
    """Keeps what the link brings, and lets a test wait for it."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str, bytes]] = []
        self.link: Link | None = None
        self._more = asyncio.Event()

    def take(self, identity: str, topic: str, payload: bytes) -> None:
        self.messages.append((identity, topic, payload))
        self._more.set()

    def changed(self) -> None:
        self._more.set()

    async def until(self, found: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not found():
                self._more.clear()
                await self._more.wait()


def settings(authority: Authority, port: int) -> Broker:
    """Return the section of the configuration."""
    bundle = authority.issue("gw-1")
    return Broker(
        host="127.0.0.1", port=port, certificate=bundle.certificate, key=bundle.key, authority=bundle.authority
    )


@asynccontextmanager
async def linked(authority: Authority, port: int) -> AsyncIterator[tuple[Link, Desk]]:
    """Open a link; it may not be connected yet."""
    desk = Desk()
    link = Link("gw-1", settings(authority, port), desk.take, desk.changed)
    link.start()
    work = asyncio.create_task(link.run())
    try:
        yield link, desk
        assert not work.done()
    finally:
        await link.close()
        await link.close()
        work.cancel()
        await asyncio.wait([work])


async def test_a_kiosks_message_comes_in_and_its_answer_goes_to_it_alone(
    broker: Mosquitto, authority: Authority
) -> None:
    async with linked(authority, broker.port) as (link, desk):
        await desk.until(lambda: link.connected)
        kiosk = KioskClient("till-1", broker.port, authority.issue("till-1"))
        other = KioskClient("till-2", broker.port, authority.issue("till-2"))
        kiosk.say(Hello(boot="b-1"))
        await desk.until(lambda: any(topic == "request" for _, topic, _ in desk.messages))
        link.send("till-1", Notice(verdict=Verdict.FAULT, hint="for till-1"))
        heard = await asyncio.to_thread(kiosk.hear)
        kiosk.close()
        other.close()

    assert [(i, codec.from_kiosk(p)) for i, t, p in desk.messages if t == "request"] == [("till-1", Hello(boot="b-1"))]
    assert isinstance(heard, Notice)
    assert heard.hint == "for till-1"
    assert other.heard.empty()


async def test_births_and_deaths_come_in_also_those_of_before(broker: Mosquitto, authority: Authority) -> None:
    kiosk = KioskClient("till-1", broker.port, authority.issue("till-1"), session="s-7")
    async with linked(authority, broker.port) as (_, desk):
        await desk.until(lambda: len(desk.messages) == 1)
        kiosk.vanish()
        await desk.until(lambda: len(desk.messages) == 2)

    assert [(i, t, codec.presence(p)) for i, t, p in desk.messages] == [
        ("till-1", "presence", Presence(online=True, session="s-7")),
        ("till-1", "presence", Presence(online=False, session="s-7")),
    ]


async def test_a_retained_request_is_ignored(broker: Mosquitto, authority: Authority) -> None:
    kiosk = KioskClient("till-1", broker.port, authority.issue("till-1"))
    kiosk.publish(REQUEST.of("till-1"), codec.encode(Hello(boot="planted")), retain=True)
    async with linked(authority, broker.port) as (link, desk):
        await desk.until(lambda: link.connected)
        kiosk.say(Hello(boot="real"))
        await desk.until(lambda: any(topic == "request" for _, topic, _ in desk.messages))
        kiosk.close()

    assert [codec.from_kiosk(p) for _, t, p in desk.messages if t == "request"] == [Hello(boot="real")]


async def test_bytes_that_are_no_text_reach_the_desk_and_the_link_lives_on(
    broker: Mosquitto, authority: Authority
) -> None:
    async with linked(authority, broker.port) as (link, desk):
        await desk.until(lambda: link.connected)
        kiosk = KioskClient("till-1", broker.port, authority.issue("till-1"))
        kiosk.publish(REQUEST.of("till-1"), b"\xff\xfe\x00")
        kiosk.publish(REQUEST.of("till-1"), b"")
        kiosk.say(Hello(boot="b-1"))
        await desk.until(lambda: sum(topic == "request" for _, topic, _ in desk.messages) == 3)
        kiosk.close()


async def test_it_comes_back_after_the_broker_was_killed(broker: Mosquitto, authority: Authority) -> None:
    async with linked(authority, broker.port) as (link, desk):
        await desk.until(lambda: link.connected)
        broker.kill()
        await desk.until(lambda: not link.connected)
        link.send("till-1", Notice(verdict=Verdict.FAULT, hint="lost"))
        broker.start()
        await desk.until(lambda: link.connected)
        kiosk = KioskClient("till-1", broker.port, authority.issue("till-1"))
        kiosk.say(Hello(boot="after"))
        await desk.until(lambda: any(topic == "request" for _, topic, _ in desk.messages))
        link.send("till-1", Notice(verdict=Verdict.FAULT, hint="after"))
        heard = await asyncio.to_thread(kiosk.hear)
        kiosk.close()

    assert isinstance(heard, Notice)
    assert heard.hint == "after"


async def test_it_connects_once_a_broker_is_there(broker: Mosquitto, authority: Authority) -> None:
    broker.kill()
    async with linked(authority, broker.port) as (link, desk):
        assert not link.connected
        broker.start()
        await desk.until(lambda: link.connected)


async def test_a_network_that_loses_everything_is_noticed_and_its_return_too(
    broker: Mosquitto, authority: Authority, free_port: Callable[[], int]
) -> None:
    cable = Cable("gateway-broker", free_port(), ("127.0.0.1", broker.port))
    await cable.start()
    async with linked(authority, cable.port) as (link, desk):
        await desk.until(lambda: link.connected)
        await cable.drop()
        await desk.until(lambda: not link.connected)  # though it had nothing to say
        await cable.restore()
        await desk.until(lambda: link.connected)
    await cable.close()


async def test_the_socket_sends_without_delay(broker: Mosquitto, authority: Authority) -> None:
    async with linked(authority, broker.port) as (link, desk):
        await desk.until(lambda: link.connected)
        assert link._client is not None
        connection = link._client.socket()
        assert isinstance(connection, socket.socket)
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


async def test_a_message_that_cannot_be_handled_takes_nothing_else_down(
    broker: Mosquitto, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with linked(authority, broker.port) as (link, desk):
        await desk.until(lambda: link.connected)
        take = desk.take

        def fail_once(identity: str, topic: str, payload: bytes) -> None:
            monkeypatch.setattr(link, "_on_message", take)
            msg = "broken"
            raise RuntimeError(msg)

        kiosk = KioskClient("till-1", broker.port, authority.issue("till-1"))
        await desk.until(lambda: len(desk.messages) == 1)
        monkeypatch.setattr(link, "_on_message", fail_once)
        kiosk.say(Hello(boot="fails"))
        kiosk.say(Hello(boot="works"))
        await desk.until(lambda: len(desk.messages) == 2)
        kiosk.close()

    assert codec.from_kiosk(desk.messages[1][2]) == Hello(boot="works")


async def test_more_verdicts_than_a_socket_takes_at_once_all_arrive_in_order(
    broker: Mosquitto, authority: Authority
) -> None:
    async with linked(authority, broker.port) as (link, desk):
        await desk.until(lambda: link.connected)
        kiosk = KioskClient("till-1", broker.port, authority.issue("till-1"))
        for number in range(800):
            link.send("till-1", Notice(verdict=Verdict.FAULT, look=number, hint="x" * 390))
        heard = [await asyncio.to_thread(kiosk.hear, Notice) for _ in range(800)]
        kiosk.close()

    assert [message.look for message in heard if isinstance(message, Notice)] == list(range(800))


async def test_what_the_socket_does_not_take_is_sent_when_it_does(broker: Mosquitto, authority: Authority) -> None:
    async with linked(authority, broker.port) as (link, desk):
        await desk.until(lambda: link.connected)
        kiosk = KioskClient("till-1", broker.port, authority.issue("till-1"))
        sizes = kiosk.only_sizes()
        broker.pause()
        for _ in range(5):
            link.send("till-1", Notice(verdict=Verdict.FAULT, hint="x" * 3_000_000))
        waited = link._writing
        broker.go_on()
        heard = [await asyncio.to_thread(sizes.get, timeout=WAIT_S) for _ in range(5)]
        kiosk.close()

    assert waited
    assert min(heard) > 3_000_000


async def test_a_gateway_that_the_broker_does_not_know_says_so_and_tries_again(
    broker: Mosquitto, authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    strangers = Authority(tmp_path, "strangers").issue("gw-1")
    files = {"certificate": strangers.certificate, "key": strangers.key, "authority": authority.issue("gw-1").authority}
    desk = Desk()
    link = Link("gw-1", Broker(host="127.0.0.1", port=broker.port, **files), desk.take, desk.changed)
    link.start()
    work = asyncio.create_task(link.run())
    async with asyncio.timeout(WAIT_S):
        while caplog.text.count("broker_lost connected=False") < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await link.close()
    work.cancel()

    assert not link.connected


async def test_a_certificate_that_is_missing_is_named(authority: Authority) -> None:
    desk = Desk()
    broken = Broker(host="127.0.0.1", port=1, certificate="/none.pem", key="/none.key", authority="/none.ca")
    link = Link("gw-1", broken, desk.take, desk.changed)
    with pytest.raises(IdentityError, match=r"none\.pem"):
        link.start()
    await link.close()
