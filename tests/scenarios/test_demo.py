"""``hexiao demo`` from its first line to its last: it sets itself up, and it leaves nothing behind however it ends."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from simulator.ports import Ports
from tests.scenarios.counter import Counter, Demo, processes_of
from tests.simulator.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Starts the command with SIGINT ignored, as a shell starts a job in the background.
DEAF = (
    sys.executable,
    "-c",
    "import os, signal, sys; signal.signal(2, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])",
)


@contextmanager
def running(
    data: Path | None, *, kiosks: int = 1, command: tuple[str, ...] = (), more: tuple[str, ...] = ()
) -> Iterator[Demo]:
    demo = Demo(data, kiosks, command, more)
    try:
        yield demo
    finally:
        demo.kill()


def leads_everywhere(rehearsal: dict[str, Any]) -> None:
    """Use everything that a rehearsal says of itself."""
    (kiosk,) = rehearsal["kiosks"]
    assert (kiosk["id"], kiosk["store"], kiosk["clerk_required"]) == ("till-1", "nanjing-lu", False)
    for file in (kiosk["cert"], kiosk["key"], rehearsal["broker"]["ca"], rehearsal["provision"]["config"]):
        assert Path(file).is_file()
    for name, path in (("headoffice", "/api/v1/stores"), ("gateway", "/api/kiosks")):
        party = Counter(rehearsal[name]["url"])
        assert party.call("GET", path).status == 401
        bearer = {"Authorization": f"Bearer {rehearsal[name]['token']}"}
        assert party.call("GET", path, headers=bearer).status == 200
    assert Counter(rehearsal["headoffice"]["url"]).call("GET", "/openapi.json").status == 200
    socket.create_connection((rehearsal["broker"]["host"], rehearsal["broker"]["port"])).close()


def test_it_redeems_a_first_voucher_tells_each_step_and_ends_at_sigint(tmp_path: Path) -> None:
    with closing(Ports()) as ports:
        port = ports.choose()
    with running(tmp_path / "demo", more=("--port", str(port))) as demo:
        until(lambda: any("broker" in line for line in demo.lines), within_s=30)
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))  # its own long before it answers there
        url = demo.until_ready()
        assert url == f"http://127.0.0.1:{port}"
        *steps, ready = demo.lines
        assert ready == f"READY {url}"
        assert all(step.startswith("✓ ") and step.endswith(" s)") for step in steps)
        told = "\n".join(steps)
        for word in ("broker", "head office", "gateway", "南京路店", "till-1", "核销成功", "books"):
            assert word in told
        counter = Counter(url)
        state = counter.kiosk().state()
        assert (state["screen"], state["verdict"], state["link"]) == ("idle", None, "up")
        assert [row["verdict"] for row in counter.books()["headoffice"]] == ["redeemed"]
        leads_everywhere(counter.good("GET", "/api/rehearsal"))
        # Itself, broker, head office, gateway, kiosk, and the kiosk's camera.
        assert len(processes_of(demo, tmp_path / "demo")) == 6
        assert demo.stop() == 0
        until(lambda: not processes_of(demo, tmp_path / "demo"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_during_the_start_ends_it(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path / "demo") as demo:
        until(lambda: any("broker" in line for line in demo.lines), within_s=30)
        demo.process.send_signal(number)
        assert demo.ended() == 0
        assert not any(line.startswith("READY") for line in demo.lines)
        until(lambda: not processes_of(demo, tmp_path / "demo"))


def test_nothing_outlives_it_when_it_is_killed(tmp_path: Path) -> None:
    with running(tmp_path / "demo") as demo:
        demo.until_ready()
        demo.process.kill()
        until(lambda: not processes_of(demo, tmp_path / "demo"))


def test_two_stand_side_by_side_and_know_nothing_of_each_other(tmp_path: Path) -> None:
    with running(tmp_path / "one") as one, running(tmp_path / "two") as two:
        counters = [Counter(demo.until_ready()) for demo in (one, two)]
        code = counters[0].issue(title="只在这里")["qr_text"]
        assert counters[0].kiosk().redeem(code)["light"]["colour"] == "green"
        assert counters[1].kiosk().looked(code)["verdict"] == "unknown_code"
        assert one.stop() == 0
        assert counters[1].kiosk().state()["link"] == "up"


def test_a_folder_that_is_kept_goes_on_where_it_was_and_sigint_ends_it_though_ignored_at_its_start(
    tmp_path: Path,
) -> None:
    with running(tmp_path / "demo", command=DEAF) as demo:
        counter = Counter(demo.until_ready())
        voucher = counter.issue(title="留着", kind="multi_use", uses=2)
        rid = counter.kiosk().redeem(voucher["qr_text"])["rid"]
        before = counter.good("GET", "/api/rehearsal")
        key = Path(before["kiosks"][0]["key"]).read_bytes()
        assert demo.stop() == 0
        until(lambda: not processes_of(demo, tmp_path / "demo"))
    with running(tmp_path / "demo", kiosks=2) as demo:
        counter = Counter(demo.until_ready())
        assert set(counter.rows(rid)) == {"till-1", "gateway", "headoffice"}
        assert "剩余0次" in "".join(counter.kiosk("till-2").redeem(voucher["qr_text"])["lines"])
        after = counter.good("GET", "/api/rehearsal")
        assert Path(after["kiosks"][0]["key"]).read_bytes() == key
        assert after["headoffice"] == before["headoffice"]


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with running(tmp_path / "demo", more=("--port", str(port))) as demo:
            assert demo.ended() == 1
            assert f"port {port} of 127.0.0.1 is taken" in "\n".join(demo.lines)


def test_a_folder_in_use_is_said(tmp_path: Path) -> None:
    with running(tmp_path / "demo") as first, running(tmp_path / "demo") as second:
        until(lambda: first.lines or second.lines, within_s=30)
        until(lambda: first.process.poll() is not None or second.process.poll() is not None, within_s=30)
        loser = first if first.process.poll() is not None else second
        assert loser.ended() == 1
        assert "another rehearsal runs on this folder" in "\n".join(loser.lines)


def test_a_part_that_cannot_start_is_named_with_its_last_words(tmp_path: Path) -> None:
    database = tmp_path / "demo" / "headoffice" / "hexiao.db"
    database.parent.mkdir(parents=True)
    database.write_bytes(b"this is no database, and never was one " * 100)
    with running(tmp_path / "demo") as demo:
        assert demo.ended(60) == 1
        told = "\n".join(demo.lines)
        assert "✗ headoffice ended at its start" in told
        assert "not a database" in told
        until(lambda: not processes_of(demo, tmp_path / "demo"))


def test_a_part_that_ends_by_itself_is_told_on_the_terminal_and_a_temporary_folder_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with running(None) as demo:
        counter = Counter(demo.until_ready())
        assert [path.name.startswith("hexiao-demo-") for path in tmp_path.iterdir()] == [True]
        gateway = counter.good("GET", "/api/parts")["gateway"]
        subprocess.run(["kill", "-SEGV", str(gateway)], check=True)
        until(lambda: any("gateway has ended unexpectedly (SIGSEGV)" in line for line in demo.lines))
        counter.part("gateway", "start")
        counter.kiosk().until(lambda state: state["link"] == "up")
        assert demo.stop() == 0
        assert list(tmp_path.iterdir()) == []
