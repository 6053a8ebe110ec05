"""``make setup`` on machines where something is missing or refused, with stand-ins for dpkg, apt and sudo."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ["awk", "bash", "cat", "dirname", "env", "flock", "grep", "paste", "pwd", "sed", "sha256sum"]
RUN_PACKAGES = ["libzbar0", "mosquitto", "xfonts-wqy", "fonts-unifont"]


class Machine:
    """A checkout on a machine that has no more programs than it is given."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "check out"
        self.programs = folder / "bin"
        shutil.copytree(ROOT / "tools", self.checkout / "tools")
        shutil.copytree(ROOT / "requirements", self.checkout / "requirements")
        shutil.copy(ROOT / "pyproject.toml", self.checkout)
        self.programs.mkdir()
        for name in PROGRAMS:
            path = shutil.which(name)
            assert path, name
            (self.programs / name).symlink_to(path)
        self.has("python3", f'exec "{sys.executable}" "$@"')
        self.has("id", "echo 1000")
        self.has("apt-cache", '[ "$2" != libzbar0t64 ] && echo "  Candidate: 1"')
        self.installed([])

    def has(self, name: str, script: str) -> None:
        program = self.programs / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    def installed(self, packages: list[str]) -> None:
        self.has("dpkg-query", "\n".join(f"echo 'installed {name}'" for name in packages))

    def run(self, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.checkout,
            env={"PATH": str(self.programs), "HOME": str(self.checkout), **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_without_sudo_it_says_which_command_root_must_give(machine: Machine) -> None:
    done = machine.run("tools/setup.sh", "run")
    assert done.returncode == 1
    assert "there is no sudo" in done.stdout
    assert (
        "    apt-get update && apt-get install --yes --no-remove --no-install-recommends libzbar0 mosquitto"
        in done.stdout
    )


def test_where_sudo_refuses_it_says_which_command_to_give(machine: Machine) -> None:
    machine.has("sudo", "exit 1")
    done = machine.run("tools/setup.sh", "run")
    assert done.returncode == 1
    assert "    sudo sh -c 'apt-get update && apt-get install --yes" in done.stdout
    assert not (machine.checkout / ".venv").exists()


def test_nobody_is_asked_for_a_password_without_a_terminal(machine: Machine) -> None:
    machine.has("sudo", 'echo "sudo $*"; [ "$2" = true ]')
    machine.installed(RUN_PACKAGES[1:])
    done = machine.run("tools/setup.sh", "run")
    assert "sudo -n true" in done.stdout
    assert "sudo -n tools/debian.sh install libzbar0t64|libzbar0" in done.stdout
    assert done.returncode == 1
    assert "apt could not install them" in done.stdout


def test_only_what_is_missing_is_named(machine: Machine) -> None:
    machine.installed([name for name in RUN_PACKAGES if name != "mosquitto"])
    assert machine.run("tools/debian.sh", "missing", "run").stdout.split() == ["mosquitto"]
    assert {"mosquitto", "fonts-noto-cjk"} <= set(machine.run("tools/debian.sh", "missing", "all").stdout.split())


@pytest.mark.parametrize("name", ["libzbar0", "libzbar0t64"])
def test_a_package_counts_under_its_old_and_its_new_name(machine: Machine, name: str) -> None:
    machine.installed([name, *RUN_PACKAGES[1:]])
    assert machine.run("tools/debian.sh", "missing", "run").stdout == ""


def test_a_half_removed_package_is_missing(machine: Machine) -> None:
    machine.installed([name for name in RUN_PACKAGES if name != "xfonts-wqy"])
    with (machine.programs / "dpkg-query").open("a") as script:
        script.write("echo 'config-files xfonts-wqy'\n")
    assert machine.run("tools/debian.sh", "missing", "run").stdout.split() == ["xfonts-wqy"]


@pytest.mark.parametrize("python", ["/nowhere/python3", "false"])
def test_an_unfit_python_is_refused_by_name(machine: Machine, python: str) -> None:
    done = machine.run("tools/setup.sh", "run", PYTHON=python)
    assert done.returncode == 1
    assert f"PYTHON={python}" in done.stdout


def test_another_system_is_told_what_to_install(machine: Machine) -> None:
    (machine.programs / "dpkg-query").unlink()
    done = machine.run("tools/setup.sh", "run")
    assert done.returncode == 1
    assert "tools/debian-packages.txt" in done.stdout


def test_every_script_is_sound_shell() -> None:
    scripts = [*(ROOT / "tools").glob("*.sh"), ROOT / ".ci" / "run"]
    assert all(os.access(script, os.X_OK) for script in scripts)
    for script in scripts:
        subprocess.run(["bash", "-n", script], check=True)
