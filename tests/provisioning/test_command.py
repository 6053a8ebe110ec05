"""``hexiao provision`` on the terminal: options and their file, what it prints, its exit codes."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

import cli.provision.config
from cli.provision import app
from provisioning.broker import Broker
from provisioning.certificates import load_certificate
from tests.provisioning.services import TOKEN, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from typer.testing import Result

VERBS = [
    ["ca", "init"],
    ["broker", "write"],
    ["broker", "reload"],
    ["gateway", "add"],
    ["headoffice", "cert"],
    ["store", "add"],
    ["store", "list"],
    ["kiosk", "add"],
    ["kiosk", "list"],
    ["kiosk", "rebind"],
    ["kiosk", "revoke"],
]


@pytest.fixture(autouse=True)
def empty_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep a configuration of this machine out of the tests."""
    monkeypatch.setattr(cli.provision.config, "MACHINE_FILE", tmp_path / "none.toml")
    monkeypatch.delenv("HEXIAO_PROVISION", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as here:
        yield here


@pytest.fixture
def configuration(tmp_path: Path, service: Service, free_port: Callable[[], int]) -> Path:
    """Write a technician's file, and make authority and broker by it."""
    (tmp_path / "token").write_text(TOKEN)
    file = tmp_path / "provision.toml"
    file.write_text(f"""
        [ca]
        dir = "ca"
        [broker]
        dir = "broker"
        port = {free_port()}
        hosts = ["192.168.1.10"]
        address = "192.168.1.10:8883"
        [gateway]
        id = "gw-1"
        url = "{service.url}"
        token_file = "token"
        [headoffice]
        url = "{service.url}"
        token_file = "token"
        [kiosks]
        dir = "kiosks"
    """)
    for words in (["ca", "init"], ["broker", "write"]):
        assert given("--config", file, *words).exit_code == 0
    return file


def given(*words: str | Path, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], env=env, catch_exceptions=False)


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_verb_says_what_it_does(verb: list[str]) -> None:
    shown = given(*verb, "--help")
    assert shown.exit_code == 0
    assert "Usage: " in shown.output


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_a_verb_without_its_options_is_wrong_usage(verb: list[str]) -> None:
    assert given(*verb).exit_code == 2


def test_a_kiosk_s_own_packages_are_said_to_be_too_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.provision, "find_spec", lambda _: None)
    shown = given("ca", "init", "--dir", "ca")
    assert shown.exit_code == 1
    assert "provision from the gateway's machine" in shown.stderr


def test_the_verbs_are_listed_without_loading_what_they_need() -> None:
    program = (
        "import sys; from cli.main import app; from typer.testing import CliRunner;"
        "assert CliRunner().invoke(app, ['provision', '--help']).exit_code == 0;"
        "print({'cryptography', 'provisioning'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_an_authority_is_made_and_then_kept(tmp_path: Path) -> None:
    assert "made" in given("ca", "init", "--dir", tmp_path / "ca", "--name", "Tea").output
    assert "is there already" in given("ca", "init", "--dir", tmp_path / "ca").output
    assert load_certificate(tmp_path / "ca" / "ca.pem").subject.rfc4514_string() == "CN=Tea"


def test_the_file_fills_in_what_is_not_given(configuration: Path, tmp_path: Path) -> None:
    settings = Broker(tmp_path / "broker").settings()
    assert settings.hosts == ("192.168.1.10",)
    assert settings.gateways == ("gw-1",)
    written = given("broker", "write", "--host", "other.example", env={"HEXIAO_PROVISION": str(configuration)})
    assert written.exit_code == 0
    assert Broker(tmp_path / "broker").settings().hosts == ("other.example",)


def test_the_machine_s_own_file_counts_where_no_other_is_named(
    configuration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli.provision.config, "MACHINE_FILE", configuration)
    assert given("broker", "write").exit_code == 0


def test_the_head_office_s_certificate_does_not_take_the_broker_s_names(configuration: Path) -> None:
    missing = given("--config", configuration, "headoffice", "cert", "--out", "office")
    assert missing.exit_code == 2
    assert "--host" in missing.output


def test_a_slip_in_the_file_names_the_nearest_key(tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text("[gateway]\ntoken_fil = 'x'")
    shown = given("--config", tmp_path / "wrong.toml", "kiosk", "list")
    assert shown.exit_code == 2
    assert "did you mean `token_file`?" in shown.stderr


def test_a_kiosk_is_added_with_few_words(configuration: Path, service: Service, tmp_path: Path) -> None:
    service.answers["GET /api/kiosks"] = 200, {"kiosks": []}
    service.answers["PUT /api/kiosks/till-2"] = 200, {}
    shown = given("-c", configuration, "kiosk", "add", "till-2", "--store", "nanjing-lu")
    assert shown.exit_code == 0
    assert "till-2: bound to nanjing-lu" in shown.output
    assert {path.name for path in (tmp_path / "kiosks" / "till-2").iterdir()} == {
        "key.pem",
        "cert.pem",
        "ca.pem",
        "kiosk.toml",
    }


@pytest.mark.parametrize("address", ["192.168.1.10", ":8883", "host:", "host:port"])
def test_what_is_no_broker_s_address_is_wrong_usage(configuration: Path, address: str) -> None:
    shown = given("-c", configuration, "kiosk", "add", "till-2", "--store", "s1", "--broker", address)
    assert shown.exit_code == 2


def test_a_refusal_is_one_sentence_on_standard_error(configuration: Path, service: Service) -> None:
    service.answers["GET /api/kiosks"] = 200, {"kiosks": []}
    service.answers["PUT /api/kiosks/till-2"] = 409, {"error": "s9 is no store of this gateway"}
    shown = given("-c", configuration, "kiosk", "add", "till-2", "--store", "s9")
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr.startswith("hexiao provision: the gateway at ")
    assert "s9 is no store of this gateway" in shown.stderr
    assert len(shown.stderr.splitlines()) == 1


def test_kiosks_are_shown_whole_in_a_pipe_too(configuration: Path, service: Service) -> None:
    name = "收银台" * 8
    rows = [{"id": "till-1", "store": "nanjing-lu", "name": name, "state": "revoked", "online": False}]
    service.answers["GET /api/kiosks"] = 200, {"kiosks": rows}
    shown = given("-c", configuration, "kiosk", "list")
    assert shown.exit_code == 0
    row = next(line for line in shown.output.splitlines() if "till-1" in line)
    for word in (name, "nanjing-lu", "revoked"):
        assert word in row


def test_stores_are_shown_with_their_gateways(configuration: Path, service: Service) -> None:
    service.answers["GET /api/v1/stores"] = 200, [{"id": "s1", "name": "南京路店", "clerk_policy": "shift"}]
    service.answers["GET /api/v1/gateways"] = 200, [{"id": "gw-1", "name": "", "stores": ["s1"]}]
    shown = given("-c", configuration, "store", "list")
    row = next(line for line in shown.output.splitlines() if "s1" in line)
    for word in ("南京路店", "shift", "gw-1"):
        assert word in row


def test_a_revocation_says_what_is_done(configuration: Path, service: Service, tmp_path: Path) -> None:
    service.answers["POST /api/kiosks/till-2/revoke"] = 200, {}
    shown = given("-c", configuration, "kiosk", "revoke", "till-2")
    assert (shown.exit_code, shown.output) == (0, "till-2: revoked in the registry and denied at the broker\n")
    assert Broker(tmp_path / "broker").settings().revoked == ("till-2",)


def test_a_revocation_that_only_the_broker_heard_of_fails_and_asks_for_another(
    configuration: Path, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    shown = given("-c", configuration, "kiosk", "revoke", "till-2", "--gateway-url", nobody)
    assert shown.exit_code == 1
    assert "Give this command again" in shown.stderr
    assert Broker(tmp_path / "broker").settings().revoked == ("till-2",)


def test_a_broker_that_does_not_run_cannot_be_told(configuration: Path) -> None:
    shown = given("-c", configuration, "broker", "reload")
    assert shown.exit_code == 1
    assert "no broker runs" in shown.stderr
