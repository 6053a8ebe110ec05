"""The gateway's end of MQTT: requests and presence in, verdicts out. paho is used here and nowhere else.

paho's socket is watched by the event loop itself, so there is no second thread to hand messages over to, and none that
can die unseen (an exception in a callback ends paho's own thread while it still says that it is connected). Measured
with one kiosk against that thread: a fifth less processor time a redemption, and p95 of a look 1.4 instead of 3.5 ms,
because the two no longer wait for one another. Only connecting, which blocks, runs elsewhere. MQTT is a lossy datagram
link with good presence: no guarantee rests on it, kiosks ask again.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.subscribeoptions import SubscribeOptions

from gateway.tls import client_context
from protocol import codec
from protocol.topics import PRESENCE, REQUEST, VERDICT, identity_in
from service.tcp import make_prompt

if TYPE_CHECKING:
    from collections.abc import Callable

    from paho.mqtt.client import SocketLike
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

    from gateway.config import Broker
    from protocol.messages import GatewayMessage

log = logging.getLogger(__name__)

#: Verdicts that may wait for a broker that does not acknowledge; more are dropped, and asked for again.
OUTBOX = 4_000
KEEPALIVE_S = 15
#: For how long connecting is tried: the kernel asks at once and after one second, and then only after three.
CONNECT_S = 2.5
#: How often paho looks whether it must ping, and whether its ping was answered.
MISC_S = 1.0
#: The pause before another try to connect is drawn between nothing and a bound that doubles from the first to the last.
#: With a kiosk's own pause between repeats, an answer is there within five seconds of the network's return.
FIRST_PAUSE_S, LAST_PAUSE_S = 0.5, 1.5


class Link:
    """The connection to the broker, kept up by ``run`` until it is closed. Everything happens on the event loop."""

    def __init__(
        self,
        identity: str,
        broker: Broker,
        on_message: Callable[[str, str, bytes], None],
        on_connected: Callable[[], None],
    ) -> None:
        """Keep what is needed.

        ``on_message(identity, topic name, payload)`` takes what comes in, ``on_connected`` is called where
        ``connected`` has changed.
        """
        self._identity = identity
        self._broker = broker
        self._on_message = on_message
        self._on_connected = on_connected
        self._client: mqtt.Client | None = None
        self._lost = asyncio.Event()
        self._watched: int | None = None
        """The socket that the loop watches. While there is none, paho may be at work in the connecting thread."""
        self._writing = False
        self.connected = False
        """Whether requests come in: the broker has taken the subscriptions."""

    def start(self) -> None:
        """Make ready; raise IdentityError where the certificate cannot be used."""
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=self._identity, protocol=MQTTProtocolVersion.MQTTv5)
        client.tls_set_context(client_context(self._broker))
        client.connect_timeout = CONNECT_S
        client.max_queued_messages_set(OUTBOX)
        client.on_connect = self._greeted
        client.on_subscribe = self._subscribed
        client.on_disconnect = self._disconnected
        client.on_message = self._received
        client.on_socket_open = _opened
        client.on_socket_close = self._unwatched
        self._client = client

    async def run(self) -> None:
        """Keep the connection up; whatever ends this ends the process."""
        pause_s = FIRST_PAUSE_S
        while self._client is not None:
            if await self._connect(self._client):
                pause_s = FIRST_PAUSE_S
            await asyncio.sleep(random.uniform(0, pause_s))  # noqa: S311 - jitter, not a secret
            pause_s = min(pause_s * 2, LAST_PAUSE_S)

    def send(self, identity: str, message: GatewayMessage) -> None:
        """Send a message to one device's verdict topic; without a connection it is dropped, and asked for again."""
        if self._client is not None and self.connected:
            self._client.publish(VERDICT.of(identity), codec.encode(message), qos=VERDICT.qos)
            self._write_rest(self._client)

    async def close(self) -> None:
        """Say goodbye to the broker; safe to call twice."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()

    async def _connect(self, client: mqtt.Client) -> bool:
        """Connect and stay connected as long as it lasts; return whether requests came in at all."""
        self._lost.clear()
        host, port = self._broker.host, self._broker.port
        try:
            await asyncio.to_thread(client.connect, host, port, KEEPALIVE_S, clean_start=True)
        except (OSError, ValueError) as error:
            log.warning("broker_unreachable host=%s port=%s error=%s", host, port, error)
            return False
        connection, came_in = client.socket(), False
        if connection is None:
            return False
        self._watched = connection.fileno()
        asyncio.get_running_loop().add_reader(self._watched, self._read, client)
        while not self._lost.is_set():
            client.loop_misc()
            came_in = came_in or self.connected
            with suppress(TimeoutError):
                await asyncio.wait_for(self._lost.wait(), MISC_S)
        return came_in

    def _read(self, client: mqtt.Client) -> None:
        """Take in what has come; what TLS has decrypted already makes no socket readable, so it is asked for."""
        while client.loop_read() == MQTTErrorCode.MQTT_ERR_SUCCESS:
            connection = client.socket()
            if not isinstance(connection, ssl.SSLSocket) or not connection.pending():
                break
        if client.want_write():
            client.loop_write()
        self._write_rest(client)

    def _write(self, client: mqtt.Client) -> None:
        client.loop_write()
        self._write_rest(client)

    def _write_rest(self, client: mqtt.Client) -> None:
        """Have the loop say when the socket takes more, where it did not take all."""
        if self._watched is None or client.want_write() is self._writing:
            return
        self._writing = client.want_write()
        loop = asyncio.get_running_loop()
        if self._writing:
            loop.add_writer(self._watched, self._write, client)
        else:
            loop.remove_writer(self._watched)

    def _unwatched(self, _client: mqtt.Client, _data: object, _closing: SocketLike) -> None:
        """Let the loop forget a socket before it is closed."""
        if self._watched is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._watched)
            loop.remove_writer(self._watched)
            self._watched, self._writing = None, False

    def _greeted(
        self,
        client: mqtt.Client,
        _data: object,
        _flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            log.error("broker_refused reason=%s identity=%s", reason, self._identity)
            return
        client.subscribe([(topic.of_all, SubscribeOptions(qos=topic.qos)) for topic in (REQUEST, PRESENCE)])

    def _subscribed(
        self, _client: mqtt.Client, _data: object, _mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            log.error("broker_refused_subscription identity=%s do=check_the_access_list", self._identity)
            return
        log.info("broker_connected host=%s port=%s", self._broker.host, self._broker.port)
        self.connected = True
        self._on_connected()

    def _disconnected(
        self,
        _client: mqtt.Client,
        _data: object,
        _flags: mqtt.DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._lost.set()
        if self._client is not None:
            log.warning("broker_lost connected=%s reason=%s", self.connected, reason)
        if self.connected:
            self.connected = False
            self._on_connected()

    def _received(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        try:
            self._take(message.topic, bytes(message.payload), retained=message.retain)
        except Exception:  # one message must not take the connection down
            log.exception("message_failed bytes=%s", len(message.payload))

    def _take(self, topic: str, payload: bytes, *, retained: bool) -> None:
        identity, name = identity_in(topic), topic.rpartition("/")[2]
        if identity is None or name not in {REQUEST.name, PRESENCE.name}:
            return
        if retained and name != PRESENCE.name:
            log.warning("retained_message_ignored kiosk=%s topic=%s", identity, name)
            return
        self._on_message(identity, name, payload)


def _opened(_client: mqtt.Client, _data: object, connection: SocketLike) -> None:
    if isinstance(connection, socket.socket):
        make_prompt(connection, only_hears=True)
