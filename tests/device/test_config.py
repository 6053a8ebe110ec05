"""The kiosk's configuration file, as a technician writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from device.config import Config, troubles
from device.counter.words import Language
from device.scan.symbologies import ReaderName
from service.config import ConfigError, load_config, shown
from tests.device.certificates import Authority

if TYPE_CHECKING:
    from pathlib import Path

SMALLEST = """
[identity]
certificate = "{folder}/till-1.pem"
key = "{folder}/till-1.key"
authority = "{folder}/test-authority.pem"

[gateway]
host = "gateway.local"

[journal]
path = "{folder}/journal.db"
"""


def written(folder: Path, *more: str) -> list[Path]:
    """Return the files of a configuration: the smallest one, and what is laid over it."""
    files = []
    for number, text in enumerate((SMALLEST.format(folder=folder), *more)):
        files.append(folder / f"{number}.toml")
        files[-1].write_text(text)
    return files


def test_what_is_not_said_has_a_default(tmp_path: Path) -> None:
    config = load_config(Config, *written(tmp_path))
    assert (config.gateway.port, config.camera.adapter, config.panel.adapter, config.oled.adapter) == (
        8883,
        "picamera2",
        "gpiozero",
        "luma",
    )
    assert config.monitor is None
    assert (config.screen.style.language, config.screen.style.rows) == (Language.ZH, 4)
    assert config.timing.offer_s == 30.0


def test_later_files_win_and_the_eyes_are_told_what_was_said(tmp_path: Path) -> None:
    overlay = (
        '[screen]\nlanguage = "en"\nfont_px = 12\n[scan]\nreaders = ["pyzbar"]\nbudget_ms = 25\n'
        '[camera]\nadapter = "rehearsal"\n[camera.options]\nframes = "/f"\n[timing]\noffer_s = 12'
    )
    config = load_config(Config, *written(tmp_path, overlay))
    assert (config.screen.style.language, config.screen.style.rows, config.screen.style.cells) == (Language.EN, 5, 21)
    assert (config.eyes.readers, config.eyes.budget_ms) == ((ReaderName.PYZBAR,), 25.0)
    assert (config.eyes.camera.adapter, config.eyes.camera.options) == ("rehearsal", {"frames": "/f"})
    assert config.timing.offer_s == 12.0


@pytest.mark.parametrize(
    ("overlay", "complaint"),
    [
        ("[scan]\nreadrs = []", r"unknown key `\$\.scan\.readrs`; did you mean `readers`"),
        ("[timing]\noffers_s = 3", r"unknown key `\$\.timing\.offers_s`; did you mean `offer_s`"),
        ("[timing]\noffer_s = 55", r"\$\.timing\.offer_s"),
        ("[screen]\nfont_px = 14", r"\$\.screen\.font_px"),
        ("[gateway]\nport = 0", r"\$\.gateway\.port"),
        ('[kamera]\nadapter = "x"', "did you mean `camera`"),
    ],
)
def test_a_mistake_is_named_by_its_path(tmp_path: Path, overlay: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        load_config(Config, *written(tmp_path, overlay))


def test_what_would_keep_it_from_working_is_told_before_it_runs(tmp_path: Path) -> None:
    overlay = (
        '[camera]\nadapter = "webcam"\n[panel]\nadapter = "gpiozero"\n[panel.options]\nok = 5\nokay = 6\n'
        '[journal]\npath = "/no/such/folder/j.db"'
    )
    found = "\n".join(troubles(load_config(Config, *written(tmp_path, overlay))))
    assert "$.identity.certificate: there is no file" in found
    assert "$.journal.path: there is no folder /no/such/folder" in found
    assert "$.camera.adapter: no adapter 'webcam'" in found
    assert "unknown key `$.panel.options.okay`" in found


def test_a_configuration_that_can_be_used_has_no_troubles(tmp_path: Path) -> None:
    Authority(tmp_path).issue("till-1")
    config = load_config(Config, *written(tmp_path))
    assert troubles(config) == []


def test_a_certificate_that_names_no_device_is_told(tmp_path: Path) -> None:
    Authority(tmp_path).issue("Till One", file="till-1")
    (found,) = troubles(load_config(Config, *written(tmp_path)))
    assert "names no device" in found


def test_every_setting_is_shown(tmp_path: Path) -> None:
    everything = shown(load_config(Config, *written(tmp_path)))
    assert everything["timing"]["offer_s"] == 30.0
    assert everything["scan"]["readers"] == ["zxing", "pyzbar"]


def test_a_claim_qr_that_is_too_large_is_told_and_the_kiosk_goes_without(tmp_path: Path) -> None:
    Authority(tmp_path).issue("till-1")
    address = "https://vouchers.example.com/" + "x" * 40
    config = load_config(Config, *written(tmp_path, f'[screen]\nclaim_qr = "{address}"'))
    (trouble,) = troubles(config)
    assert trouble.startswith("$.screen.claim_qr: 69 characters make a QR of 33 modules")
    assert config.screen.style.claim_qr == ""
    small = load_config(Config, *written(tmp_path, '[screen]\nclaim_qr = "https://q.example.cn/7K2P"'))
    assert (troubles(small), small.screen.style.claim_qr) == ([], "https://q.example.cn/7K2P")


def test_a_speaker_without_its_program_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Authority(tmp_path).issue("till-1")
    monkeypatch.setenv("PATH", "/nowhere")
    found = troubles(load_config(Config, *written(tmp_path, "[speaker]\nvolume = 60")))
    assert "$.speaker: espeak-ng is not installed: apt install espeak-ng; until then nothing is spoken" in found


def test_a_gun_that_is_not_plugged_in_is_a_trouble_that_names_what_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Authority(tmp_path).issue("till-1")
    monkeypatch.setattr("device.config.guns", lambda: ["/dev/input/by-id/usb-A4-event-kbd"])
    device = tmp_path / "event7"
    overlay = f'[gun]\ndevice = "{device}"\ninstead_of_camera = true'
    config = load_config(Config, *written(tmp_path, overlay))
    (trouble,) = [one for one in troubles(config) if "$.gun" in one]
    assert trouble.endswith("keyboards that are plugged in: /dev/input/by-id/usb-A4-event-kbd")
    device.touch()
    assert not [one for one in troubles(config) if "$.gun" in one]
