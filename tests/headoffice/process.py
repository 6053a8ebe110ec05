"""A head office as a process of its own, with both doors, as an operator runs it."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from protocol import codec
from provisioning.authority import Authority
from provisioning.verbs import certify_headoffice

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from pathlib import Path

    from protocol.upstream import UpstreamRequest

READY_S = 30
ANSWER_S = 10


@dataclass(frozen=True)
class Running:
    """Where it is reached, and the token that opens its public door."""

    process: subprocess.Popen[bytes]
    public: int
    upstream: int
    token: str
    authority: Authority

    def api(self, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, bytes]:
        """Call the public door."""
        connection = http.client.HTTPConnection("127.0.0.1", self.public, timeout=ANSWER_S)
        headers = {"authorization": f"Bearer {self.token if token is None else token}"}
        return _call(connection, method, path, None if body is None else json.dumps(body).encode(), headers)

    def ask(self, context: ssl.SSLContext, message: UpstreamRequest | bytes) -> tuple[int, bytes]:
        """Ask at the gateways' door."""
        body = message if isinstance(message, bytes) else codec.encode(message)
        return _call(self._upstream(context), "POST", "/upstream/v1/ask", body, {})

    def stores(self, context: ssl.SSLContext) -> tuple[int, bytes]:
        """Fetch the stores of a gateway."""
        return _call(self._upstream(context), "GET", "/upstream/v1/stores", None, {})

    def _upstream(self, context: ssl.SSLContext) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("127.0.0.1", self.upstream, timeout=ANSWER_S, context=context)


def write_config(folder: Path, public: int, upstream: int, **more: str | list[str]) -> Path:
    """Write certificates and a configuration; return its path."""
    authority = folder / "ca"
    bundle = certify_headoffice(
        Authority.load(authority) if authority.exists() else Authority.create(authority, "test"),
        ["127.0.0.1"],
        folder / "office",
    )
    config = folder / "headoffice.toml"
    lines = [
        f'data = "{folder}/data"',
        *(f"{name} = {json.dumps(value)}" for name, value in more.items()),
        f"[public]\nport = {public}",
        f'[upstream]\nport = {upstream}\ncertificate = "{bundle.certificate}"\nkey = "{bundle.key}"',
        f'authority = "{bundle.authority}"',
        '[stores]\nbegin = "live"',
    ]
    config.write_text("\n".join(lines))
    return config


def start(config: Path, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start the process of production; what it says is in ``headoffice.log`` beside the configuration."""
    command = [sys.executable, "-m", "cli.main", "headoffice", "run", "--config", str(config)]
    with config.with_suffix(".log").open("ab") as log:
        return subprocess.Popen(command, env={**os.environ, **(environment or {})}, stderr=log)


@contextmanager
def running(folder: Path, public: int, upstream: int, **more: str | list[str]) -> Iterator[Running]:
    """Run a head office until the end of the block; it is ready when it says so, as to systemd."""
    config = write_config(folder, public, upstream, **more)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.bind(str(folder / "ready"))
        door.settimeout(READY_S)
        with start(config, {"NOTIFY_SOCKET": str(folder / "ready")}) as process:
            try:
                assert door.recv(100).startswith(b"READY=1")
                token = (folder / "data" / "admin.token").read_text().strip()
                yield Running(process, public, upstream, token, Authority.load(folder / "ca"))
            finally:
                process.terminate()
                process.wait(READY_S)
                (folder / "ready").unlink()


def _call(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None, headers: dict[str, str]
) -> tuple[int, bytes]:
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
