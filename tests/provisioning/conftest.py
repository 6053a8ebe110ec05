"""A certificate authority, and a real mosquitto on what provisioning writes for it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from provisioning.authority import Authority
from provisioning.broker import Broker
from provisioning.mosquitto import BrokerSettings
from provisioning.verbs import certify_gateway
from tests.provisioning.mqtt import RunningBroker, certify_kiosk, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Return a certificate authority of this test alone."""
    return Authority.create(tmp_path / "ca", "Test")


@pytest.fixture
def running(
    tmp_path: Path, authority: Authority, free_port: Callable[[], int], mosquitto_program: Path
) -> Iterator[RunningBroker]:
    """Run a broker that serves the gateway gw-1, with certificates for it and for the kiosks till-1 and till-2."""
    broker = Broker(tmp_path / "the broker")  # mosquitto reads paths with spaces
    port = free_port()
    broker.write(BrokerSettings(port=port, gateways=("gw-1",)), authority)
    certify_gateway(authority, "gw-1", tmp_path / "gw-1")
    for kiosk in ("till-1", "till-2"):
        certify_kiosk(authority, kiosk, tmp_path / kiosk)
    log = tmp_path / "broker.log"
    with log.open("wb") as stderr:
        process = subprocess.Popen([mosquitto_program, "-c", broker.configuration], stderr=stderr)
    here = RunningBroker(broker, port, tmp_path, process)
    try:
        wait_until(lambda: here.is_up() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield here
    finally:
        here.close()
