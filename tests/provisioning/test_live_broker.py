"""What a real mosquitto lets through with the files that provisioning writes: each threat is tried on it."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

import pytest

from protocol.codec import LARGEST_MESSAGE
from protocol.topics import PRESENCE, REQUEST, VERDICT
from provisioning.authority import Authority
from provisioning.certificates import certificate_pem, key_pem, new_key
from tests.provisioning.mqtt import NOT_AUTHORIZED, certify_kiosk, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.provisioning.mqtt import RunningBroker

REVOKED_WITHIN_S = 5.0


def test_a_kiosk_reaches_its_gateway_and_the_gateway_reaches_it(running: RunningBroker) -> None:
    gateway, kiosk = running.connect("gw-1"), running.connect("till-1")
    gateway.subscribe(REQUEST.of_all)
    gateway.subscribe(PRESENCE.of_all)
    kiosk.subscribe(VERDICT.of("till-1"))
    assert kiosk.publish(PRESENCE.of("till-1"), b"born", retain=True) == 0
    assert kiosk.publish(REQUEST.of("till-1"), b"y" * LARGEST_MESSAGE) == 0
    assert gateway.publish(VERDICT.of("till-1"), b"welcome") == 0
    gateway.wait_for(PRESENCE.of("till-1"), b"born")
    gateway.wait_for(REQUEST.of("till-1"), b"y" * LARGEST_MESSAGE)
    kiosk.wait_for(VERDICT.of("till-1"), b"welcome")


@pytest.mark.parametrize(
    "topic",
    [
        REQUEST.of("till-2"),
        PRESENCE.of("till-2"),
        VERDICT.of("till-1"),
        VERDICT.of("till-2"),
        "hexiao/v1/till-1/else",
        "hexiao/v1/till-1",
        "hexiao/v2/till-1/request",
        "elsewhere",
    ],
)
def test_a_kiosk_cannot_publish_where_it_does_not_belong(running: RunningBroker, topic: str) -> None:
    gateway, kiosk = running.connect("gw-1"), running.connect("till-1")
    gateway.subscribe("#")
    assert kiosk.publish(topic, b"forged", retain=True) == NOT_AUTHORIZED
    assert kiosk.publish(REQUEST.of("till-1"), b"own") == 0
    gateway.wait_for(REQUEST.of("till-1"), b"own")
    assert gateway.received == [(REQUEST.of("till-1"), b"own")]


@pytest.mark.parametrize("wanted", ["#", "hexiao/v1/+/verdict", "hexiao/v1/till-2/#", "$SYS/#"])
def test_a_kiosk_cannot_read_what_is_another_s(running: RunningBroker, wanted: str) -> None:
    gateway, kiosk, other = (running.connect(name) for name in ("gw-1", "till-1", "till-2"))
    kiosk.subscribe(wanted)
    kiosk.subscribe(VERDICT.of("till-1"))
    assert other.publish(PRESENCE.of("till-2"), b"born", retain=True) == 0
    assert other.publish(REQUEST.of("till-2"), b"secret") == 0
    assert gateway.publish(VERDICT.of("till-2"), b"secret") == 0
    assert gateway.publish(VERDICT.of("till-1"), b"mine") == 0
    kiosk.wait_for(VERDICT.of("till-1"), b"mine")
    assert {topic for topic, _ in kiosk.received} == {VERDICT.of("till-1")}


def test_a_kiosk_that_takes_another_s_client_id_throws_nobody_off(running: RunningBroker) -> None:
    kiosk = running.connect("till-1")
    thief = running.connect("till-2", client_id="till-1")
    assert thief.is_on
    assert thief.publish(REQUEST.of("till-1")) == NOT_AUTHORIZED
    assert thief.publish(REQUEST.of("till-2")) == 0
    assert kiosk.publish(REQUEST.of("till-1")) == 0
    assert kiosk.is_on


def test_a_will_planted_on_another_s_topic_is_never_published(running: RunningBroker) -> None:
    gateway, other = running.connect("gw-1"), running.connect("till-2")
    gateway.subscribe(PRESENCE.of_all)
    thief = running.connect("till-1", will=PRESENCE.of("till-2"))
    thief.drop()
    honest = running.connect("till-1", will=PRESENCE.of("till-1"))
    honest.drop()
    gateway.wait_for(PRESENCE.of("till-1"), b"dead")
    assert gateway.received == [(PRESENCE.of("till-1"), b"dead")]
    assert other.is_on


def test_nobody_gets_in_without_a_certificate(running: RunningBroker) -> None:
    assert not running.connect(None).is_on


def test_a_certificate_of_another_authority_is_refused(running: RunningBroker, tmp_path: Path) -> None:
    certify_kiosk(Authority.create(tmp_path / "forger", "Test"), "till-1", tmp_path / "forged")
    assert not running.connect("forged", client_id="till-1").is_on


def test_a_server_s_certificate_does_not_make_a_client(
    running: RunningBroker, authority: Authority, tmp_path: Path
) -> None:
    key = new_key()
    (tmp_path / "server").mkdir()
    (tmp_path / "server" / "key.pem").write_bytes(key_pem(key))
    certificate = authority.issue_server(key.public_key(), ["till-1"])
    (tmp_path / "server" / "cert.pem").write_bytes(certificate_pem(certificate))
    assert not running.connect("server", client_id="till-1").is_on


def test_a_message_larger_than_any_of_ours_is_not_passed_on(running: RunningBroker) -> None:
    gateway, kiosk = running.connect("gw-1"), running.connect("till-1")
    gateway.subscribe(REQUEST.of_all)
    assert kiosk.publish(REQUEST.of("till-1"), b"y" * 2 * LARGEST_MESSAGE) is None
    assert running.connect("till-2").publish(REQUEST.of("till-2"), b"small") == 0
    gateway.wait_for(REQUEST.of("till-2"), b"small")
    assert len(gateway.received) == 1


def test_a_revoked_kiosk_s_live_connection_can_only_be_told_so(running: RunningBroker) -> None:
    gateway, kiosk, other = (running.connect(name) for name in ("gw-1", "till-1", "till-2"))
    gateway.subscribe(REQUEST.of_all)
    gateway.subscribe(PRESENCE.of_all)
    kiosk.subscribe(VERDICT.of("till-1"))
    assert kiosk.publish(REQUEST.of("till-1"), b"before") == 0
    gateway.wait_for(REQUEST.of("till-1"), b"before")

    running.broker.revoke("till-1")
    running.broker.reload()
    wait_until(lambda: kiosk.publish(REQUEST.of("till-1"), b"probe") == NOT_AUTHORIZED, REVOKED_WITHIN_S)
    gateway.received.clear()

    assert kiosk.publish(REQUEST.of("till-1"), b"after") == NOT_AUTHORIZED
    assert kiosk.publish(PRESENCE.of("till-1"), b"after", retain=True) == NOT_AUTHORIZED
    assert kiosk.is_on
    assert gateway.publish(VERDICT.of("till-1"), b"revoked") == 0
    kiosk.wait_for(VERDICT.of("till-1"), b"revoked")
    assert other.publish(REQUEST.of("till-2"), b"unharmed") == 0
    gateway.wait_for(REQUEST.of("till-2"), b"unharmed")
    assert gateway.received == [(REQUEST.of("till-2"), b"unharmed")]


def test_a_revoked_kiosk_that_connects_again_is_still_denied(running: RunningBroker) -> None:
    running.broker.revoke("till-1")
    running.broker.reload()
    gateway, kiosk = running.connect("gw-1"), running.connect("till-1", will=PRESENCE.of("till-1"))
    wait_until(lambda: kiosk.publish(REQUEST.of("till-1")) == NOT_AUTHORIZED)
    gateway.subscribe(PRESENCE.of_all)
    kiosk.drop()
    assert running.connect("till-2").publish(PRESENCE.of("till-2"), b"born") == 0
    gateway.wait_for(PRESENCE.of("till-2"), b"born")
    assert gateway.received == [(PRESENCE.of("till-2"), b"born")]


def test_a_renewed_server_certificate_is_taken_up_without_dropping_anybody(
    running: RunningBroker, authority: Authority
) -> None:
    kiosk = running.connect("till-1")

    before = running.certificate("till-2")
    running.broker.write(running.broker.settings(), authority)
    running.broker.reload()
    wait_until(lambda: running.certificate("till-2") != before)
    assert kiosk.publish(REQUEST.of("till-1")) == 0


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_spoken(running: RunningBroker, version: ssl.TLSVersion) -> None:
    context = running.tls("till-1")
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", running.port)) as door,
        context.wrap_socket(door, server_hostname="localhost") as shown,
    ):
        assert shown.version() == version.name.replace("_", ".")
