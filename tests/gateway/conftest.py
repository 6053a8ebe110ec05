"""What the gateway's tests share: certificates, and coroutines as tests."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING

import pytest

from tests.gateway.broker import Mosquitto, running
from tests.gateway.certificates import Authority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine on the loop that the gateway uses."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    with asyncio.Runner() as runner:
        runner.run(pyfuncitem.obj(**arguments))
    return True


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return an authority that all tests' certificates come from."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return an empty data folder."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def broker(
    mosquitto_program: Path, tmp_path: Path, authority: Authority, free_port: Callable[[], int]
) -> Iterator[Mosquitto]:
    """Return a running broker."""
    with running(Mosquitto(mosquitto_program, tmp_path / "broker", authority, free_port())) as mosquitto:
        yield mosquitto
