"""A real Mosquitto with TLS, client certificates and the access list of production, on loopback."""

from __future__ import annotations

import getpass
import signal
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from protocol import codec
from protocol.messages import Presence
from protocol.topics import PRESENCE, REQUEST, VERDICT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from protocol.messages import GatewayMessage
    from tests.gateway.certificates import Authority, Bundle

WAIT_S = 10.0


class Mosquitto:
    """One broker, which can be killed and started again at the same port."""

    def __init__(self, program: Path, folder: Path, authority: Authority, port: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        server = authority.issue("broker")
        self.port = port
        self._program = program
        self._configuration = folder / "mosquitto.conf"
        access = folder / "acl"
        access.write_text(
            "user gw-1\ntopic readwrite hexiao/v1/#\n\nuser gw-2\ntopic readwrite hexiao/v1/#\n\n"
            "pattern write hexiao/v1/%u/request\n"
            "pattern write hexiao/v1/%u/presence\npattern read hexiao/v1/%u/verdict\n"
        )
        access.chmod(0o600)
        self._configuration.write_text(
            f"listener {port} 127.0.0.1\ncafile {server.authority}\ncertfile {server.certificate}\n"
            f"keyfile {server.key}\nrequire_certificate true\nuse_identity_as_username true\n"
            f"use_username_as_clientid true\nallow_anonymous false\nacl_file {access}\nset_tcp_nodelay true\n"
            f"persistence false\nuser {getpass.getuser()}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        self._process = subprocess.Popen(
            [self._program, "-c", self._configuration], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            with socket.socket() as door:
                if door.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        msg = "mosquitto does not start"
        raise AssertionError(msg)

    def pause(self) -> None:
        """Let it read nothing for a while."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it read again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it without a goodbye."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class KioskClient:
    """A kiosk as far as MQTT goes: says what a test says, and keeps what it hears."""

    def __init__(self, identity: str, port: int, bundle: Bundle, session: str = "s-1") -> None:
        self.identity = identity
        self.heard: Queue[GatewayMessage] = Queue()
        self._subscribed = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=identity, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.tls_set_context(bundle.client_context())
        will = codec.encode(Presence(online=False, session=session))
        self._client.will_set(PRESENCE.of(identity), will, qos=1, retain=True)
        self._client.on_message = self._keep
        self._client.on_subscribe = self._note
        self._client.on_socket_open = _without_delay
        self._client.connect("127.0.0.1", port, keepalive=30)
        self._client.loop_start()
        self._client.subscribe(VERDICT.of(identity), qos=1)
        assert self._subscribed.wait(WAIT_S)
        self.publish(PRESENCE.of(identity), codec.encode(Presence(online=True, session=session)), retain=True)

    def say(self, message: Any) -> None:
        """Publish a message on the own request topic."""
        self.publish(REQUEST.of(self.identity), codec.encode(message))

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish anything anywhere, and wait until the broker has it."""
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(WAIT_S)

    def hear(self, kind: type | None = None) -> GatewayMessage:
        """Return the next message (of a kind)."""
        end = time.monotonic() + WAIT_S
        while True:
            try:
                message = self.heard.get(timeout=max(end - time.monotonic(), 0.01))
            except Empty:
                msg = f"{self.identity} hears nothing"
                raise AssertionError(msg) from None
            if kind is None or isinstance(message, kind):
                return message

    def only_sizes(self) -> Queue[int]:
        """Keep only the sizes of what comes from now on."""
        sizes: Queue[int] = Queue()
        self._client.on_message = lambda _client, _data, message: sizes.put(len(message.payload))
        return sizes

    def vanish(self) -> None:
        """Drop the connection without a goodbye, so that the will is published."""
        connection = self._client.socket()
        if isinstance(connection, socket.socket):
            connection.shutdown(socket.SHUT_RDWR)
        self._client.loop_stop()

    def close(self) -> None:
        """Say goodbye."""
        self._client.disconnect()
        self._client.loop_stop()

    def _keep(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self.heard.put(codec.from_gateway(bytes(message.payload)))

    def _note(self, *_: object) -> None:
        self._subscribed.set()


def _without_delay(_client: mqtt.Client, _data: object, opened: object) -> None:
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@contextmanager
def running(mosquitto: Mosquitto) -> Iterator[Mosquitto]:
    """Run a broker for the length of a test."""
    try:
        mosquitto.start()
        yield mosquitto
    finally:
        mosquitto.kill()
