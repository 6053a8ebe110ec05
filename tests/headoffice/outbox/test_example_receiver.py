"""The documentation's receiver, told by a head office: killed again and again, it books each event once, in order."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.headoffice.process import Running, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "webhook_receiver.py"
ARRIVED_S = 60.0
KILLS = 6


@pytest.fixture
def office(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Running]:
    """Run a head office that may send to loopback."""
    with running(tmp_path, free_port(), free_port(), **{"webhooks.networks": ["127.0.0.0/8"]}) as here:
        yield here


@contextmanager
def _receiving(port: int, file: Path, secret: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-W", "error", str(EXAMPLE), str(port), str(file)]
    with subprocess.Popen(command, env={**os.environ, "HEXIAO_SECRET": secret}, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def _call(office: Running, method: str, path: str, body: Any = None) -> Any:
    status, answer = office.api(method, path, body)
    assert status < 400, answer
    return json.loads(answer)


def _booked(file: Path) -> list[tuple[str, str, dict[str, Any]]]:
    if not file.exists():
        return []
    with closing(sqlite3.connect(file)) as books:
        try:
            rows = books.execute("SELECT id, type, body FROM events ORDER BY rowid").fetchall()
        except sqlite3.OperationalError:  # it has not made its table yet
            return []
    return [(event, type_, json.loads(body)["data"]) for event, type_, body in rows]


def _until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + ARRIVED_S
    while not true():
        assert time.monotonic() < until, "it has not come to that"
        time.sleep(0.05)


def test_killed_and_started_again_it_has_lost_nothing_and_doubled_nothing(
    office: Running, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    port, file = free_port(), tmp_path / "books.db"
    wanted = {"url": f"http://127.0.0.1:{port}/", "events": ["voucher.issued", "voucher.gift", "voucher.take-back"]}
    secret = _call(office, "POST", "/api/v1/webhooks", wanted)["secret"]
    codes: list[str] = []
    for _ in range(KILLS):
        with _receiving(port, file, secret) as receiver:
            before = len(_booked(file))
            for _ in range(5):
                codes.append(_call(office, "POST", "/api/v1/vouchers", {})["code"])
                for step in ("gift", "take-back"):
                    _call(office, "POST", f"/api/v1/vouchers/{codes[-1]}/{step}")
            _until(lambda before=before: len(_booked(file)) > before)  # type: ignore[misc] # mypy infers no defaults
            receiver.kill()
    with _receiving(port, file, secret):
        _until(lambda: _call(office, "GET", "/api/v1/webhooks")[0]["waiting"] == 0)

    booked = _booked(file)
    assert len(booked) == len({event for event, _, _ in booked}) == 3 * len(codes)
    for code in codes:
        voucher = _call(office, "GET", f"/api/v1/vouchers/{code}")["id"]
        told = [type_ for _, type_, data in booked if data["voucher"]["id"] == voucher]
        assert told == ["voucher.issued", "voucher.gift", "voucher.take-back"]


def test_the_command_adds_tries_lists_and_replays(
    office: Running, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    port, file = free_port(), tmp_path / "books.db"
    config = ["--config", str(tmp_path / "headoffice.toml")]

    def run(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, ["headoffice", "webhooks", *words, *config])
        assert result.exit_code == code, result.output
        return result.output

    assert "nobody is told" in run("list")
    assert "voucher.take-back" in run("events")
    assert "must begin with https" in run("add", "http://erp.example/", "-e", "*", code=1)
    name, secret = run("add", f"http://127.0.0.1:{port}/", "-e", "*").split()[1::2]
    assert "cannot be reached" in run("test", name, code=1)
    with _receiving(port, file, secret):
        _until(lambda: len(_booked(file)) == 1)
        assert "has arrived" in run("test", name)
        assert f"{name}  http://127.0.0.1:{port}/  event  *\n" in run("list")
        shown = [json.loads(line) for line in run("show", name, "--state", "delivered").splitlines()]
        assert [row["body"]["type"] for row in shown] == ["webhook.test"] * 2
        assert "1 deliveries" in run("replay", name, "--event", shown[0]["event"])
        _until(lambda: "waiting" not in run("list"))
        assert len(_booked(file)) == 2
    assert "secret  whsec_" in run("rotate", name)
    assert "paused" in run("change", name, "-e", "voucher.gift", "--paused")
    assert "is removed" in run("remove", name)
    assert "nobody is told" in run("list")
