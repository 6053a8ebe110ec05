"""Real processes, killed with -9 under load: kiosks, broker, gateway, head office and PostgreSQL; and other troubles.

Customers come to every counter, often two with one voucher. In the end all is calm, and the books of all parties are
held against each other and against every green that was shown.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from headoffice.errors import DatabaseError
from simulator.layout import Layout
from simulator.postgresql import newest_programs, running_postgresql
from simulator.soak.clock import WallClock
from simulator.soak.disk import small_disks
from simulator.soak.shop import free_port, new_code, running_shop
from simulator.soak.troubles import Suffered, Troubles, Victims

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KIOSKS = 3
#: How long a customer waits for a screen, and everything for its end once all is calm, seconds.
PATIENCE_S, ENDS_S = 14.0, 150.0
RIVALS = 0.35
#: So many vouchers are issued at a time.
BATCH = 50


@dataclass(slots=True)
class Survived:
    """What came of it."""

    suffered: Suffered = field(default_factory=Suffered)
    rids: int = 0
    redeemed: int = 0
    greens: int = 0
    unresolved: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


class Soak:
    """One rehearsal that is not left in peace until it was killed often enough."""

    def __init__(self, victims: Victims, kills: int, seed: int, told: Callable[[Suffered], None]) -> None:
        """Keep what is killed, and how often; ``told`` is called after each kill."""
        self._shop = victims.shop
        self._random = Random(seed)  # noqa: S311 - who comes with what, not a secret
        self._kiosks = [f"till-{number}" for number in range(1, KIOSKS + 1)]
        self._troubles = Troubles(victims, self._kiosks, kills, seed, told)
        self._states: dict[str, dict[str, Any]] = {}
        self._changed = asyncio.Condition()
        self._stock: list[str] = []
        self._shown: list[str] = []
        self._codes: dict[str, int] = {}
        self._greens: dict[str, str] = {}
        self.survived = Survived(self._troubles.suffered)

    async def run(self) -> Survived:
        """Kill until it is enough, then wait for every end and look at the books."""
        watching = [asyncio.create_task(self._watch(kiosk)) for kiosk in self._kiosks]
        serving = [asyncio.create_task(self._serve(kiosk)) for kiosk in self._kiosks]
        serving.append(asyncio.create_task(self._issue()))
        try:
            await self._troubles.run()
        finally:
            for task in serving:
                task.cancel()
            await asyncio.gather(*serving, return_exceptions=True)
        await self._calm()
        await self._judge()
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        return self.survived

    # --- people -----------------------------------------------------------------------------------------------------

    async def _watch(self, kiosk: str) -> None:
        """Note everything that a kiosk shows: each green most of all."""
        async for state in self._shop.states(kiosk):
            if state.get("light", {}).get("colour") == "green" and state.get("rid"):
                self._greens[state["rid"]] = kiosk
            async with self._changed:
                self._states[kiosk] = state
                self._changed.notify_all()

    async def _serve(self, kiosk: str) -> None:
        """Let one customer after the other come to a kiosk."""
        while True:
            code = self._voucher()
            if code is None:
                await asyncio.sleep(0.3)
                continue
            await self._shop.hold(kiosk, code)
            if await self._until(kiosk, lambda state: state["verdict"] not in {None, "looking"}) == "redeemable":
                await self._shop.press(kiosk, "ok")
                await self._until(kiosk, lambda state: state["verdict"] not in {"redeemable", "pending"})
            await self._shop.clear(kiosk)
            await self._rest(kiosk)

    async def _rest(self, kiosk: str) -> None:
        """Acknowledge what is shown, or give up what does not end."""
        for _ in range(4):
            screen = self._states.get(kiosk, {}).get("screen")
            if screen in {"idle", "off"}:
                return
            await self._shop.press(kiosk, "cancel" if screen == "pending" else "ok")
            await asyncio.sleep(0.1)

    async def _issue(self) -> None:
        """Keep vouchers in stock. Books that are put back would have forgotten them: their copy goes."""
        while True:
            if len(self._stock) < BATCH:
                batch = [code for _ in range(BATCH) if (code := await self._issued()) is not None]
                self._troubles.forget_books()
                self._stock += batch
            await asyncio.sleep(0.3)

    async def _issued(self) -> str | None:
        code, uses = new_code(), self._random.choice((1, 1, 2))
        kind = "multi_use" if uses > 1 else "coupon"
        order = {"code": code, "title": "soak", "kind": kind, "uses": uses}
        if await self._shop.call("POST", "/api/vouchers", order) is None:
            return None
        self._codes[code] = uses
        return code

    def _voucher(self) -> str | None:
        """Return a code: mostly of a new voucher, else of one that somebody else is at; None where none is left."""
        if self._shown and self._random.random() < RIVALS:
            return self._random.choice(self._shown[-4:])
        if not self._stock:
            return None
        self._shown.append(self._stock.pop())
        return self._shown[-1]

    async def _until(self, kiosk: str, true: Callable[[dict[str, Any]], bool]) -> str | None:
        """Return the verdict that a kiosk comes to show, or shows when the customer goes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S), self._changed:
                await self._changed.wait_for(lambda: kiosk in self._states and true(self._states[kiosk]))
        return self._states.get(kiosk, {}).get("verdict")

    # --- the end ----------------------------------------------------------------------------------------------------

    async def _calm(self) -> None:
        """Mend everything, and wait until every rid that any book knows has ended."""
        await self._troubles.end()
        for kiosk in self._kiosks:
            await self._shop.clear(kiosk)
        end = time.monotonic() + ENDS_S
        while time.monotonic() < end:
            self.survived.unresolved = await self._open()
            if not self.survived.unresolved:
                return
            await self._troubles.start_all()
            await asyncio.sleep(0.5)

    async def _open(self) -> list[str]:
        try:
            missing = [f"restored books wait for {gateway}" for gateway in await self._troubles.awaited()]
        except DatabaseError as error:
            return [f"the database does not answer: {error}"]
        books = await self._shop.call("GET", "/api/books")
        return missing + (["the books cannot be read"] if books is None else _open_in(books))

    async def _judge(self) -> None:
        books = await self._shop.call("GET", "/api/books")
        if books is None:
            self.survived.violations.append("the books cannot be read")
            return
        judge(self.survived, books, self._greens, self._codes)


def judge(survived: Survived, books: dict[str, Any], greens: dict[str, str], uses: dict[str, int]) -> None:
    """Hold all books against each other and against what was shown; note what does not go together."""
    owner = {row["rid"]: row for row in books["headoffice"] if row["rid"]}
    survived.rids = len(owner)
    survived.redeemed = sum(row["verdict"] == "redeemed" for row in owner.values())
    survived.greens = len(greens)
    survived.violations += [*_false_greens(owner, greens), *_contradictions(owner, books), *_overspent(owner, uses)]


def _false_greens(owner: dict[str, Any], greens: dict[str, str]) -> Iterator[str]:
    for rid, kiosk in greens.items():
        if owner.get(rid, {}).get("verdict") != "redeemed":
            yield f"rule 3: {kiosk} showed green for {rid}, which is not redeemed in the head office's books"


def _contradictions(owner: dict[str, Any], books: dict[str, Any]) -> Iterator[str]:
    for party, rows in {**books["kiosks"], "gateway": books["gateway"]}.items():
        for row in rows:
            rid, verdict = row["rid"], row["verdict"]
            ruled = owner.get(rid, {}).get("verdict")
            if rid is not None and verdict not in {"pending", ruled}:
                yield f"rule 2: {party} says {verdict} of {rid}, the head office says {ruled}"


def _overspent(owner: dict[str, Any], uses: dict[str, int]) -> Iterator[str]:
    spent: Counter[str] = Counter()
    issued: Counter[str] = Counter()
    for row in owner.values():
        if row["verdict"] == "redeemed" and not row.get("undone_by"):
            spent[row["code_tail"]] += int(row.get("quantity") or 1)
    for code, count in uses.items():
        issued[code[-4:]] += count
    for tail, count in spent.items():
        if tail in issued and count > issued[tail]:
            yield f"rule 3: {count} uses of vouchers that end in {tail} are spent, {issued[tail]} were issued"


def _open_in(books: dict[str, Any]) -> list[str]:
    """Return what has no end: party and rid."""
    parties = {**books["kiosks"], "gateway": books["gateway"], "headoffice": books["headoffice"]}
    return [
        f"{party} {row['rid']}"
        for party, rows in parties.items()
        for row in rows
        if row["rid"] is not None and row["verdict"] == "pending"
    ]


async def kill_often(data: Path, kills: int, seed: int, told: Callable[[Suffered], None]) -> Survived:
    """Run a rehearsal in a folder and trouble it until so many kills.

    Raises ShopError where it does not begin, ClockMissingError, PostgresqlMissingError.
    """
    clock, layout = WallClock(data.with_name("clock")), Layout(data)
    with (
        running_postgresql(newest_programs(), free_port(), durable=True) as database,
        small_disks(layout.gateway, layout.kiosks) as disks,
    ):
        async with running_shop(data, KIOSKS, database.url, clock.environment) as shop:
            return await Soak(Victims(shop, database, data, disks, clock), kills, seed, told).run()
