"""What is put back without a word: the party finds out and is restored, or somebody is told that it never did."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from device.clock import StoreClock
from device.journal import Journal as KioskJournal
from gateway.journal import Journal
from protocol.marks import NEVER, Mark
from protocol.messages import Intent
from protocol.relay import Relay
from simulator.configurations import write
from simulator.layout import Layout
from simulator.soak import restoring
from simulator.soak.judging import Evidence, Survived, judge
from simulator.soak.memory import Memory, memory_of
from simulator.soak.restoring import Restoring
from simulator.soak.suffered import Suffered

if TYPE_CHECKING:
    from pathlib import Path

    from simulator.soak.troubles import Victims

KIOSK = "till-1"
NO_DATABASE = "postgresql+psycopg://nobody@127.0.0.1:1/none"
#: As much of a kiosk's configuration as no default says.
CONFIGURATION = """
[identity]
certificate = "cert.pem"
key = "key.pem"
authority = "ca.pem"
[gateway]
host = "gateway.local"
[journal]
path = "{journal}"
"""
STANDS = {"screen": "idle", "lines": []}
SAYS_SO = {"screen": "out_of_service", "lines": ["设备故障", "journal: restore"]}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Return a folder with a new kiosk's journal, and a gateway's that is new as well."""
    layout = Layout(tmp_path)
    layout.gateway.mkdir(parents=True)
    layout.kiosk(KIOSK).root.mkdir(parents=True)
    journal = KioskJournal(layout.kiosk(KIOSK).journal, KIOSK, StoreClock())
    journal.open()
    journal.close()
    remember(layout, NEVER)
    folder = layout.kiosk(KIOSK)
    write(folder.configuration, CONFIGURATION.format(journal=folder.journal))
    return layout


def remember(layout: Layout, mark: Mark) -> None:
    """Let the gateway write down how far it has seen the kiosk come."""

    async def written() -> None:
        journal = Journal(layout.gateway_journal)
        journal.start()
        try:
            journal.heard(KIOSK, mark)
            intent = Intent(rid="a" * 32, code="556120487733", offer="sealed")
            await journal.write(Relay(requester=KIOSK, store="nanjing-lu", intent=intent, terms=1))
        finally:
            await journal.close()

    asyncio.run(written())


class Kiosk:
    """A kiosk as the counter's addresses show it, and what was done to it."""

    def __init__(self, shown: dict[str, Any]) -> None:
        self.shown = shown
        self.done: list[str] = []

    async def call(self, method: str, path: str) -> dict[str, Any]:
        if method == "GET":
            return self.shown
        self.done.append(path)
        return {}


def restoring_of(layout: Layout, kiosk: Kiosk, suffered: Suffered) -> Restoring:
    database = SimpleNamespace(url=NO_DATABASE)
    victims = cast("Victims", SimpleNamespace(shop=kiosk, database=database, data=layout.root))
    return Restoring(victims, suffered, asyncio.Lock())


def test_a_kiosk_is_behind_where_its_gateway_has_seen_it_go_further(layout: Layout) -> None:
    assert not memory_of(KIOSK, layout, NO_DATABASE).is_behind
    remember(layout, Mark(1, 5))
    assert memory_of(KIOSK, layout, NO_DATABASE) == Memory(Mark(1, 0), Mark(1, 5))
    assert memory_of(KIOSK, layout, NO_DATABASE).is_behind


def test_who_says_that_it_is_behind_is_cut_off_and_restored_by_the_documented_command(layout: Layout) -> None:
    kiosk, suffered = Kiosk(SAYS_SO), Suffered()
    remember(layout, Mark(1, 5))
    asyncio.run(restoring_of(layout, kiosk, suffered).find_out(KIOSK))
    assert kiosk.done == [f"/api/kiosks/{KIOSK}/power/cut", f"/api/kiosks/{KIOSK}/power/restore"]
    assert memory_of(KIOSK, layout, NO_DATABASE).own == Mark(2, 0)
    assert (suffered.found_out, suffered.restored[KIOSK], suffered.never_found_out) == (1, 1, [])


def test_who_never_finds_out_although_another_remembers_more_is_told_of(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restoring, "FINDS_OUT_S", 0.0)
    kiosk, suffered = Kiosk(STANDS), Suffered()
    remember(layout, Mark(1, 5))
    asyncio.run(restoring_of(layout, kiosk, suffered).find_out(KIOSK))
    assert (kiosk.done, suffered.found_out, suffered.restored.total()) == ([], 0, 0)
    assert len(suffered.never_found_out) == 1
    assert KIOSK in suffered.never_found_out[0]
    survived = Survived(suffered)
    judge(survived, {"headoffice": [], "gateway": [], "kiosks": {}}, Evidence())
    assert survived.violations == [f"rule 11: {suffered.never_found_out[0]}"]


def test_what_nobody_can_find_out_is_restored_on_a_persons_word(layout: Layout) -> None:
    suffered = Suffered()
    asyncio.run(restoring_of(layout, Kiosk(STANDS), suffered).find_out(KIOSK))
    assert (suffered.unknowable, suffered.found_out, suffered.never_found_out) == (1, 0, [])
    assert memory_of(KIOSK, layout, NO_DATABASE).own == Mark(2, 0)
