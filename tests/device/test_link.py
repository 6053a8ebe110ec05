"""The kiosk's link over a real Mosquitto with TLS and client certificates."""

from __future__ import annotations

import asyncio
import queue
import shutil
import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from device.counter.events import Heard, LinkDown, LinkUp
from device.link import FIRST_PAUSE_S, LAST_PAUSE_S, Link, LinkSettings
from protocol import codec
from protocol.marks import Mark, stamped
from protocol.messages import Answer, Confirm, Hello, Intent, Notice, Settled, Welcome
from protocol.topics import PRESENCE, REQUEST, VERDICT
from protocol.vocabulary import Verdict
from simulator.links import Link as Cable
from tests.device.certificates import Authority, Issued

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

    from protocol.messages import Presence

WAIT_S = 15.0
KIOSK = "till-1"
DENIED = "till-9"
WELCOME = Welcome(store="s", store_name="店", time="2026-05-01T12:00:00+08:00", gateway="gw-1", gateway_boot="g")
ThingT = TypeVar("ThingT")


class Broker:
    """A Mosquitto of our own: TLS, client certificates, each kiosk on its own topics."""

    def __init__(self, program: Path, folder: Path, port: int, server: Issued) -> None:
        self.port = port
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "acl").write_text(
            "user gw-1\ntopic readwrite hexiao/v1/#\n"
            "pattern write hexiao/v1/%u/request\npattern write hexiao/v1/%u/presence\n"
            "pattern read hexiao/v1/%u/verdict\n"
            f"user {DENIED}\ntopic deny hexiao/v1/{DENIED}/request\n"
        )
        (folder / "acl").chmod(0o600)
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"user root\nlistener {port} 127.0.0.1\nallow_anonymous false\npersistence false\nset_tcp_nodelay true\n"
            f"cafile {server.authority}\ncertfile {server.certificate}\nkeyfile {server.key}\n"
            "require_certificate true\nuse_identity_as_username true\nuse_username_as_clientid true\n"
            f"acl_file {folder / 'acl'}\nlog_type none\n"
        )

    def start(self) -> None:
        self._process = subprocess.Popen([self._program, "-c", self._config], stderr=subprocess.DEVNULL)
        until(self._listens)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _listens(self) -> bool:
        with socket.socket() as door:
            return door.connect_ex(("127.0.0.1", self.port)) == 0


class Gateway:
    """What a gateway sees of a kiosk, and what it can say to it."""

    def __init__(self, issued: Issued, port: int) -> None:
        self.requests: queue.SimpleQueue[mqtt.MQTTMessage] = queue.SimpleQueue()
        self.presence: queue.SimpleQueue[Presence] = queue.SimpleQueue()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="gw-1", protocol=MQTTProtocolVersion.MQTTv5)
        context = ssl.create_default_context(cafile=str(issued.authority))
        context.load_cert_chain(issued.certificate, issued.key)
        self._client.tls_set_context(context)
        self._client.on_message = self._received
        subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._client.subscribe([(REQUEST.of_all, 1), (PRESENCE.of_all, 1)])
        assert subscribed.wait(WAIT_S)

    def say(self, payload: bytes, *, retain: bool = False) -> None:
        self._client.publish(VERDICT.of(KIOSK), payload, 1, retain).wait_for_publish(WAIT_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _received(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.topic == REQUEST.of(KIOSK):
            self.requests.put(message)
        else:
            self.presence.put(codec.presence(bytes(message.payload)))


class Kiosk:
    """A link, and everything that it reported."""

    def __init__(
        self,
        issued: Issued,
        port: int,
        draw: Callable[[float, float], float] = lambda _low, _high: 0.05,
        identity: str = KIOSK,
    ) -> None:
        self.events: queue.SimpleQueue[LinkUp | LinkDown | Heard] = queue.SimpleQueue()
        self.deaths: queue.SimpleQueue[BaseException] = queue.SimpleQueue()
        self.settings = LinkSettings(
            identity=identity,
            host="127.0.0.1",
            port=port,
            certificate=issued.certificate,
            key=issued.key,
            authority=issued.authority,
        )
        self.link = Link(
            self.settings,
            post=self.events.put,
            on_death=self.deaths.put,
            stamped=lambda message: stamped(message, Mark(3, 41)),
            draw=draw,
        )

    def expect(self, kind: type[ThingT]) -> ThingT:
        event = self.events.get(timeout=WAIT_S)
        assert isinstance(event, kind)
        return event


@dataclass
class Radio:
    """A cable, in an event loop of its own."""

    link: Cable
    loop: asyncio.AbstractEventLoop

    def do(self, work: Coroutine[object, object, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(WAIT_S)


@contextmanager
def cable(port: int, target: int) -> Iterator[Radio]:
    """Lay a cable between this port and another one."""
    radio = Radio(Cable("kiosk-broker", port, ("127.0.0.1", target)), asyncio.new_event_loop())
    thread = threading.Thread(target=radio.loop.run_forever)
    thread.start()
    try:
        radio.do(radio.link.start())
        yield radio
        radio.do(radio.link.close())
    finally:
        radio.loop.call_soon_threadsafe(radio.loop.stop)
        thread.join()
        radio.loop.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def issued(authority: Authority) -> Issued:
    return authority.issue(KIOSK)


@pytest.fixture
def broker(
    authority: Authority, tmp_path: Path, mosquitto_program: Path, free_port: Callable[[], int]
) -> Iterator[Broker]:
    broker = Broker(mosquitto_program, tmp_path, free_port(), authority.issue("broker", server=True))
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def gateway(authority: Authority, broker: Broker) -> Iterator[Gateway]:
    gateway = Gateway(authority.issue("gw-1"), broker.port)
    yield gateway
    gateway.close()


@pytest.fixture
def kiosk(issued: Issued, broker: Broker) -> Iterator[Kiosk]:
    kiosk = Kiosk(issued, broker.port)
    yield kiosk
    kiosk.link.close()
    assert kiosk.deaths.empty()


def until(condition: Callable[[], object]) -> None:
    """Wait until something holds, for a bounded time."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def test_a_message_arrives_with_its_senders_stamp_and_the_rid_as_correlation(gateway: Gateway, kiosk: Kiosk) -> None:
    kiosk.link.start()
    kiosk.expect(LinkUp)
    intent = Intent(rid="ab" * 16, code="5561", offer="sealed")
    kiosk.link.send(Hello(boot="b"))
    kiosk.link.send(Confirm(intent=intent))
    kiosk.link.send(Settled(rid=intent.rid))
    hello, confirm, settled = (gateway.requests.get(timeout=WAIT_S) for _ in range(3))
    assert codec.from_kiosk(bytes(hello.payload)) == Hello(boot="b", gen=3, seq=41)
    assert codec.from_kiosk(bytes(confirm.payload)) == Confirm(intent=intent, gen=3, seq=41)
    assert [getattr(message.properties, "CorrelationData", None) for message in (hello, confirm, settled)] == [
        None,
        bytes.fromhex(intent.rid),
        bytes.fromhex(intent.rid),
    ]
    assert (confirm.qos, confirm.retain) == (1, False)


def test_what_the_gateway_says_is_heard_and_what_is_no_message_is_dropped(gateway: Gateway, kiosk: Kiosk) -> None:
    kiosk.link.start()
    kiosk.expect(LinkUp)
    answer = Answer(rid="ab" * 16, verdict=Verdict.REDEEMED, final=True)
    for payload in (
        b"no json",
        b'{"type":"unheard-of"}',
        b'{"type":"answer","rid":"short","verdict":"redeemed","final":true}',
        b'{"type":"answer","v":99}',
        b"\xff\xfe",
        b'{"type":"welcome","store":"' + b"x" * 20_000 + b'"}',
        b"",
    ):
        gateway.say(payload)
    gateway.say(codec.encode(answer))
    assert kiosk.expect(Heard).message == answer


def test_a_kiosk_that_the_broker_denies_its_own_topic_knows_that_it_is_revoked(
    authority: Authority, broker: Broker
) -> None:
    denied = Kiosk(authority.issue(DENIED), broker.port, identity=DENIED)
    denied.link.start()
    denied.expect(LinkUp)
    denied.link.send(Hello(boot="b"))
    assert denied.expect(Heard).message == Notice(verdict=Verdict.DEVICE_REVOKED)
    denied.link.close()


def test_a_retained_verdict_is_ignored(gateway: Gateway, kiosk: Kiosk) -> None:
    planted = Answer(rid="ab" * 16, verdict=Verdict.REDEEMED, final=True)
    gateway.say(codec.encode(planted), retain=True)
    kiosk.link.start()
    kiosk.expect(LinkUp)
    gateway.say(codec.encode(WELCOME))
    assert kiosk.expect(Heard).message == WELCOME


def test_presence_tells_birth_and_death_of_each_session(gateway: Gateway, kiosk: Kiosk) -> None:
    kiosk.link.start()
    kiosk.expect(LinkUp)
    said = [gateway.presence.get(timeout=WAIT_S)]
    connection = kiosk.link._client.socket() if kiosk.link._client is not None else None
    assert isinstance(connection, socket.socket)
    assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    connection.shutdown(socket.SHUT_RDWR)  # the network fails under it
    kiosk.expect(LinkDown)
    kiosk.expect(LinkUp)
    kiosk.link.close()
    said += [gateway.presence.get(timeout=WAIT_S) for _ in range(3)]
    assert [presence.online for presence in said] == [True, False, True, False]
    first, its_death, second, its_own_death = (presence.session for presence in said)
    assert first == its_death != second == its_own_death


def test_a_network_that_loses_everything_is_noticed_and_its_return_too(
    issued: Issued, broker: Broker, free_port: Callable[[], int]
) -> None:
    with cable(free_port(), broker.port) as radio:
        kiosk = Kiosk(issued, radio.link.port)
        kiosk.link.start()
        kiosk.expect(LinkUp)
        radio.do(radio.link.drop())
        kiosk.link.send(Hello(boot="b"))
        kiosk.expect(LinkDown)
        radio.do(radio.link.restore())
        kiosk.expect(LinkUp)
        kiosk.link.close()
        assert kiosk.deaths.empty()


def test_a_broker_that_is_not_there_is_no_error_and_nothing_is_sent_late(
    broker: Broker, kiosk: Kiosk, authority: Authority
) -> None:
    broker.kill()
    kiosk.link.start()
    kiosk.link.send(Hello(boot="lost"))
    broker.start()
    kiosk.expect(LinkUp)
    gateway = Gateway(authority.issue("gw-1"), broker.port)
    broker.kill()
    gateway.close()
    kiosk.expect(LinkDown)
    kiosk.link.send(Hello(boot="lost too"))
    broker.start()
    gateway = Gateway(authority.issue("gw-1"), broker.port)
    kiosk.expect(LinkUp)
    kiosk.link.send(Hello(boot="here"))
    message = codec.from_kiosk(bytes(gateway.requests.get(timeout=WAIT_S).payload))
    assert message == Hello(boot="here", gen=3, seq=41)
    gateway.close()


@pytest.fixture(params=["of another authority", "a kiosk of ours"])
def impostor(
    request: pytest.FixtureRequest,
    authority: Authority,
    tmp_path: Path,
    mosquitto_program: Path,
    free_port: Callable[[], int],
) -> Iterator[Broker]:
    """Start a broker that shows a certificate that is none of our broker's."""
    stranger = Authority(tmp_path, "Stranger")
    shown = authority.issue("till-9") if request.param == "a kiosk of ours" else stranger.issue("broker", server=True)
    broker = Broker(mosquitto_program, tmp_path, free_port(), shown)
    broker.start()
    yield broker
    broker.kill()


# paho leaves the socket of a handshake that failed to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
def test_a_broker_that_is_not_ours_is_not_talked_to(
    impostor: Broker, issued: Issued, caplog: pytest.LogCaptureFixture
) -> None:
    kiosk = Kiosk(issued, impostor.port)
    kiosk.link.start()
    until(lambda: "certificate verify failed" in caplog.text)
    kiosk.link.close()
    assert kiosk.events.empty()
    assert kiosk.deaths.empty()


def test_a_renewed_certificate_is_used_at_the_next_connection(
    broker: Broker, authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = Authority(tmp_path, "Old").issue(KIOSK, file="mine")
    mine = Issued(old.certificate, old.key, authority.certificate)
    kiosk = Kiosk(mine, broker.port)
    kiosk.link.start()
    until(lambda: "it may not accept this kiosk's certificate" in caplog.text)
    assert kiosk.events.empty()
    new = authority.issue(KIOSK, file="renewed")
    shutil.copy(new.key, mine.key)
    shutil.copy(new.certificate, mine.certificate)
    kiosk.expect(LinkUp)
    kiosk.link.close()
    assert kiosk.deaths.empty()


def test_pauses_are_drawn_from_nothing_to_a_bound_that_doubles(issued: Issued, free_port: Callable[[], int]) -> None:
    drawn: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        drawn.append((low, high))
        return 0.0

    kiosk = Kiosk(issued, free_port(), draw)
    kiosk.link.start()
    until(lambda: len(drawn) >= 6)
    kiosk.link.close()
    assert drawn[:5] == [(0.0, min(FIRST_PAUSE_S * 2**n, LAST_PAUSE_S)) for n in range(5)]


def test_a_link_whose_thread_ends_reports_its_death(broker: Broker, issued: Issued) -> None:
    kiosk = Kiosk(issued, broker.port)

    def broken(_event: LinkUp | LinkDown | Heard) -> None:
        raise RuntimeError("mailbox")  # noqa: EM101

    kiosk.link._post = broken
    kiosk.link.start()
    assert isinstance(kiosk.deaths.get(timeout=WAIT_S), RuntimeError)
    kiosk.link.close()


def test_closing_a_link_that_never_connected_or_never_started_is_quick(
    issued: Issued, free_port: Callable[[], int]
) -> None:
    kiosk = Kiosk(issued, free_port(), lambda _low, _high: 3600.0)
    kiosk.link.close()
    kiosk = Kiosk(issued, free_port(), lambda _low, _high: 3600.0)
    kiosk.link.start()
    kiosk.link.close()
    kiosk.link.close()
    assert kiosk.link._thread is not None
    assert not kiosk.link._thread.is_alive()
