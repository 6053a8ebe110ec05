"""A store without a network, with real processes: under a lease it accepts signed vouchers; all books agree later."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from protocol.vocabulary import Verdict
from simulator.layout import GATEWAY, STORES, Layout
from tests.scenarios.answers import assert_ended_in_books, assert_says
from tests.scenarios.counter import Counter, quoted, running_counter
from tests.scenarios.test_older_copies import copied, put_back, restore
from tests.simulator.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def store(mosquitto_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Counter, Layout]]:
    """Give a counter whose head office signs vouchers, with two kiosks in its first store, and where its files lie."""
    data = tmp_path_factory.mktemp("offline")
    with running_counter(data, kiosks=3) as counter:
        layout = Layout(data)
        key = (sys.executable, "-P", "-m", "cli.main", "headoffice", "key", "make")
        subprocess.run([*key, "-c", str(layout.headoffice / "headoffice.toml")], check=True, capture_output=True)
        counter.part("headoffice", "kill")
        counter.part("headoffice", "start")
        yield counter, layout


class Office:
    """The head office's own API."""

    def __init__(self, counter: Counter) -> None:
        said = counter.good("GET", "/api/rehearsal")["headoffice"]
        self._counter = Counter(said["url"])
        self._bearer = {"Authorization": f"Bearer {said['token']}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        said = self._counter.call(method, path, None if body is None else json.dumps(body).encode(), self._bearer)
        assert said.status < 300, f"{method} {path}: {said.status} {said.body.decode(errors='replace')}"
        return said.json

    def signed(self, count: int, title: str) -> list[str]:
        """Issue signed vouchers of one type, which takes the title for its name."""
        self.call("PUT", "/api/v1/types/offline", {"title": title, "author": "李经理", "value": 2000})
        self.call("POST", "/api/v1/types/offline/approve", {"by": "王总"})
        order = {"type": "offline", "signed": True}
        return [self.call("POST", "/api/v1/vouchers", order)["qr_text"] for _ in range(count)]

    def lease(self, **more: Any) -> str:
        """Lease them to the gateway for an hour."""
        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        wish = {"type": "offline", "store": STORES[0].id, "gateway": GATEWAY, "until": until, "most_uses": 10}
        lease: str = self.call("POST", "/api/v1/leases", wish | more)["id"]
        return lease


def held(layout: Layout, lease: str) -> bool:
    """Whether the gateway has a lease on disk, with its vouchers."""
    with sqlite3.connect(f"file:{layout.gateway_journal}?mode=ro", uri=True) as journal:
        return journal.execute("SELECT 1 FROM leases WHERE lease = ?", (lease,)).fetchone() is not None


def redeemed_everywhere(counter: Counter, rid: str) -> bool:
    """Whether everybody who has a rid in the books has it as redeemed."""
    return {row["verdict"] for rows in counter.rows(rid).values() for row in rows} == {"redeemed"}


def greeted(counter: Counter) -> None:
    """Start the gateway anew, so that it greets the head office at once and not a minute later."""
    counter.part("gateway", "kill")
    counter.part("gateway", "start")
    counter.until_gateway_hears()


def leased(store: tuple[Counter, Layout], office: Office) -> tuple[str, str]:
    """Bring the counter to rest, with a signed voucher that is leased to its gateway; return its code and the lease."""
    counter, layout = store
    counter.tidy()
    (code,) = office.signed(1, "离线拿铁")
    lease = office.lease()
    greeted(counter)
    until(lambda: held(layout, lease))
    return code, lease


def test_what_a_store_accepts_without_a_network_is_redeemed_in_all_books_when_that_is_back(
    store: tuple[Counter, Layout],
) -> None:
    counter, layout = store
    counter.tidy()
    office, kiosk, other = Office(counter), counter.kiosk(), counter.kiosk("till-3")
    codes = office.signed(3, "离线拿铁")
    plain = counter.issue(title="联网拿铁")["qr_text"]
    lease = office.lease()
    greeted(counter)
    until(lambda: held(layout, lease))

    counter.link("gateway-headoffice", "cut")
    kiosk.show(codes[0])
    kiosk.until_verdict("redeemable")
    kiosk.press("ok")
    amber = kiosk.until_verdict("accepted_offline")
    assert_says(amber, Verdict.ACCEPTED_OFFLINE)
    assert other.looked(codes[0])["verdict"] == "already_redeemed"
    kiosk.tidy()
    other.tidy()
    assert kiosk.looked(plain)["verdict"] == "offline_refused"
    kiosk.tidy()
    other.show(codes[1])
    other.until_verdict("redeemable")
    other.press("ok")
    second = other.until_verdict("accepted_offline")

    # The power goes in the store, and comes back before the network does.
    other.power("cut")
    counter.part("gateway", "kill")
    counter.part("gateway", "start")
    counter.until_gateway_hears()
    other.power("restore")
    kiosk.until(lambda state: state["link"] == "up", within_s=40)
    kiosk.clear()
    assert kiosk.looked(codes[1])["verdict"] == "already_redeemed"
    kiosk.clear()

    counter.link("gateway-headoffice", "restore")
    for rid, till in ((amber["rid"], "till-1"), (second["rid"], "till-3")):
        until(partial(redeemed_everywhere, counter, rid), 40)
        assert set(counter.rows(rid)) == {till, "gateway", "headoffice"}
    assert {amber["rid"], second["rid"]}.isdisjoint(row["rid"] for row in office.call("GET", "/api/v1/conflicts"))
    asked = other.until(lambda state: state["screen"] == "handed_over", within_s=40)
    assert (asked["rid"], asked["light"]) == (second["rid"], {"colour": "amber", "pattern": "blink"})
    counter.tidy()
    assert kiosk.redeem(codes[2])["light"]["colour"] == "green"
    kiosk.clear()


def test_a_voucher_that_is_gone_once_the_network_is_back_is_a_conflict(store: tuple[Counter, Layout]) -> None:
    counter, _ = store
    office, kiosk = Office(counter), counter.kiosk()
    code, lease = leased(store, office)
    counter.link("gateway-headoffice", "cut")
    kiosk.show(code)
    kiosk.until_verdict("redeemable")
    kiosk.press("ok")
    rid = kiosk.until_verdict("accepted_offline")["rid"]
    # Head office gives the gateway up, and takes the voucher back that was accepted there.
    office.call("POST", f"/api/v1/leases/{lease}/lost", {"by": "Li Wei", "why": "its disk broke"})
    office.call("POST", f"/api/v1/vouchers/{quoted(code)}/withdraw")
    counter.link("gateway-headoffice", "restore")
    assert_says(kiosk.until(lambda state: state["verdict"] == "offline_conflict", 40), Verdict.OFFLINE_CONFLICT)
    assert_ended_in_books(counter, rid, Verdict.OFFLINE_CONFLICT)


def test_a_lease_that_is_recalled_goes_back_by_itself_and_its_vouchers_are_everybodys_again(
    store: tuple[Counter, Layout],
) -> None:
    counter, _ = store
    office, kiosk = Office(counter), counter.kiosk()
    code, lease = leased(store, office)
    office.call("POST", f"/api/v1/leases/{lease}/recall", {"by": "Li Wei"})
    greeted(counter)
    until(lambda: office.call("GET", "/api/v1/leases")[0]["ended_at"] is not None)
    counter.link("gateway-headoffice", "cut")
    kiosk.until(lambda state: state["link"] == "up", within_s=40)
    refused = kiosk.looked(code)
    assert "未核销" in "".join(refused["lines"])
    assert refused["light"]["colour"] != "green"
    counter.link("gateway-headoffice", "restore")
    kiosk.take_away()
    kiosk.tidy()
    assert kiosk.redeem(code)["light"]["colour"] == "green"


@pytest.mark.rule(11)
def test_rule_11_books_of_before_a_lease_stop_and_once_restored_have_what_was_accepted_under_it(
    store: tuple[Counter, Layout], tmp_path: Path
) -> None:
    counter, layout = store
    counter.tidy()
    office, kiosk = Office(counter), counter.kiosk()
    (code,) = office.signed(1, "离线拿铁")
    books, configuration = layout.headoffice / "hexiao.db", layout.headoffice / "headoffice.toml"
    counter.part("headoffice", "kill")
    copied(books, tmp_path / "copy")
    counter.part("headoffice", "start")
    lease = office.lease()
    greeted(counter)
    until(lambda: held(layout, lease))
    counter.link("gateway-headoffice", "cut")
    kiosk.show(code)
    kiosk.until_verdict("redeemable")
    kiosk.press("ok")
    rid = kiosk.until_verdict("accepted_offline")["rid"]

    counter.part("headoffice", "kill")
    put_back(books, tmp_path / "copy")
    counter.part("headoffice", "start")
    counter.link("gateway-headoffice", "restore")
    until(lambda: f"lease {lease}" in restore("headoffice", configuration, "--status"), 40)
    restore("headoffice", configuration, "--yes", "--by", "Li Wei")
    until(partial(redeemed_everywhere, counter, rid), 40)
    assert set(counter.rows(rid)) == {"till-1", "gateway", "headoffice"}
    assert rid not in [row["rid"] for row in office.call("GET", "/api/v1/conflicts")]
    kiosk.clear()
