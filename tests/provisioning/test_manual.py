"""docs/install-by-hand.md, done: its files are written and its `hexiao` commands given in order, with real processes.

Only addresses and folders are replaced by ones of this machine. What apt, pip, scp and a Pi's own commands do is not
tried here; where the manual has a file carried from one machine to another, it is copied.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from typer.testing import CliRunner

import cli.provision.config
from cli.main import app
from protocol.codec import encode, from_gateway
from protocol.messages import Hello, Welcome
from protocol.topics import REQUEST, VERDICT
from provisioning.broker import Broker
from provisioning.clients import Door, GatewayClient, read_token
from tests.provisioning.processes import Processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.provisioning.mqtt import RunningBroker

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "install-by-hand.md"


class Shop:
    """The three machines of the manual as folders of this one."""

    def __init__(self, root: Path, free_port: Callable[[], int], processes: Processes) -> None:
        self.root = root
        self.broker: RunningBroker | None = None
        self._processes = processes
        self._ports = {port: str(free_port()) for port in ("8883", "8480", "8600", "8601")}

    def local(self, text: str) -> str:
        """Return a text of the manual with this machine's folders, addresses and ports."""
        text = text.replace("https://office.example:8601", "https://127.0.0.1:8601")
        text = text.replace("https://office.example", "http://127.0.0.1:8600")
        text = re.sub(r"office\.example|192\.168\.1\.10|\b0\.0\.0\.0\b", "127.0.0.1", text)
        text = re.sub(r"/(etc|var/lib)/hexiao", rf"{self.root}/\1/hexiao", text)
        text = re.sub(r"\b(8883|8480|8600|8601)\b", lambda found: self._ports[found[0]], text)
        return re.sub(r"^user = .*$", "", text, flags=re.MULTILINE)  # mosquitto's user cannot enter a test's folder

    def path(self, text: str) -> Path:
        return Path(self.local(text))

    def write(self, text: str) -> None:
        """Write a file of the manual; its first line says where."""
        first, _, _ = text.partition("\n")
        file = self.path(first.removeprefix("# "))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.local(text))

    def give(self, line: str) -> None:
        """Give a command of the manual, if it is one that can be given here."""
        words = shlex.split(self.local(line), comments=True)
        match words:
            case ["sudo", "hexiao", *rest]:
                given = CliRunner().invoke(app, rest)
                assert given.exit_code == 0, f"{line}\n{given.output}"
            case ["sudo", "openssl", *rest]:
                subprocess.run(["openssl", *rest], check=True, capture_output=True)
            case ["sudo", "systemctl", "enable" | "restart", *rest] if rest[-1].startswith("hexiao-"):
                self._start(rest[-1].removeprefix("hexiao-").removesuffix(".service"))
            case ["sudo", "systemd-tmpfiles", "--create"]:
                self._make_folders()
            case ["sudo", "install", "-m", _, *files, target] if target.startswith(f"{self.root}/etc/hexiao"):
                for file in files:
                    self._install(self.path("/var/lib/hexiao/kiosks/till-1") / file, target)
            case _:
                pass

    def _install(self, file: Path, target: str) -> None:
        """Copy a file of the kiosk's; the folders in its configuration are those of a real one."""
        installed = Path(shutil.copy(file, target))
        if installed.suffix == ".toml":
            installed.write_text(self.local(installed.read_text()))

    def _make_folders(self) -> None:
        for part in ("device", "gateway", "headoffice"):
            self.path(f"/etc/hexiao/{part}").mkdir(parents=True, exist_ok=True)
            self.path(f"/var/lib/hexiao-{part}").mkdir(parents=True, exist_ok=True)
        self.path("/var/lib/hexiao").mkdir(exist_ok=True)

    def _start(self, part: str) -> None:
        match part:
            case "broker":
                self.broker = self._processes.start_broker(
                    self.path("/var/lib/hexiao/broker"), self.path("/etc/hexiao")
                )
            case "headoffice" | "gateway":
                self._processes.start(part, self.path(f"/etc/hexiao/{part}.toml"))
            case _:
                pass
        if part == "headoffice":
            shutil.copy(self.path("/var/lib/hexiao-headoffice/admin.token"), self.path("/etc/hexiao/office.token"))


def blocks() -> Iterator[tuple[str, str]]:
    """Yield the manual's fenced blocks: language and text."""
    for found in re.finditer(r"^```(\w*)\n(.*?)^```$", MANUAL.read_text(), re.MULTILINE | re.DOTALL):
        yield found[1], found[2]


@pytest.fixture
def shop(
    tmp_path: Path, free_port: Callable[[], int], mosquitto_program: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEXIAO_PROVISION", raising=False)
    with Processes(tmp_path, mosquitto_program) as processes:
        here = Shop(tmp_path, free_port, processes)
        monkeypatch.setattr(cli.provision.config, "MACHINE_FILE", here.path("/etc/hexiao/provision.toml"))
        here.give("sudo systemd-tmpfiles --create")
        yield here


def test_the_manual_leads_to_a_kiosk_that_is_welcomed_and_in_the_end_revoked(shop: Shop) -> None:
    for language, text in blocks():
        if language == "toml":
            shop.write(text)
            if text.startswith("# /etc/hexiao/headoffice.toml"):
                shutil.copytree(
                    shop.path("/var/lib/hexiao/office"), shop.path("/etc/hexiao/headoffice"), dirs_exist_ok=True
                )
        elif language == "sh":
            for line in text.replace("\\\n", " ").splitlines():
                if line.startswith("curl"):
                    issue_the_first_voucher(shop, line)
                    be_welcomed(shop)
                shop.give(line)
    gateway = GatewayClient(
        Door(
            "gateway",
            shop.local("http://127.0.0.1:8480"),
            read_token(shop.path("/var/lib/hexiao-gateway/console.token")),
        )
    )
    (kiosk,) = gateway.kiosks()
    assert (kiosk.id, kiosk.name, kiosk.store, kiosk.revoked) == ("till-1", "收银台1", "people-square", True)
    assert Broker(shop.path("/var/lib/hexiao/broker")).settings().revoked == ("till-1",)


def issue_the_first_voucher(shop: Shop, line: str) -> None:
    """Send what the manual's curl sends."""
    words = shlex.split(shop.local(line))
    *origin, path = words[-1].split("/", 3)
    door = Door("head office", "/".join(origin), read_token(shop.path("/etc/hexiao/office.token")))
    body = msgspec.json.decode(words[words.index("--json") + 1])
    issued = msgspec.json.decode(door.call("POST", f"/{path}", body))
    assert issued["page"].startswith(shop.local("https://office.example/v/"))


def be_welcomed(shop: Shop) -> None:
    """Connect as the kiosk does, with the files of section 5, and wait for the gateway's welcome."""
    assert shop.broker is not None
    kiosk = shop.broker.connect("device", client_id="till-1")
    kiosk.subscribe(VERDICT.of("till-1"))
    assert kiosk.publish(REQUEST.of("till-1"), encode(Hello(boot="b1"))) == 0
    kiosk.wait(lambda: any(isinstance(from_gateway(payload), Welcome) for _, payload in kiosk.received))


def test_the_manual_names_only_packages_and_files_of_this_repository() -> None:
    root = MANUAL.parent.parent
    named = re.findall(r"(?<![/\w])(?:requirements|systemd)/[\w./$-]+\w", MANUAL.read_text())
    for name in {name.replace("$part", part) for name in named for part in ("device", "gateway", "headoffice")}:
        assert (root / name).exists(), name
    for link in re.findall(r"\]\(([^)#:]+)\)", MANUAL.read_text()):
        assert Path(os.path.normpath(MANUAL.parent / link)).exists(), link
