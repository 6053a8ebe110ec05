"""The configuration that a new kiosk is handed, as the kiosk itself reads it."""

from __future__ import annotations

from pathlib import Path

from device.config import Config, troubles
from provisioning.kiosk_config import kiosk_config
from service.adapters import AdapterChoice, load_adapter
from service.config import convert_config, load_config


def handed_over(tmp_path: Path) -> Config:
    file = tmp_path / "kiosk.toml"
    file.write_text(kiosk_config("till-1", "192.168.1.10", 8883, Path("/etc/hexiao/device")))
    return load_config(Config, file)


def test_the_kiosk_understands_it(tmp_path: Path) -> None:
    config = handed_over(tmp_path)
    assert config.identity.certificate == "/etc/hexiao/device/cert.pem"
    assert (config.gateway.host, config.gateway.port) == ("192.168.1.10", 8883)


def test_only_the_files_and_folders_of_a_kiosk_are_missing_here(tmp_path: Path) -> None:
    assert {found.split(":")[0] for found in troubles(handed_over(tmp_path))} <= {
        "$.identity.certificate",
        "$.identity.key",
        "$.identity.authority",
        "$.journal.path",
    }


def test_what_it_spells_out_is_what_the_kiosk_takes_by_itself(tmp_path: Path) -> None:
    config = handed_over(tmp_path)
    ports: dict[str, AdapterChoice] = {"panel": config.panel, "oled": config.oled}
    for port, choice in ports.items():
        options = load_adapter(port, choice.adapter).Options
        assert choice.options
        assert convert_config(choice.options, options) == options()
    plain = Config(identity=config.identity, gateway=config.gateway)
    assert (config.journal, config.screen, config.log) == (plain.journal, plain.screen, plain.log)
