"""The gateway as the process that ships: a real broker with TLS, a head office over HTTPS, signals, and kill -9."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from protocol.messages import Answer, Confirm, Hello, Intent, Look, Notice, Offered, Settled, Welcome
from protocol.upstream import AskRedeem, AskResolve
from protocol.vocabulary import Verdict
from tests.fakes.minimal_headoffice import MinimalHeadOffice
from tests.gateway.broker import KioskClient
from tests.gateway.shop import rid, stores_listed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.gateway.broker import Mosquitto
    from tests.gateway.certificates import Authority

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = "4006123456781234"
START = """
import sys
from pathlib import Path
from gateway.config import Config
from gateway.main import run
from service.config import load_config
sys.exit(run(load_config(Config, Path(sys.argv[1]))))
"""
WAIT_S = 20.0


class GatewayProcess:
    """One gateway process, and what is needed to start it again on the same folder."""

    def __init__(self, folder: Path, values: dict[str, Any]) -> None:
        self.values = values
        self._file = folder / "gateway.toml"
        self._file.write_text(_toml(values), encoding="utf-8")
        self.process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.values['console']['port']}"

    @property
    def token(self) -> str:
        return (Path(self.values["data"]) / "console.token").read_text().strip()

    def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
            door.bind(f"{folder}/notify")
            door.settimeout(WAIT_S)
            self.spawn(NOTIFY_SOCKET=f"{folder}/notify")
            while door.recv(100) != b"READY=1":
                pass

    def spawn(self, **environment: str) -> subprocess.Popen[str]:
        """Start it without waiting."""
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, self._file],
            cwd=ROOT,
            env={**os.environ, **environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        return self.process

    def end(self, number: int) -> tuple[int, str]:
        """Send a signal; return exit code and log."""
        assert self.process is not None
        self.process.send_signal(number)
        _, log = self.process.communicate(timeout=WAIT_S)
        code, self.process = self.process.returncode, None
        return code, log

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call its console as a technician does."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with (
            aiohttp.ClientSession() as http,
            http.request(method, self.url + path, json=body, headers=headers) as answer,
        ):
            assert answer.status == 200, await answer.text()
            return await answer.json()


@asynccontextmanager
async def whole_store(
    data: Path, broker: Mosquitto, authority: Authority, port: int
) -> AsyncIterator[tuple[GatewayProcess, MinimalHeadOffice]]:
    """Run a gateway between a broker and a head office, with one kiosk bound."""
    headoffice = MinimalHeadOffice(stores=stores_listed())
    await headoffice.start(authority.issue("headoffice").server_context())
    headoffice.add(CODE)
    gateway = GatewayProcess(data.parent, settings(data, broker.port, headoffice.url, authority, port))
    try:
        await asyncio.to_thread(gateway.start)
        await gateway.call("PUT", "/api/kiosks/till-1", {"store": "nanjing-lu", "name": "收银台"})
        yield gateway, headoffice
    finally:
        if gateway.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(gateway.end, signal.SIGKILL)
        await headoffice.close()


def settings(data: Path, broker: int, headoffice: str, authority: Authority, console: int) -> dict[str, Any]:
    """Return the configuration's values."""
    bundle = authority.issue("gw-1")
    files = {"certificate": bundle.certificate, "key": bundle.key, "authority": bundle.authority}
    return {
        "data": str(data),
        "broker": {"host": "127.0.0.1", "port": broker, **files},
        "headoffice": {"url": headoffice, "timeout_s": 1.0, **files},
        "console": {"port": console},
    }


def _toml(values: dict[str, Any]) -> str:
    top = [f"{key} = {json.dumps(value)}" for key, value in values.items() if not isinstance(value, dict)]
    tables = [
        "\n".join([f"[{key}]", *(f"{k} = {json.dumps(v)}" for k, v in value.items())])
        for key, value in values.items()
        if isinstance(value, dict)
    ]
    return "\n".join([*top, *tables])


async def ended(process: subprocess.Popen[str]) -> str:
    """Wait until a process ends by itself and return its log; one that does not is killed."""
    try:
        return (await asyncio.to_thread(process.communicate, timeout=WAIT_S))[1]
    finally:
        process.kill()


async def welcomed(kiosk: KioskClient) -> Welcome:
    """Say hello until the gateway answers, as a kiosk does."""
    for _ in range(100):
        await asyncio.to_thread(kiosk.say, Hello(boot="kiosk-boot"))
        with contextlib.suppress(AssertionError):
            return await asyncio.to_thread(_welcome, kiosk)
    msg = "the gateway never says welcome"
    raise AssertionError(msg)


def _welcome(kiosk: KioskClient) -> Welcome:
    message = kiosk.heard.get(timeout=0.3) if not kiosk.heard.empty() else kiosk.hear(Welcome)
    assert isinstance(message, Welcome)
    return message


async def offered(kiosk: KioskClient, number: int) -> Intent:
    """Look at the code and return what a confirm of the offer says."""
    await asyncio.to_thread(kiosk.say, Look(look=number, boot="kiosk-boot", code=CODE))
    offer = await asyncio.to_thread(kiosk.hear, Offered)
    assert isinstance(offer, Offered)
    return Intent(rid=rid(number), code=CODE, offer=offer.offer)


async def test_a_code_is_redeemed_through_broker_gateway_and_head_office(
    data: Path, broker: Mosquitto, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with whole_store(data, broker, authority, free_port()) as (gateway, headoffice):
        kiosk = KioskClient("till-1", broker.port, authority.issue("till-1"))
        welcome = await welcomed(kiosk)
        intent = await offered(kiosk, 1)
        await asyncio.to_thread(kiosk.say, Confirm(intent=intent))
        answer = await asyncio.to_thread(kiosk.hear, Answer)
        await asyncio.to_thread(kiosk.say, Settled(rid=rid(1)))
        books = await gateway.call("GET", "/api/books")
        kiosks = await gateway.call("GET", "/api/kiosks")
        await gateway.call("POST", "/api/kiosks/till-1/revoke")
        revoked = await asyncio.to_thread(kiosk.hear, Notice)
        kiosk.close()
        code, log = await asyncio.to_thread(gateway.end, signal.SIGTERM)

    assert welcome.store_name == "南京路店"
    assert isinstance(answer, Answer)
    assert answer.verdict is Verdict.REDEEMED
    assert [(row["rid"], row["verdict"], row["kiosk"]) for row in books["rows"]] == [(rid(1), "redeemed", "till-1")]
    assert kiosks["kiosks"][0]["online"] is True
    assert isinstance(revoked, Notice)
    assert revoked.verdict is Verdict.DEVICE_REVOKED
    assert headoffice.peers == {"gw-1"}
    assert code == 0, log
    assert CODE not in log
    assert gateway.token not in log


async def test_killed_while_the_head_office_stalls_it_asks_only_for_the_end_and_tells_the_truth(
    data: Path, broker: Mosquitto, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with whole_store(data, broker, authority, free_port()) as (gateway, headoffice):
        kiosk = KioskClient("till-1", broker.port, authority.issue("till-1"))
        await welcomed(kiosk)
        intent = await offered(kiosk, 1)
        headoffice.answering.clear()
        await asyncio.to_thread(kiosk.say, Confirm(intent=intent))
        await headoffice.until_asked(AskRedeem)
        await asyncio.to_thread(gateway.end, signal.SIGKILL)
        asked_before = len(headoffice.asked)
        await asyncio.to_thread(gateway.start)
        await headoffice.until_asked(AskResolve)
        still = await gateway.call("GET", "/api/open")
        headoffice.answering.set()
        answer = await asyncio.to_thread(kiosk.hear, Answer)
        repeated = [type(message) for message in headoffice.asked[asked_before:]]
        kiosk.close()

    assert AskRedeem not in repeated
    assert [row["rid"] for row in still["open"]] == [rid(1)]
    assert isinstance(answer, Answer)
    # The request had arrived before the gateway was killed; which of the two came first is the head office's to say.
    assert answer.verdict in {Verdict.REDEEMED, Verdict.ABORTED}
    assert headoffice.vouchers[CODE].left == (0 if answer.verdict is Verdict.REDEEMED else 1)


async def test_two_gateways_never_share_a_folder(
    data: Path, broker: Mosquitto, authority: Authority, free_port: Callable[[], int]
) -> None:
    async with whole_store(data, broker, authority, free_port()) as (gateway, headoffice):
        values = settings(data, broker.port, headoffice.url, authority, free_port())
        (data.parent / "second").mkdir()
        second = GatewayProcess(data.parent / "second", values).spawn()
        log = await ended(second)
        status = await gateway.call("GET", "/api/status")

    assert second.returncode == 1
    assert "another gateway runs on this folder" in log
    assert status["identity"] == "gw-1"


async def test_what_keeps_it_from_starting_is_said_and_it_ends(
    data: Path, authority: Authority, free_port: Callable[[], int]
) -> None:
    values = settings(data, 1, "https://127.0.0.1:1", authority, free_port())
    values["broker"]["certificate"] = "/nowhere/gateway.pem"
    process = GatewayProcess(data.parent, values).spawn()
    log = await ended(process)

    assert process.returncode == 1
    assert "/nowhere/gateway.pem" in log
    assert "hexiao provision gateway add" in log
    assert "Traceback" not in log
