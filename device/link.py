"""The kiosk's end of MQTT: messages out, verdicts in. paho is used here and nowhere else in this room.

MQTT is a lossy datagram link with good presence: no guarantee rests on it, requesters repeat. One thread of our own
owns the connection: it connects with the certificate as it lies on disk at that moment, serves until the connection is
lost, waits a random while and begins again with a new client, so that nothing of an old session is sent late. What must
not happen is that this thread dies unseen: whatever ends it is reported.
"""

from __future__ import annotations

import logging
import os
import random
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from device.counter.events import Heard, LinkDown, LinkUp
from protocol import codec
from protocol.messages import Confirm, Notice, Presence, Resolve, Settled
from protocol.topics import PRESENCE, REQUEST, VERDICT
from protocol.vocabulary import Verdict
from service.tcp import make_prompt

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from paho.mqtt.client import SocketLike

    from protocol.messages import KioskMessage

log = logging.getLogger(__name__)

KEEPALIVE_S = 15
#: For how long connecting is tried: the kernel asks at once and after one second, and then only after three.
CONNECT_S = 2.5
#: How long a goodbye may take; a thread that a dead network holds is left behind, for the process to end.
CLOSE_S = 2.0
#: Longest sleep of the link's thread while nothing comes or goes; paho looks after its keep-alive at each turn.
TURN_S = 5.0
#: The pause before another try to connect is drawn between nothing and a bound that doubles from the first to the last:
#: after a power cut a street full of kiosks must not call in step. The last is short, for an answer has to be there
#: within seconds of the network's return.
FIRST_PAUSE_S, LAST_PAUSE_S = 0.5, 2.0
#: Messages that may wait inside paho while the network stalls; beyond that they are dropped, and repeated later.
MOST_QUEUED = 64
SESSION_BYTES = 8
#: "Not authorized" in a PUBACK (MQTT 5, table 3-4).
NOT_AUTHORISED = 0x87
#: The goodbye at which the broker publishes the will, the one and only word on a session's end.
_WITH_WILL = ReasonCode(PacketTypes.DISCONNECT, "Disconnect with will message")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """Where the broker is, and by what this kiosk and the broker know each other."""

    identity: str
    host: str
    port: int
    certificate: Path
    key: Path
    authority: Path


class Link:
    """The connection to the broker, kept up until it is closed.

    ``post`` gets LinkUp, LinkDown and Heard, ``on_death`` what ended the link's thread; both are called from that
    thread and must not block. ``stamped`` gives each message its marks of the journals.
    """

    def __init__(
        self,
        settings: LinkSettings,
        *,
        post: Callable[[LinkUp | LinkDown | Heard], None],
        on_death: Callable[[BaseException], None],
        stamped: Callable[[KioskMessage], KioskMessage],
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._settings = settings
        self._post = post
        self._on_death = on_death
        self._stamped = stamped
        self._draw = draw
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._client: mqtt.Client | None = None
        """The client of a connection on which messages may be sent; None while there is none."""

    def start(self) -> None:
        """Begin to connect; a broker that is not there is no error, now or later."""
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)
        self._thread.start()

    def send(self, message: KioskMessage) -> None:
        """Send a message if there is a connection, else drop it; never wait."""
        client = self._client
        if client is None:
            return
        payload = codec.encode(self._stamped(message))
        topic = REQUEST.of(self._settings.identity)
        sent = client.publish(topic, payload, REQUEST.qos, REQUEST.retain, _correlated(message))
        if sent.rc not in {MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN}:
            log.info("message_dropped kind=%s reason=%s", type(message).__name__, sent.rc.name)

    def close(self) -> None:
        """Say goodbye, so that presence shows it, and end the thread."""
        self._closing.set()
        client = self._client
        if client is not None:
            client.disconnect(_WITH_WILL)
        if self._thread is not None:
            self._thread.join(CLOSE_S)

    def _run(self) -> None:
        bound_s, told = FIRST_PAUSE_S, ""
        try:
            while not self._closing.is_set():
                try:
                    self._serve_one_connection()
                    bound_s, told = FIRST_PAUSE_S, ""
                except OSError as error:  # TLS errors are OSErrors too
                    if str(error) != told:  # said once, not at every try of a long night
                        told = str(error)
                        log.warning(
                            "link_failed host=%s port=%s error=%s", self._settings.host, self._settings.port, told
                        )
                self._closing.wait(self._draw(0.0, bound_s))
                bound_s = min(2 * bound_s, LAST_PAUSE_S)
        except Exception as error:  # the thread's guard: a dead thread ends the process
            log.exception("link_died")
            self._on_death(error)

    def _serve_one_connection(self) -> None:
        """Connect, and serve until the connection ends; raise OSError where messages could never be exchanged."""
        client = self._new_client(os.urandom(SESSION_BYTES).hex())
        client.connect(self._settings.host, self._settings.port, KEEPALIVE_S, clean_start=True)
        try:
            while (state := client.loop(TURN_S)) is MQTTErrorCode.MQTT_ERR_SUCCESS:
                if self._closing.is_set():
                    client.disconnect(_WITH_WILL)  # said again where close came before there was a client to say it
        finally:
            was_up, self._client = self._client is not None, None
        if was_up:
            log.info("link_down reason=%s", state.name)
            self._post(LinkDown())
        elif not self._closing.is_set():
            # With TLS 1.3 a certificate that is not accepted shows only now.
            msg = f"the broker ended the connection ({state.name}); it may not accept this kiosk's certificate"
            raise ConnectionError(msg)

    def _new_client(self, session: str) -> mqtt.Client:
        settings = self._settings
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=settings.identity,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        client.tls_set_context(_tls_context(settings))
        client.connect_timeout = CONNECT_S
        client.max_queued_messages_set(MOST_QUEUED)
        death = codec.encode(Presence(online=False, session=session))
        client.will_set(PRESENCE.of(settings.identity), death, PRESENCE.qos, PRESENCE.retain)
        client.on_socket_open = _opened
        client.on_socket_register_write = _leave_writing_to_the_loop
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._received
        client.on_publish = self._published
        client.user_data_set(session)
        return client

    def _connected(
        self, client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            log.warning("link_refused reason=%s", reason)
            client.disconnect()
            return
        client.subscribe(VERDICT.of(self._settings.identity), VERDICT.qos)

    def _subscribed(
        self, client: mqtt.Client, session: str, _id: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            log.warning("link_not_subscribed reasons=%s", [str(reason) for reason in reasons])
            client.disconnect()
            return
        birth = codec.encode(Presence(online=True, session=session))
        client.publish(PRESENCE.of(self._settings.identity), birth, PRESENCE.qos, PRESENCE.retain)
        self._client = client
        log.info("link_up host=%s session=%s", self._settings.host, session)
        self._post(LinkUp())

    def _published(
        self, _client: mqtt.Client, _data: object, _id: int, reason: ReasonCode, _properties: object
    ) -> None:
        """Hear how the broker took a message: one that denies this kiosk its own topic has been told to.

        The gateway never sees the messages of such a kiosk, so it cannot say so itself.
        """
        if reason.value == NOT_AUTHORISED:
            self._post(Heard(Notice(verdict=Verdict.DEVICE_REVOKED)))

    def _received(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.retain:
            log.warning("message_dropped topic=%s reason=a verdict is never retained", message.topic)
            return
        try:
            heard = codec.from_gateway(bytes(message.payload))
        except codec.MessageError as error:
            log.warning("message_dropped topic=%s bytes=%s reason=%s", message.topic, len(message.payload), error)
            return
        self._post(Heard(heard))


def _tls_context(settings: LinkSettings) -> ssl.SSLContext:
    """Return a context that takes only our own authority's word for the broker, and shows it our certificate."""
    context = ssl.create_default_context(cafile=str(settings.authority))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(str(settings.certificate), str(settings.key))
    return context


def _correlated(message: KioskMessage) -> Properties | None:
    """Return the rid as MQTT's correlation data, for whoever reads along; the answer's topic follows from who asks."""
    match message:
        case Confirm(intent=intent) | Resolve(intent=intent):
            rid = intent.rid
        case Settled(rid=rid):
            pass
        case _:
            return None
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.CorrelationData = bytes.fromhex(rid)
    return properties


def _opened(_client: mqtt.Client, _data: object, connection: SocketLike) -> None:
    if isinstance(connection, socket.socket):
        with suppress(OSError):  # already closed: the loop will see that
            make_prompt(connection)


def _leave_writing_to_the_loop(_client: mqtt.Client, _data: object, _connection: object) -> None:
    """Keep paho from writing in whichever thread publishes: while this is set it wakes the loop instead."""
