"""Processes of production, started as systemd would start them and stopped at the end of the test."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from provisioning.broker import Broker
from tests.provisioning.mqtt import BOUND_S, RunningBroker, wait_until

if TYPE_CHECKING:
    from pathlib import Path

READY_WITHIN_S = 30.0


class Processes:
    """The broker, the head office and the gateway of one shop."""

    def __init__(self, folder: Path, mosquitto: Path) -> None:
        self._folder = folder
        self._mosquitto = mosquitto
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._closing = ExitStack()

    def start_broker(self, folder: Path, clients: Path) -> RunningBroker:
        """Start the broker of a folder; ``clients`` holds a folder for each of its clients."""
        broker = Broker(folder)
        process = subprocess.Popen([self._mosquitto, "-c", broker.configuration], stderr=subprocess.DEVNULL)
        here = RunningBroker(broker, broker.settings().port, clients, process)
        self._closing.callback(here.close)
        wait_until(lambda: here.is_up() or process.poll() is not None)
        assert process.poll() is None
        return here

    def start(self, party: str, configuration: Path) -> None:
        """Start a process and wait until it says that it is ready; one of that name that runs is stopped first."""
        self.stop(party)
        address = self._folder / f"{party}.ready"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
            door.bind(str(address))
            door.settimeout(READY_WITHIN_S)
            command = [sys.executable, "-m", "cli.main", party, "run", "--config", str(configuration)]
            environment = {**os.environ, "NOTIFY_SOCKET": str(address)}
            self._running[party] = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
            assert door.recv(4096).startswith(b"READY=1")
        address.unlink()

    def stop(self, party: str) -> None:
        process = self._running.pop(party, None)
        if process is not None:
            process.terminate()
            process.wait(BOUND_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for party in list(self._running):
            self.stop(party)
        self._closing.close()
