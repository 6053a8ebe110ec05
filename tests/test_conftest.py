"""What tests/conftest.py promises to the other tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import found

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent

SWALLOWED = """
import logging, threading
def guarded():
    try:
        logging.getLogger("gateway").debug("redeemed rid=%s kiosk=%s", "abc")
    except Exception:
        pass
def test_it():
    thread = threading.Thread(target=guarded)
    thread.start()
    thread.join()
"""


@pytest.mark.parametrize(("call", "code"), [('"abc")', 1), ('"abc", "till-1")', 0)])
def test_a_badly_formatted_log_call_fails_its_test(call: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "test_planted.py").write_text(SWALLOWED.replace('"abc")', call))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.conftest",
        "-c",
        str(ROOT / "pyproject.toml"),
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert ("a log call is badly formatted" in done.stdout) == bool(code)


def test_ports_are_given_once(free_port: Callable[[], int]) -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == len(ports)


def test_a_missing_program_fails_the_test_that_asks_for_it() -> None:
    with pytest.raises(pytest.fail.Exception, match="mosquitto is not installed: make setup"):
        found("mosquitto", None)


@given(st.integers())
def test_properties_can_be_tested_beside_the_fixtures(number: int) -> None:
    assert number - number == 0


def test_the_real_programs_are_here(
    mosquitto_program: Path, postgresql_programs: Path, chromium_program: Path, systemd_analyze_program: Path
) -> None:
    assert mosquitto_program.is_file()
    assert (postgresql_programs / "postgres").is_file()
    assert chromium_program.is_file()
    assert systemd_analyze_program.is_file()
