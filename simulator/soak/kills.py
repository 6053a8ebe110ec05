"""Real processes, killed with -9 under load: kiosks, broker, gateway, head office and PostgreSQL; cables break, too.

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

from simulator.layout import Layout
from simulator.postgresql import newest_programs, running_postgresql
from simulator.soak.copies import GATEWAY, Copies
from simulator.soak.shop import Shop, free_port, new_code, running_shop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from simulator.postgresql import Postgresql

KIOSKS = 3
PARTS = ("gateway", "headoffice", "broker")
DATABASE = "PostgreSQL"
LINKS = ("kiosk-broker", "gateway-broker", "gateway-headoffice")
#: Pauses: before a kill, while the part is down, and for how long a cable is out; seconds.
BEFORE_S, DOWN_S, CABLE_S = (0.0, 3.0), (0.0, 0.4), (0.2, 4.0)
#: How long a customer waits for a screen, and everything for its end once all is calm, seconds.
PATIENCE_S, ENDS_S = 14.0, 150.0
RIVALS = 0.35


@dataclass(slots=True)
class Survived:
    """What came of it."""

    kills: Counter[str] = field(default_factory=Counter)
    cables: Counter[str] = field(default_factory=Counter)
    put_back: Counter[str] = field(default_factory=Counter)
    rids: int = 0
    redeemed: int = 0
    greens: int = 0
    unresolved: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Victims:
    """A rehearsal, the database of its head office, and the folder of everything else."""

    shop: Shop
    database: Postgresql
    data: Path


class Soak:
    """One rehearsal that is not left in peace until it was killed often enough."""

    def __init__(self, victims: Victims, kills: int, seed: int, told: Callable[[Survived], None]) -> None:
        """Keep what is killed, and how often; ``told`` is called after each kill."""
        self._shop = victims.shop
        self._database = victims.database
        self._wanted = kills
        self._random = Random(seed)  # noqa: S311 - who is killed when, not a secret
        self._copies = Copies(Layout(victims.data), victims.data.parent / "copies", self._random.random)
        self._told = told
        self._states: dict[str, dict[str, Any]] = {}
        self._changed = asyncio.Condition()
        self._codes: dict[str, int] = {}
        self._greens: dict[str, str] = {}
        self._kiosks = [f"till-{number}" for number in range(1, KIOSKS + 1)]
        self.survived = Survived()

    async def run(self) -> Survived:
        """Kill until it is enough, then wait for every end and look at the books."""
        watching = [asyncio.create_task(self._watch(kiosk)) for kiosk in self._kiosks]
        serving = [asyncio.create_task(self._serve(kiosk)) for kiosk in self._kiosks]
        killing = [asyncio.create_task(self._kill_parts()), asyncio.create_task(self._kill_kiosks())]
        breaking = asyncio.create_task(self._break_cables())
        try:
            await asyncio.gather(*killing)
        finally:
            for task in (*serving, breaking):
                task.cancel()
            await asyncio.gather(*serving, breaking, return_exceptions=True)
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
            code = await self._voucher()
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

    async def _voucher(self) -> str | None:
        """Return a code: mostly of a new voucher, else of one that somebody else is at."""
        if self._codes and self._random.random() < RIVALS:
            return self._random.choice(list(self._codes)[-4:])
        code, uses = new_code(), self._random.choice((1, 1, 2))
        kind = "multi_use" if uses > 1 else "coupon"
        order = {"code": code, "title": "soak", "kind": kind, "uses": uses}
        if await self._shop.call("POST", "/api/vouchers", order) is None:
            return None
        self._codes[code] = uses
        return code

    async def _until(self, kiosk: str, true: Callable[[dict[str, Any]], bool]) -> str | None:
        """Return the verdict that a kiosk comes to show, or shows when the customer goes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S), self._changed:
                await self._changed.wait_for(lambda: kiosk in self._states and true(self._states[kiosk]))
        return self._states.get(kiosk, {}).get("verdict")

    # --- trouble ----------------------------------------------------------------------------------------------------

    async def _kill_parts(self) -> None:
        while not self._enough:
            part = self._random.choice((*PARTS, DATABASE))
            await asyncio.sleep(self._random.uniform(*BEFORE_S))
            if part == DATABASE:
                await self._kill_database()
                continue
            await self._shop.call("POST", f"/api/parts/{part}/kill")
            self._count(part)
            if part == GATEWAY:
                await self._meddle(part)
            await asyncio.sleep(self._random.uniform(*DOWN_S))
            await self._shop.call("POST", f"/api/parts/{part}/start")

    async def _kill_database(self) -> None:
        await asyncio.to_thread(self._database.kill)
        self._count(DATABASE)
        await asyncio.sleep(self._random.uniform(*DOWN_S))
        await asyncio.to_thread(self._database.start)

    async def _kill_kiosks(self) -> None:
        while not self._enough:
            kiosk = self._random.choice(self._kiosks)
            await asyncio.sleep(self._random.uniform(*BEFORE_S))
            await self._shop.call("POST", f"/api/kiosks/{kiosk}/power/cut")
            self._count("kiosk")
            await self._meddle(kiosk)
            await asyncio.sleep(self._random.uniform(*DOWN_S))
            await self._shop.call("POST", f"/api/kiosks/{kiosk}/power/restore")

    async def _meddle(self, part: str) -> None:
        if await asyncio.to_thread(self._copies.meddle, part):
            self.survived.put_back[part] += 1

    async def _break_cables(self) -> None:
        while True:
            link, how = self._random.choice(LINKS), self._random.choice(("cut", "stall"))
            await asyncio.sleep(self._random.uniform(*CABLE_S))
            await self._shop.call("POST", f"/api/links/{link}/{how}")
            self.survived.cables[f"{link} {how}"] += 1
            await asyncio.sleep(self._random.uniform(*CABLE_S))
            await self._shop.call("POST", f"/api/links/{link}/restore")

    @property
    def _enough(self) -> bool:
        return self.survived.kills.total() >= self._wanted

    def _count(self, what: str) -> None:
        self.survived.kills[what] += 1
        self._told(self.survived)

    # --- the end ----------------------------------------------------------------------------------------------------

    async def _calm(self) -> None:
        """Mend everything, and wait until every rid that any book knows has ended."""
        for link in LINKS:
            await self._shop.call("POST", f"/api/links/{link}/restore")
        for part in ("broker", "headoffice", "gateway"):
            await self._shop.call("POST", f"/api/parts/{part}/start")
        for kiosk in self._kiosks:
            await self._shop.call("POST", f"/api/kiosks/{kiosk}/power/restore")
            await self._shop.clear(kiosk)
        end = time.monotonic() + ENDS_S
        while time.monotonic() < end:
            books = await self._shop.call("GET", "/api/books")
            self.survived.unresolved = ["the books cannot be read"] if books is None else _open_in(books)
            if not self.survived.unresolved:
                return
            await asyncio.sleep(0.5)

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


async def kill_often(data: Path, kills: int, seed: int, told: Callable[[Survived], None]) -> Survived:
    """Run a rehearsal in a folder and kill its processes so often; raise ShopError where it does not begin."""
    with running_postgresql(newest_programs(), free_port(), durable=True) as database:
        async with running_shop(data, KIOSKS, database.url) as shop:
            return await Soak(Victims(shop, database, data), kills, seed, told).run()
