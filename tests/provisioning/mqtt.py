"""A client of the real broker whose every answer can be waited for, and the broker that it speaks to."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from provisioning.certificates import certificate_pem, key_pem, new_key

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from provisioning.authority import Authority
    from provisioning.broker import Broker

NOT_AUTHORIZED = 135
BOUND_S = 30.0


def wait_until(condition: Callable[[], bool], bound_s: float = BOUND_S) -> None:
    """Wait until a condition holds; fail where it does not in time."""
    end = time.monotonic() + bound_s
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def certify_kiosk(authority: Authority, identity: str, folder: Path) -> None:
    """Put a kiosk's key and certificate into a folder, without a registry."""
    key = new_key()
    folder.mkdir(exist_ok=True)
    (folder / "key.pem").write_bytes(key_pem(key))
    (folder / "cert.pem").write_bytes(certificate_pem(authority.issue_device(key.public_key(), identity)))
    (folder / "ca.pem").write_bytes(authority.pem)


class RunningBroker:
    """The broker under test, and the folders of those who may speak to it."""

    def __init__(self, broker: Broker, port: int, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.broker = broker
        self.port = port
        self.process = process
        self._folder = folder
        self._clients: list[Client] = []

    def is_up(self) -> bool:
        with socket.socket() as door:
            return door.connect_ex(("127.0.0.1", self.port)) == 0

    def tls(self, identity: str | None) -> ssl.SSLContext:
        """Return the TLS side of whoever has this folder; None: of somebody without a certificate."""
        context = ssl.create_default_context(cafile=str(self.broker.authority))
        if identity is not None:
            context.load_cert_chain(self._folder / identity / "cert.pem", self._folder / identity / "key.pem")
        return context

    def certificate(self, identity: str) -> bytes:
        """Return the certificate (DER) that the broker shows now."""
        with (
            socket.create_connection(("127.0.0.1", self.port)) as door,
            self.tls(identity).wrap_socket(door, server_hostname="127.0.0.1") as shown,
        ):
            return shown.getpeercert(binary_form=True) or b""

    def connect(self, identity: str | None, **options: Any) -> Client:
        """Return a client after its first CONNECT was answered or its connection lost."""
        client = Client(self.tls(identity), **{"client_id": identity or "nobody", **options})
        self._clients.append(client)
        return client.open(self.port)

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self.process.terminate()
        self.process.wait(BOUND_S)


class Client:
    """One MQTT 5 client; it does not connect again by itself."""

    def __init__(self, tls: ssl.SSLContext, *, client_id: str, will: str | None = None) -> None:
        self.connected: int | None = None
        """The reason code of CONNACK."""
        self.lost = False
        self.received: list[tuple[str, bytes]] = []
        self._answers: dict[int | None, int] = {}
        self._news = threading.Condition()
        self._mqtt = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5, reconnect_on_failure=False
        )
        self._mqtt.tls_set_context(tls)
        if will is not None:
            self._mqtt.will_set(will, b"dead", qos=1, retain=True)
        self._mqtt.on_connect = self._on_connect
        self._mqtt.on_disconnect = self._on_disconnect
        self._mqtt.on_publish = self._on_publish
        self._mqtt.on_subscribe = self._on_subscribe
        self._mqtt.on_message = self._on_message

    def open(self, port: int) -> Self:
        try:
            self._mqtt.connect("127.0.0.1", port)
        except OSError:
            self.lost = True
            return self
        self._mqtt.loop_start()
        self.wait(lambda: self.connected is not None or self.lost)
        return self

    @property
    def is_on(self) -> bool:
        return self.connected == 0 and not self.lost

    def publish(self, topic: str, payload: bytes = b"x", *, retain: bool = False) -> int | None:
        """Publish with QoS 1 and return PUBACK's reason: 0 for all that say yes; None where the connection was lost."""
        sent = self._mqtt.publish(topic, payload, qos=1, retain=retain)
        self.wait(lambda: sent.mid in self._answers or self.lost)
        return self._answers.get(sent.mid)

    def subscribe(self, topic: str) -> None:
        _, mid = self._mqtt.subscribe(topic, 1)
        self.wait(lambda: mid in self._answers)

    def drop(self) -> None:
        """Vanish without a DISCONNECT, as in a power cut: the broker publishes the will."""
        door = self._mqtt.socket()
        assert isinstance(door, socket.socket)
        door.shutdown(socket.SHUT_RDWR)
        self.wait(lambda: self.lost)

    def wait(self, condition: Callable[[], bool]) -> None:
        with self._news:
            assert self._news.wait_for(condition, BOUND_S), "the broker did not answer"

    def wait_for(self, topic: str, payload: bytes) -> None:
        self.wait(lambda: (topic, payload) in self.received)

    def close(self) -> None:
        self._mqtt.disconnect()
        self._mqtt.loop_stop()

    def _on_connect(self, _client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        with self._news:
            self.connected = reason.value
            self._news.notify_all()

    def _on_disconnect(self, *_: Any) -> None:
        with self._news:
            self.lost = True
            self._news.notify_all()

    def _on_publish(self, _client: mqtt.Client, _data: Any, mid: int, reason: Any, _properties: Any) -> None:
        with self._news:
            self._answers[mid] = reason.value if reason.is_failure else 0
            self._news.notify_all()

    def _on_subscribe(self, _client: mqtt.Client, _data: Any, mid: int, _reasons: Any, _properties: Any) -> None:
        with self._news:
            self._answers[mid] = 0
            self._news.notify_all()

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        with self._news:
            self.received.append((message.topic, bytes(message.payload)))
            self._news.notify_all()
