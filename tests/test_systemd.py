"""The units, users and folders of systemd/, as systemd itself reads them."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app

SYSTEMD = Path(__file__).resolve().parent.parent / "systemd"
UNITS = sorted(path.name for path in SYSTEMD.glob("*.service"))
PARTIES = ["device", "gateway", "headoffice"]
INSTALLED = "/opt/hexiao/venv/bin/hexiao"


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def verify(systemd_analyze: Path, unit: Path) -> subprocess.CompletedProcess[str]:
    """Let systemd read a unit as if the command were installed: its path alone is replaced by one that is here."""
    unit.write_text(unit.read_text().replace(INSTALLED, sys.executable))
    return run(systemd_analyze, "verify", "--man=no", unit)


def settings(name: str) -> dict[str, str]:
    """Return the settings of a unit; of one that stands there several times, the last."""
    lines = (SYSTEMD / name).read_text().splitlines()
    return {key: value for key, found, value in (line.partition("=") for line in lines if line[:1].isalpha()) if found}


def test_there_is_a_unit_for_each_process_of_production() -> None:
    assert {f"hexiao-{name}.service" for name in ("broker", *PARTIES)} == set(UNITS)


@pytest.mark.parametrize("name", UNITS)
def test_systemd_verifies_the_unit_without_a_word(name: str, tmp_path: Path, systemd_analyze_program: Path) -> None:
    unit = Path(shutil.copy(SYSTEMD / name, tmp_path))
    done = verify(systemd_analyze_program, unit)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("ProtectSystem=strict", "ProtectSytem=strict"),
        ("WatchdogSec=15", "WatchdogSec=soon"),
        (INSTALLED, "/no/hexiao"),
    ],
)
def test_a_slip_in_a_unit_would_be_seen(right: str, wrong: str, tmp_path: Path, systemd_analyze_program: Path) -> None:
    unit = tmp_path / "hexiao-device.service"
    unit.write_text((SYSTEMD / unit.name).read_text().replace(right, wrong))
    assert verify(systemd_analyze_program, unit).stderr != ""


@pytest.mark.parametrize("party", PARTIES)
def test_what_a_unit_starts_is_a_command_of_ours(party: str) -> None:
    program, *words = shlex.split(settings(f"hexiao-{party}.service")["ExecStart"])
    assert program == INSTALLED
    assert words == [party, "run", "--config", f"/etc/hexiao/{party}.toml"]
    shown = CliRunner().invoke(app, [*words[:2], "--help"])
    assert shown.exit_code == 0
    assert "--config" in shown.output


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_comes_back_by_itself_and_waits_for_no_clock(name: str) -> None:
    unit = settings(name)
    assert unit["Type"] == "notify"
    assert unit["Restart"] == "always"
    assert unit["StartLimitIntervalSec"] == "0"
    assert "time-sync" not in unit["After"]
    assert "network-online" not in unit["After"]
    assert unit["User"] not in {"", "root"}


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_fenced_in(name: str, tmp_path: Path, systemd_analyze_program: Path) -> None:
    unit = shutil.copy(SYSTEMD / name, tmp_path)
    done = run(systemd_analyze_program, "security", "--offline=yes", "--threshold=25", unit)
    assert done.returncode == 0, done.stdout[-200:] + done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_users_and_folders_are_made_as_the_units_need_them(tmp_path: Path) -> None:
    (tmp_path / "etc/hexiao/device").mkdir(parents=True)
    (tmp_path / "etc/hexiao/device/key.pem").touch(mode=0o600)
    made = (
        run("systemd-sysusers", f"--root={tmp_path}", *(SYSTEMD / "sysusers.d").glob("*.conf")),
        run("systemd-tmpfiles", f"--root={tmp_path}", "--create", *(SYSTEMD / "tmpfiles.d").glob("*.conf")),
    )
    for done in made:
        assert done.returncode == 0, done.stderr
        assert "uplicate" not in done.stderr
        assert "ignoring" not in done.stderr
    users = {line.split(":")[0]: int(line.split(":")[3]) for line in (tmp_path / "etc/passwd").read_text().splitlines()}
    assert set(users) == {f"hexiao-{party}" for party in PARTIES}
    for party in PARTIES:
        folder = (tmp_path / "etc/hexiao" / party).stat()
        assert (folder.st_mode & 0o777, folder.st_uid, folder.st_gid) == (0o750, 0, users[f"hexiao-{party}"])
    key = (tmp_path / "etc/hexiao/device/key.pem").stat()
    assert (key.st_mode & 0o777, key.st_uid, key.st_gid) == (0o640, 0, users["hexiao-device"])
    assert (tmp_path / "var/lib/hexiao/ca").stat().st_mode & 0o777 == 0o700
