"""Configuration: merged, typed, mistakes named by path, secrets masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import pytest
from msgspec import Meta

from service.adapters import AdapterChoice, AdapterMissingError, build_adapter, load_adapter
from service.config import ConfigError, Section, convert_config, load_config, shown

if TYPE_CHECKING:
    from pathlib import Path


class _Buttons(Section, frozen=True, kw_only=True):
    cancel_pin: Annotated[int, Meta(ge=0, le=27)] = 6
    ok_pin: int = 5


class _Store(Section, frozen=True, kw_only=True):
    name: str


class _Config(Section, frozen=True, kw_only=True):
    buttons: _Buttons = _Buttons()
    stores: tuple[_Store, ...] = ()
    admin_token: str = "swordfish"
    database_url: str = "postgresql://hexiao:swordfish@db/hexiao"


def _file(folder: Path, text: str, name: str = "a.toml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_later_files_win_key_by_key(tmp_path: Path) -> None:
    vendor = _file(tmp_path, "[buttons]\nok_pin = 7\ncancel_pin = 8\n")
    operator = _file(tmp_path, "[buttons]\ncancel_pin = 9\n", "b.toml")
    assert load_config(_Config, vendor, operator).buttons == _Buttons(ok_pin=7, cancel_pin=9)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[buttons]\ncancle_pin = 6\n", ("$.buttons.cancle_pin", "did you mean `cancel_pin`")),
        ("[butons]\n", ("$.butons", "did you mean `buttons`")),
        ("[[stores]]\nnmae = 'x'\n", ("$.stores[0].nmae", "did you mean `name`")),
        ("[buttons]\ncancel_pin = 99\n", ("$.buttons.cancel_pin", "<= 27")),
        ("[buttons]\ncancel_pin = 'six'\n", ("$.buttons.cancel_pin", "Expected `int`")),
        ("[buttons\n", ("is not TOML",)),
    ],
)
def test_a_mistake_is_named_by_file_and_path(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    file = _file(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(_Config, file)
    for word in (str(file), *words):
        assert word in str(caught.value)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--config"):
        load_config(_Config, tmp_path / "absent.toml")


def test_secrets_are_masked_when_the_configuration_is_shown() -> None:
    values = str(shown(_Config()))
    assert "swordfish" not in values
    assert "hexiao:***@db" in values


def test_an_option_of_an_adapter_is_named_by_its_whole_path() -> None:
    with pytest.raises(ConfigError, match=r"\$\.camera\.options\.ok_pni"):
        convert_config({"ok_pni": 1}, _Buttons, where="$.camera.options")


def test_an_adapter_that_is_not_installed_is_named_with_those_that_are() -> None:
    with pytest.raises(AdapterMissingError, match="picamera2"):
        load_adapter("camera", "telescope")
    with pytest.raises(AdapterMissingError, match="telescope"):
        build_adapter("camera", AdapterChoice(adapter="telescope"))
