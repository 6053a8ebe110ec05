"""A shop is provisioned from nothing, with the real broker, head office and gateway, and a kiosk of it is revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from cli.provision import app
from protocol.codec import encode, from_gateway
from protocol.messages import Hello, Notice, Welcome
from protocol.topics import REQUEST, VERDICT
from protocol.vocabulary import Verdict
from tests.provisioning.mqtt import NOT_AUTHORIZED, wait_until
from tests.provisioning.processes import Processes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Shop:
    """A folder with everything of a shop, and the technician's command on it."""

    def __init__(self, folder: Path, free_port: Callable[[], int]) -> None:
        self.folder = folder
        broker, console, public, upstream = (free_port() for _ in range(4))
        self._write(
            "provision",
            f"""
            [ca]
            dir = "{folder}/ca"
            [broker]
            dir = "{folder}/broker"
            port = {broker}
            listen = "127.0.0.1"
            hosts = ["127.0.0.1"]
            address = "127.0.0.1:{broker}"
            [gateway]
            id = "gw-1"
            url = "http://127.0.0.1:{console}"
            token_file = "{folder}/gateway-data/console.token"
            [headoffice]
            url = "http://127.0.0.1:{public}"
            token_file = "{folder}/office-data/admin.token"
            [kiosks]
            dir = "{folder}"
            """,
        )
        self.headoffice = self._write(
            "headoffice",
            f"""
            data = "{folder}/office-data"
            [public]
            port = {public}
            [upstream]
            port = {upstream}
            {self._bundle("office")}
            """,
        )
        self.gateway = self._write(
            "gateway",
            f"""
            data = "{folder}/gateway-data"
            [broker]
            host = "127.0.0.1"
            port = {broker}
            {self._bundle("gw-1")}
            [headoffice]
            url = "https://127.0.0.1:{upstream}"
            {self._bundle("gw-1")}
            [console]
            port = {console}
            """,
        )

    def provision(self, *words: str, exit_code: int = 0) -> str:
        shown = CliRunner().invoke(app, ["--config", str(self.folder / "provision.toml"), *words])
        assert shown.exit_code == exit_code, shown.output
        return shown.output

    def _bundle(self, name: str) -> str:
        files = {"certificate": "cert.pem", "key": "key.pem", "authority": "ca.pem"}
        return "\n".join(f'{key} = "{self.folder / name / file}"' for key, file in files.items())

    def _write(self, name: str, text: str) -> Path:
        file = self.folder / f"{name}.toml"
        file.write_text(text)
        return file


@pytest.fixture
def shop(tmp_path: Path, free_port: Callable[[], int]) -> Shop:
    return Shop(tmp_path, free_port)


def test_a_shop_is_set_up_from_nothing_and_a_kiosk_of_it_moved_and_revoked(shop: Shop, mosquitto_program: Path) -> None:
    with Processes(shop.folder, mosquitto_program) as processes:
        shop.provision("ca", "init", "--dir", str(shop.folder / "ca"))
        shop.provision("headoffice", "cert", "--host", "127.0.0.1", "--out", str(shop.folder / "office"))
        processes.start("headoffice", shop.headoffice)
        shop.provision("broker", "write")
        broker = processes.start_broker(shop.folder / "broker", shop.folder)
        shop.provision("gateway", "add", "gw-1", "--out", str(shop.folder / "gw-1"))
        processes.start("gateway", shop.gateway)
        shop.provision("store", "add", "nanjing-lu", "--name", "南京路店")
        shop.provision("store", "add", "people-square", "--name", "人民广场店", "--clerk-policy", "shift")
        assert "people-square" in shop.provision("store", "list")

        shop.provision("kiosk", "add", "till-1", "--store", "nowhere", exit_code=1)
        assert not (shop.folder / "till-1" / "cert.pem").exists()
        shop.provision("kiosk", "add", "till-1", "--store", "nanjing-lu", "--name", "收银台1")
        assert "收银台1" in shop.provision("kiosk", "list")

        kiosk = broker.connect("till-1")
        kiosk.subscribe(VERDICT.of("till-1"))
        hello = encode(Hello(boot="b1"))

        def answered(kind: type[Welcome | Notice], field: str, value: object) -> bool:
            messages = [from_gateway(payload) for _, payload in kiosk.received]
            return any(isinstance(message, kind) and getattr(message, field) == value for message in messages)

        assert kiosk.publish(REQUEST.of("till-1"), hello) == 0
        kiosk.wait(lambda: answered(Welcome, "store_name", "南京路店"))
        shop.provision("kiosk", "rebind", "till-1", "--store", "people-square")
        kiosk.wait(lambda: answered(Welcome, "store", "people-square"))

        shop.provision("kiosk", "revoke", "till-1")
        kiosk.wait(lambda: answered(Notice, "verdict", Verdict.DEVICE_REVOKED))
        wait_until(lambda: kiosk.publish(REQUEST.of("till-1"), hello) == NOT_AUTHORIZED)
        assert "revoked" in shop.provision("kiosk", "list")
        assert "for good" in shop.provision("kiosk", "rebind", "till-1", "--store", "nanjing-lu", exit_code=1)
        assert "for good" in shop.provision("kiosk", "add", "till-1", "--store", "nanjing-lu", exit_code=1)
