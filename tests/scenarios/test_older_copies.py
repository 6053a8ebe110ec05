"""Rule 11 with real processes: a database is put back, its party stops, a person says restore, nothing is lost."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from protocol.vocabulary import Verdict
from simulator.layout import Layout
from tests.scenarios.answers import assert_says
from tests.scenarios.counter import Counter, running_counter
from tests.scenarios.headoffice import Headoffice
from tests.simulator.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def store(mosquitto_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Counter, Layout]]:
    """Give a counter of its own with two kiosks, and where its files lie."""
    data = tmp_path_factory.mktemp("older")
    with running_counter(data, kiosks=2) as counter:
        yield counter, Layout(data)


def copied(database: Path, to: Path) -> None:
    """Copy a database as it lies on the disk, its log with it."""
    to.mkdir()
    for file in database.parent.glob(f"{database.name}*"):
        shutil.copy2(file, to)


def put_back(database: Path, copy: Path) -> None:
    for file in database.parent.glob(f"{database.name}*"):
        file.unlink()
    for file in copy.iterdir():
        shutil.copy2(file, database.parent)


def restore(part: str, configuration: Path, *more: str) -> str:
    """Say ``restore``, as a technician does."""
    command = (sys.executable, "-P", "-m", "cli.main", part, "restore", "-c", str(configuration), *more)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_gateways_journal_is_put_back(store: tuple[Counter, Layout], tmp_path: Path) -> None:
    counter, layout = store
    kiosk = counter.kiosk()
    counter.tidy()
    counter.part("gateway", "kill")
    copied(layout.gateway_journal, tmp_path / "copy")
    counter.part("gateway", "start")
    kiosk.until(lambda state: state["link"] == "up")
    text = counter.issue(title="第一杯")["qr_text"]
    rid = kiosk.redeem(text)["rid"]
    kiosk.press("ok")
    kiosk.clear()

    counter.part("gateway", "kill")
    put_back(layout.gateway_journal, tmp_path / "copy")
    counter.part("gateway", "start")
    stopped = kiosk.until(lambda state: state["verdict"] == "fault", within_s=60)
    assert_says(stopped, Verdict.FAULT)
    other = counter.issue(title="第二杯")
    kiosk.show(other["qr_text"])

    counter.part("gateway", "kill")
    told = restore("gateway", layout.gateway / "gateway.toml", "--yes")
    assert "generation 2 begins" in told
    counter.part("gateway", "start")
    kiosk.clear()
    kiosk.until(lambda state: state["link"] == "up" and state["verdict"] != "fault", within_s=60)
    assert kiosk.looked(text)["verdict"] == "already_redeemed"
    counter.tidy()
    again = kiosk.redeem(other["qr_text"])["rid"]
    assert set(counter.rows(rid)) == {"till-1", "headoffice"}, "what the gateway wrote after the copy is lost to it"
    assert set(counter.rows(again)) == {"till-1", "gateway", "headoffice"}
    kiosk.press("ok")
    kiosk.clear()


def test_the_head_offices_books_are_put_back(store: tuple[Counter, Layout], tmp_path: Path) -> None:
    counter, layout = store
    kiosk = counter.kiosk()
    counter.tidy()
    text = counter.issue(title="只有一次")["qr_text"]
    of_rehearsal = counter.good("GET", "/api/rehearsal")["headoffice"]
    office = Headoffice(Counter(of_rehearsal["url"]), {"Authorization": f"Bearer {of_rehearsal['token']}"})
    office.put_type("film", channels=["online", "offline"])
    film = counter.issue(type="film")
    counter.part("headoffice", "kill")
    copied(layout.headoffice / "hexiao.db", tmp_path / "copy")
    counter.part("headoffice", "start")
    rid = kiosk.redeem(text)["rid"]
    kiosk.press("ok")
    kiosk.clear()
    page = f"/v/{film['page'].rpartition('/')[2]}/redeem"
    assert counter.call("POST", page, f"rid={secrets.token_hex(16)}&terms=1".encode()).status == 303

    counter.part("headoffice", "kill")
    put_back(layout.headoffice / "hexiao.db", tmp_path / "copy")
    counter.part("headoffice", "start")
    configuration = layout.headoffice / "headoffice.toml"
    elsewhere = counter.kiosk("till-2")
    assert elsewhere.looked(text)["verdict"] == "fault"
    assert "stopped: " in restore("headoffice", configuration, "--status")
    assert counter.call("POST", "/api/vouchers", {}).status == 503

    told = restore("headoffice", configuration, "--yes", "--by", "Li Wei")
    assert "generation 2" in told
    assert "1 rids are in" in told
    counter.tidy()
    elsewhere.take_away()
    elsewhere.show(text)
    elsewhere.until(lambda state: state["verdict"] in {"upstream_unavailable", "already_redeemed"})
    until(lambda: "All journals are in." in restore("headoffice", configuration, "--status"), 30)
    counter.tidy()
    elsewhere.take_away()
    assert elsewhere.looked(text)["verdict"] == "already_redeemed"
    assert kiosk.looked(film["qr_text"])["verdict"] == "already_redeemed"  # on its page, which no gateway has seen
    assert set(counter.rows(rid)) == {"till-1", "gateway", "headoffice"}


def compared(counter: Counter, rid: str) -> list[dict[str, Any]]:
    """Have the gateway hold the journal of a rid's day against the others; return what differs at the rid."""
    console = counter.good("GET", "/api/rehearsal")["gateway"]
    bearer = {"Authorization": f"Bearer {console['token']}"}
    gateway = Counter(console["url"])
    row = counter.rows(rid)["gateway"][0]
    found = gateway.call("POST", f"/api/days/{row['store']}/{row['at'][:10]}/compare", headers=bearer)
    assert found.status == 200, found
    return [one for one in found.json["differing"] if one["rid"] == rid]


def test_a_kiosks_journal_is_put_back(store: tuple[Counter, Layout], tmp_path: Path) -> None:
    counter, layout = store
    kiosk, folder = counter.kiosk(), layout.kiosk("till-1")
    counter.tidy()
    kiosk.power("cut")
    copied(folder.journal, tmp_path / "copy")
    kiosk.power("restore")
    rid = kiosk.redeem(counter.issue(title="还有一杯")["qr_text"])["rid"]
    kiosk.clear()
    kiosk.power("cut")
    put_back(folder.journal, tmp_path / "copy")
    kiosk.power("restore")
    stopped = kiosk.until(lambda state: state["verdict"] == "fault")
    assert any("restore" in line for line in stopped["lines"])
    kiosk.power("cut")
    assert "generation 2 begins" in restore("device", folder.configuration, "--yes")
    kiosk.power("restore")
    kiosk.until(lambda state: state["screen"] == "idle" and state["link"] == "up")
    assert set(counter.rows(rid)) == {"gateway", "headoffice"}
    differing = compared(counter, rid)
    assert [(one["what"], one["kiosk"], one.get("at_kiosk")) for one in differing] == [("not_at_kiosk", "till-1", None)]
    kiosk.redeem(counter.issue(title="又一杯")["qr_text"])
