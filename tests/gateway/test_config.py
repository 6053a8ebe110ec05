"""What ``hexiao gateway check`` finds wrong before the gateway is started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.config import Config, troubles
from service.config import convert_config

if TYPE_CHECKING:
    from pathlib import Path

BUNDLE = ("certificate", "key", "authority")


def _config(bundle: Path, data: Path) -> Config:
    files = {name: str(bundle / f"{name}.pem") for name in BUNDLE}
    values = {
        "data": str(data),
        "broker": {"host": "127.0.0.1", **files},
        "headoffice": {"url": "https://headoffice.example:8443", **files},
    }
    return convert_config(values, Config)


def test_a_usable_configuration_has_no_troubles(tmp_path: Path) -> None:
    for name in BUNDLE:
        (tmp_path / f"{name}.pem").touch()
    assert troubles(_config(tmp_path, tmp_path / "data")) == []


def test_every_missing_file_is_named_by_its_path_in_the_configuration_with_its_cure(tmp_path: Path) -> None:
    found = troubles(_config(tmp_path, tmp_path / "data"))
    for section in ("broker", "headoffice"):
        for name in BUNDLE:
            (sentence,) = [one for one in found if one.startswith(f"$.{section}.{name}:")]
            assert str(tmp_path / f"{name}.pem") in sentence
            assert "hexiao provision gateway add" in sentence


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    assert any(one.startswith("$.data:") for one in troubles(_config(tmp_path, tmp_path / "absent" / "data")))
