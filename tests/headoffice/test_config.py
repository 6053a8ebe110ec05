"""What an operator can say, what is wrong with it, and what is not shown of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from headoffice.access import is_token, token_in
from headoffice.config import Config, troubles
from headoffice.errors import StartError
from service.config import ConfigError, load_config, shown

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a configuration that can be used."""
    for name in ("cert.pem", "key.pem", "ca.pem"):
        (tmp_path / name).touch()
    file = tmp_path / "headoffice.toml"
    file.write_text(f"""
        data = "{tmp_path}/data"
        [upstream]
        certificate = "{tmp_path}/cert.pem"
        key = "{tmp_path}/key.pem"
        authority = "{tmp_path}/ca.pem"
    """)
    return file


def _with(config: Path, more: str) -> Config:
    over = config.with_name("over.toml")
    over.write_text(more)
    return load_config(Config, config, over)


def test_the_least_that_must_be_said_is_enough(config: Path, tmp_path: Path) -> None:
    loaded = load_config(Config, config)
    assert troubles(loaded) == []
    assert loaded.database == f"sqlite:///{tmp_path}/data/hexiao.db"
    assert loaded.redemptions.undo_window_s == 900


@pytest.mark.parametrize(
    ("more", "trouble"),
    [
        ('[upstream]\nkey = "/nowhere/key.pem"', "$.upstream.key: there is no file /nowhere/key.pem"),
        ('database_url = "no address"', "$.database_url: is no database address"),
        ('database_url = "mysql://db/hexiao"', "$.database_url: mysql is not served"),
        ('database_url = "sqlite://"', "$.database_url: names no database"),
        ('[public]\nurl = "vouchers.example"', "$.public.url: must begin with http"),
        ('[public]\nhost = "0.0.0.0"', "$.public.url: is missing"),
        (
            '[notices.sms]\nkey_id = "a"\nsecret_file = "/nowhere/secret"\nsign = "a"\ntemplates.zh.issued = "SMS_1"',
            "$.notices.sms.secret_file: there is no file /nowhere/secret",
        ),
        (
            (
                '[notices.wechat]\nurl = "http://elsewhere"\napp_id = "a"\n'
                f'secret_file = "{__file__}"\ntemplates.en.issued = {{ id = "a", fields = {{ thing1 = "title" }} }}'
            ),
            "$.notices.wechat.url: must begin with https://",
        ),
        (
            '[notices.email]\nserver = "mail"\nuser = "a"\nsender = "a@b"',
            "$.notices.email.password_file: is missing",
        ),
        (
            '[notices.email]\nserver = "mail"\nsecurity = "none"\nsender = "a@b"',
            "$.notices.email.security: none is for a server on this machine alone",
        ),
        ('[notices]\nauthority = "/nowhere/ca.pem"', "$.notices.authority: /nowhere/ca.pem is not there"),
        (
            '[redemptions]\nown_journal = "/nowhere/own.journal"',
            "$.redemptions.own_journal: the folder /nowhere is not there",
        ),
        ("[public]\nport = 8601", "$.upstream.port: is the public door's"),
    ],
)
def test_what_would_keep_it_from_working_is_named(config: Path, more: str, trouble: str) -> None:
    (found,) = troubles(_with(config, more))
    assert found.startswith(trouble)


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ("[public]\nprot = 1", "`$.public.prot`; did you mean `port`"),
        ("[upstream]\nport = 70000", "$.upstream.port"),
        ("[redemptions]\nundo_window_s = -1", "$.redemptions.undo_window_s"),
    ],
)
def test_a_mistake_is_named_by_its_path(config: Path, more: str, named: str) -> None:
    with pytest.raises(ConfigError) as refused:
        _with(config, more)
    assert named in str(refused.value)


def test_the_databases_password_is_not_shown(config: Path) -> None:
    loaded = _with(config, 'database_url = "postgresql+psycopg://hexiao:hunter2@db/hexiao"')
    assert troubles(loaded) == []
    assert "hunter2" not in repr(shown(loaded))
    assert "hexiao:***@db" in repr(shown(loaded))


def test_the_token_is_made_once_and_never_empty(tmp_path: Path) -> None:
    file = tmp_path / "data" / "admin.token"
    token = token_in(file)
    assert len(token) > 40
    assert token_in(file) == token
    file.write_text("\n")
    with pytest.raises(StartError, match="is empty"):
        token_in(file)
    with pytest.raises(StartError, match="cannot be read or made"):
        token_in(file / "admin.token")


def test_only_the_whole_token_is_the_token() -> None:
    assert is_token("a-token", "a-token")
    for given in ("", "a-toke", "a-token ", "A-TOKEN", "é"):
        assert not is_token(given, "a-token")


def test_a_platform_that_cannot_be_called_is_named_with_its_place(config: Path) -> None:
    one = '[[platforms]]\nname = "cards"\nconnector = "nowhere"\n'
    wrong = troubles(_with(config, one + one))
    assert wrong[0].startswith("$.platforms[0].connector: no adapter 'nowhere'")
    assert any(trouble.startswith("$.platforms[1].name: cards is there already") for trouble in wrong)
    with pytest.raises(ConfigError, match=r"platforms\[0\]\.name"):
        _with(config, '[[platforms]]\nname = "a/b"\nconnector = "nowhere"\n')
