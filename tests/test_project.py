"""The tree as a whole: locks that hold what is declared and nothing private, files of a readable size, no keys."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
#: Which extra each lock is for, and what it leaves to the operating system.
LOCKS = {"dev": set[str](), "gateway": set[str](), "headoffice": set[str](), "kiosk": {"numpy", "pillow"}}
SOURCE_LINES, TEST_LINES = 400, 500
CODE = {".py", ".sh", ".js", ".css", ".html"}

LOCKED = re.compile(r"^(?P<requirement>[a-z0-9-]+==[^\s;]+)(?: ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")
PRIVATE_KEY = re.compile(rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=]{20}")


def files() -> list[Path]:
    """Return every file of the project: tracked, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def lock_lines(name: str) -> list[str]:
    return (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8").splitlines()


def locked(name: str) -> dict[str, str]:
    """Return the version of each package in a lock."""
    pins = [match["requirement"].split("==") for line in lock_lines(name) if (match := LOCKED.match(line))]
    return {canonicalize_name(package): version for package, version in pins}


def declared(extra: str) -> list[Requirement]:
    """Return what pyproject.toml asks for with an extra, its own extras resolved."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    waiting, asked, seen = [extra], list(project["dependencies"]), set[str]()
    while waiting:
        seen.add(name := waiting.pop())
        for line in project["optional-dependencies"][name]:
            requirement = Requirement(line)
            if requirement.name == project["name"]:
                waiting.extend(requirement.extras - seen)
            else:
                asked.append(line)
    return [Requirement(line) for line in asked]


def test_there_is_a_lock_for_each_kind_of_install_and_no_other() -> None:
    assert {path.stem for path in (ROOT / "requirements").iterdir()} == set(LOCKS)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_versions_and_hashes_and_no_address(name: str) -> None:
    comment, *lines = lock_lines(name)
    assert comment == f"# What hexiao[{name}] runs on. Made by 'make lock' from pyproject.toml; do not edit."
    assert [line for line in lines if not LOCKED.match(line) and not HASH.match(line)] == []
    assert [line for line in lines if "://" in line] == []
    follows = zip(lines, [*lines[1:], ""], strict=True)
    assert [line for line, following in follows if LOCKED.match(line) and not HASH.match(following)] == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_covers_what_its_extra_asks_for(name: str) -> None:
    pins = locked(name)
    asked = [one for one in declared(name) if canonicalize_name(one.name) not in LOCKS[name]]
    assert [str(one) for one in asked if not one.specifier.contains(pins.get(canonicalize_name(one.name), "0"))] == []
    assert LOCKS[name] & set(pins) == set()


@pytest.mark.parametrize("name", set(LOCKS) - {"dev"})
def test_what_runs_in_a_shop_is_what_is_tested(name: str) -> None:
    assert locked(name).items() <= locked("dev").items()


def test_files_can_be_read_in_one_sitting() -> None:
    code = [path for path in files() if path.suffix in CODE]
    lines = {path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in code}
    limits = {path: TEST_LINES if path.parts[0] == "tests" else SOURCE_LINES for path in lines}
    assert {str(path): count for path, count in lines.items() if count > limits[path]} == {}


def test_no_private_key_lies_in_the_tree() -> None:
    assert [str(path.relative_to(ROOT)) for path in files() if PRIVATE_KEY.search(path.read_bytes())] == []


def test_a_private_key_would_be_found() -> None:
    kinds = ["", "EC ", "RSA ", "OPENSSH ", "ENCRYPTED "]
    body = "MHcCAQEEIExampleExampleExampleExample"
    assert all(PRIVATE_KEY.search(f"-----BEGIN {kind}PRIVATE {'KEY'}-----\n{body}".encode()) for kind in kinds)
