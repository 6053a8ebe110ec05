"""A soak's load and its kills: what counts as one, what it can meet, and that nothing of a soak ends unnoticed."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from simulator.soak import killing
from simulator.soak.floors import shortfalls
from simulator.soak.judging import Survived
from simulator.soak.killing import Killing
from simulator.soak.shop import ShopError
from simulator.soak.suffered import Suffered
from simulator.soak.underway import Underway
from simulator.soak.witness import Witness
from simulator.together import EndedError, beside, together

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from simulator.soak.copies import Copies
    from simulator.soak.shop import Shop
    from simulator.soak.troubles import Victims

WITHIN_S = 20


class Parts:
    """The parts of a shop as real processes, killed and started as over the counter's addresses."""

    def __init__(self, *, mortal: bool, revived: bool) -> None:
        self._mortal = mortal
        self._revived = revived
        self._child: subprocess.Popen[bytes] | None = None

    async def call(self, _method: str, path: str, _body: Any = None) -> Any:
        if path.endswith(("/start", "/restore")):
            if self._revived and self._child is None:
                self._child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])  # noqa: ASYNC220
            return {}
        child = self._child
        if child is not None and self._mortal:
            self.end()
        return {"killed": None if child is None else child.pid}

    def end(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None


@contextlib.contextmanager
def killing_of(parts: Parts, underway: Underway, suffered: Suffered) -> Iterator[Killing]:
    database = SimpleNamespace(kill=lambda: None)
    victims = cast("Victims", SimpleNamespace(shop=parts, database=database, data=Path("nowhere")))
    copies = cast("Copies", SimpleNamespace(meddle=lambda _: None, meddle_with_books=lambda _: None, awaited=nobody))
    try:
        yield Killing(
            victims=victims,
            kiosks=["till-1"],
            copies=copies,
            underway=underway,
            suffered=suffered,
            random=Random(0),
            told=lambda _: None,
        )
    finally:
        parts.end()


async def nobody(_server: object) -> list[str]:
    return []


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no kill wait."""
    for name in ("BEFORE_S", "DOWN_S", "ON_ITS_WAY_S"):
        monkeypatch.setattr(killing, name, (0.0, 0.0))
    monkeypatch.setattr(killing, "AIMED_S", 0.0)
    monkeypatch.setattr(killing, "SLOWEST_S", 0.0)


@pytest.mark.usefixtures("at_once")
def test_a_kill_counts_where_a_process_lived_before_and_is_gone_after() -> None:
    suffered = Suffered()
    with killing_of(Parts(mortal=True, revived=True), Underway(), suffered) as kills:
        asyncio.run(asyncio.wait_for(kills.kill_kiosks(3), WITHIN_S))
    assert (suffered.kills["kiosk"], suffered.met) == (3, 0)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(("mortal", "revived"), [(True, False), (False, True)], ids=["all dead", "nobody dies"])
@pytest.mark.parametrize("kill", ["kill_kiosks", "kill_parts"])
def test_kills_of_nobody_count_nothing_and_end_the_soak(kill: str, *, mortal: bool, revived: bool) -> None:
    suffered = Suffered()
    with (
        killing_of(Parts(mortal=mortal, revived=revived), Underway(), suffered) as kills,
        pytest.raises(ShopError, match="nothing was alive"),
    ):
        asyncio.run(asyncio.wait_for(getattr(kills, kill)(1), WITHIN_S))
    assert suffered.kills.total() == 0


@pytest.mark.usefixtures("at_once")
def test_a_kill_meets_what_somebody_waits_for() -> None:
    suffered, underway = Suffered(), Underway()
    with killing_of(Parts(mortal=True, revived=True), underway, suffered) as kills, underway.one():
        asyncio.run(asyncio.wait_for(kills.kill_kiosks(1), WITHIN_S))
    assert suffered.met == 1


def test_a_kill_can_wait_until_somebody_waits_for_an_end() -> None:
    async def story() -> tuple[float, float]:
        underway, begun = Underway(), time.monotonic()
        await underway.some(0.05)
        in_vain = time.monotonic() - begun

        async def confirm() -> None:
            with underway.one():
                await asyncio.sleep(WITHIN_S)

        confirming = asyncio.create_task(confirm())
        await underway.some(WITHIN_S)
        confirming.cancel()
        return in_vain, time.monotonic() - begun

    in_vain, both = asyncio.run(story())
    assert in_vain >= 0.05
    assert both < WITHIN_S


class Falling(SimpleNamespace):
    """A rehearsal that tells of a green, and then of nothing more."""

    async def states(self, _kiosk: str) -> AsyncIterator[dict[str, Any]]:
        yield {"screen": "result", "verdict": "redeemed", "rid": "a" * 32, "light": {"colour": "green"}}


def test_a_view_that_ends_by_itself_fails_the_soak() -> None:
    witness = Witness(cast("Shop", Falling()))

    async def story() -> None:
        await beside(asyncio.sleep(WITHIN_S), {"the view of till-1": witness.watch("till-1")})

    with pytest.raises(EndedError, match="the view of till-1 has ended by itself"):
        asyncio.run(story())
    assert witness.greens == {"a" * 32: "till-1"}


@pytest.mark.parametrize("failing", ["work", "beside it"])
def test_what_fails_on_either_side_ends_both(failing: str) -> None:
    ended: list[str] = []

    async def part(name: str) -> None:
        try:
            if name == failing:
                raise LookupError(name)
            await asyncio.sleep(WITHIN_S)
        finally:
            ended.append(name)

    with pytest.raises(LookupError, match=failing):
        asyncio.run(beside(part("work"), {"other": part("beside it")}))
    assert sorted(ended) == ["beside it", "work"]


def test_where_one_of_several_fails_the_others_are_given_up() -> None:
    ended: list[str] = []

    async def lasting() -> None:
        try:
            await asyncio.sleep(WITHIN_S)
        finally:
            ended.append("given up")

    async def failing() -> None:
        await asyncio.sleep(0)
        raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(together((lasting(), failing())))
    assert ended == ["given up"]


def survived(kills: int, redeemed: int, greens: int, met: int, filled: int = 1) -> Survived:
    """Return what came of a soak that could fill a disk."""
    suffered = Suffered(kills=Counter({"kiosk": kills}), met=met, disks=1, disks_filled=filled)
    return Survived(suffered, redeemed=redeemed, greens=greens)


def test_a_soak_that_serves_people_proves_something() -> None:
    assert list(shortfalls(survived(kills=100, redeemed=95, greens=20, met=100))) == []
    assert list(shortfalls(survived(kills=1, redeemed=1, greens=1, met=1))) == []


@pytest.mark.parametrize(
    ("less", "short"),
    [
        ({"redeemed": 10}, "10 redeemed in 100 kills"),
        ({"greens": 1}, "1 shown in green in 100 kills"),
        ({"met": 5}, "5 met by a kill"),
        ({"filled": 0}, "no disk was filled"),
    ],
)
def test_a_soak_under_almost_no_load_proves_nothing(less: dict[str, int], short: str) -> None:
    enough = {"kills": 100, "redeemed": 95, "greens": 20, "met": 100}
    assert [short in said for said in shortfalls(survived(**(enough | less)))] == [True]


def test_not_even_the_shortest_soak_passes_without_load() -> None:
    assert len(list(shortfalls(survived(kills=1, redeemed=0, greens=0, met=0)))) == 3


def test_disks_that_cannot_be_filled_are_not_missed() -> None:
    without = survived(kills=100, redeemed=95, greens=20, met=100, filled=0)
    without.suffered.disks = 0
    assert list(shortfalls(without)) == []
