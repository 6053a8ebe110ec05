"""What every test can ask for: free ports, the photographs, Debian's programs; and a check of every log call."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from benchmarks.photographs import FOLDER
from simulator.ports import Ports
from simulator.postgresql import newest_programs

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from playwright.sync_api import Browser

#: How many objects are made before garbage is looked for among the young, and how many such looks before older ones.
GARBAGE = (10_000, 20, 20)
SYSTEM_FOLDERS = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin"])

QUIET_BROWSER = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

# How long an example takes says more about what else the machine does than about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a test that fails name the rules that it was marked to keep."""
    report = yield
    if report.failed:
        broken = [f"rule {rule} of docs/redemption.md" for mark in item.iter_markers("rule") for rule in mark.args]
        report.sections += [("broken", line) for line in broken]
    return report


#: Files that take minutes come first, so that the many quick ones fill what time they leave at the end; those that
#: mostly wait come beside those that mostly compute.
SLOWEST_FIRST = ("certainty/test_histories", "scenarios/", "certainty/", "headoffice/desk/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring the tests into the order in which files are handed out to the workers."""
    items.sort(
        key=lambda item: next((at for at, slow in enumerate(SLOWEST_FIRST) if slow in item.nodeid), len(SLOWEST_FIRST))
    )


def pytest_collection_finish() -> None:
    """Take what is loaded by now for something that stays: looking for garbage in it took a seventh of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)


@pytest.fixture(autouse=True)
def log_calls_are_well_formed() -> Iterator[None]:
    """Fail the test on a log call whose arguments do not fit its text, in whatever thread, swallowed or not."""
    make_record = logging.getLogRecordFactory()
    wrong: list[str] = []

    def make_checked_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make_record(*args, **kwargs)
        try:
            record.getMessage()
        except (TypeError, ValueError, KeyError) as error:
            wrong.append(f"{record.pathname}:{record.lineno}: {record.msg!r} % {record.args!r}: {error}")
        return record

    logging.setLogRecordFactory(make_checked_record)
    yield
    logging.setLogRecordFactory(make_record)
    if wrong:
        pytest.fail("a log call is badly formatted:\n" + "\n".join(wrong), pytrace=False)


@pytest.fixture(scope="session")
def free_port() -> Iterator[Callable[[], int]]:
    """Return a function that gives a free port of loopback at each call, nobody else's while this run lasts."""
    with contextlib.closing(Ports()) as ports:
        yield ports.choose


@pytest.fixture(scope="session")
def photographs() -> Path:
    """Return the folder of real photographs of codes: ``HEXIAO_PHOTOGRAPHS``, or the one laid beside the checkout.

    They are too large for this repository, so a test that asks for them is skipped where they are not.
    """
    if not FOLDER.is_dir():
        pytest.skip(f"there are no photographs at {FOLDER}; name their folder in HEXIAO_PHOTOGRAPHS")
    return FOLDER


@pytest.fixture(scope="session")
def mosquitto_program() -> Path:
    """Return Mosquitto's broker."""
    return found("mosquitto", shutil.which("mosquitto", path=SYSTEM_FOLDERS))


@pytest.fixture(scope="session")
def postgresql_programs() -> Path:
    """Return the folder of the newest PostgreSQL's own programs: initdb, postgres, pg_ctl.

    The server refuses to run as root: start it there as the user ``postgres``, who comes with the package.
    """
    return newest_programs()


@pytest.fixture(scope="session")
def chromium_program() -> Path:
    """Return a browser that Playwright can drive: Debian's Chromium, Chrome, or Playwright's own."""
    for name in ("chromium", "google-chrome", "google-chrome-stable"):
        path = shutil.which(name)
        if path and not path.startswith("/snap/"):
            return Path(path)
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow, and only here

    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    return found("Chromium", own if own.exists() else None)


@pytest.fixture(scope="module")
def browser(chromium_program: Path) -> Iterator[Browser]:
    """Return a browser without a window, that asks its makers for nothing."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow, and only for pages

    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_program, args=[*QUIET_BROWSER, *as_root])
        yield started
        started.close()


@pytest.fixture(scope="session")
def systemd_analyze_program() -> Path:
    """Return systemd-analyze, which verifies units."""
    return found("systemd-analyze", shutil.which("systemd-analyze"))


def found(name: str, path: str | Path | None) -> Path:
    """Return the path of a program; fail where there is none, for a suite that skips its real parts proves nothing."""
    if path is None:
        pytest.fail(f"{name} is not installed: make setup", pytrace=False)
    return Path(path)
