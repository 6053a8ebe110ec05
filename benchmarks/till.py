"""A till as a load generator sees it: a kiosk's messages over real TLS, without camera, screen and journal."""

from __future__ import annotations

import os
import queue
import socket
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from protocol import codec, topics
from protocol.ids import rid_from
from protocol.messages import Answer, Confirm, Hello, Intent, Look, Offered, Welcome
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_S = 10.0


class TillError(RuntimeError):
    """The counter did not answer as a counter should."""


@dataclass(frozen=True, slots=True)
class Timing:
    """One redemption: seconds from look to offer, and from confirm to the final answer."""

    look_s: float
    confirm_s: float


class Till:
    """One kiosk's session with the gateway; ``identity`` holds cert.pem, key.pem and ca.pem."""

    def __init__(self, name: str, identity: Path, host: str, port: int) -> None:
        """Keep where to connect and as whom."""
        self._name = name
        self._identity = identity
        self._address = (host, port)
        self._heard: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._looks = 0
        self._client: mqtt.Client | None = None

    def start(self) -> None:
        """Connect, say hello and wait for the gateway's welcome."""
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=self._name, protocol=mqtt.MQTTv5)
        context = ssl.create_default_context(cafile=str(self._identity / "ca.pem"))
        context.load_cert_chain(self._identity / "cert.pem", self._identity / "key.pem")
        client.tls_set_context(context)
        client.on_socket_open = _no_delay
        client.on_connect = lambda c, *_: c.subscribe(topics.VERDICT.of(self._name), qos=1)
        client.on_subscribe = lambda *_: self._heard.put("subscribed")
        client.on_message = lambda _client, _data, message: self._heard.put(codec.from_gateway(bytes(message.payload)))
        client.connect(*self._address)
        client.loop_start()
        self._client = client
        self._wait(lambda heard: heard == "subscribed")
        self._send(Hello(boot="bench"))
        self._wait(lambda heard: isinstance(heard, Welcome))

    def redeem(self, code: str) -> Timing:
        """Look at a code, confirm the offer, and wait for the redemption; raise TillError for any other end."""
        self._looks += 1
        number = self._looks
        began = time.perf_counter()
        self._send(Look(look=number, boot="bench", code=code))
        offered = self._wait(lambda heard: getattr(heard, "look", None) == number)
        looked = time.perf_counter()
        if not isinstance(offered, Offered):
            msg = f"the look at a fresh voucher ended in {offered}"
            raise TillError(msg)
        rid = rid_from(os.urandom(16))
        self._send(Confirm(intent=Intent(rid=rid, code=code, offer=offered.offer)))
        answer = self._wait(lambda heard: isinstance(heard, Answer) and heard.rid == rid and heard.final)
        if answer.verdict is not Verdict.REDEEMED:
            msg = f"the confirm ended in {answer.verdict}"
            raise TillError(msg)
        return Timing(looked - began, time.perf_counter() - looked)

    def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    def _send(self, message: Hello | Look | Confirm) -> None:
        if self._client is None:
            msg = "the till was not started"
            raise TillError(msg)
        self._client.publish(topics.REQUEST.of(self._name), codec.encode(message), qos=1)

    def _wait(self, wanted: Any) -> Any:  # noqa: ANN401 - whatever message the predicate lets through
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                heard = self._heard.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                msg = f"no answer for {PATIENCE_S:.0f} s"
                raise TillError(msg) from None
            if wanted(heard):
                return heard


def _no_delay(_client: mqtt.Client, _data: object, door: Any) -> None:  # noqa: ANN401 - paho gives a socket or its wrapper
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
