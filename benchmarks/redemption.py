"""What a redemption (look and confirm) costs behind the kiosk, and whether the cost grows with the books.

Tills send a kiosk's messages over real TLS, straight to the broker. Broker, gateway and head office (on SQLite, so the
database is within it) are the processes of production; the tills and the demo that started everything are the client,
which is not counted.
"""

from __future__ import annotations

import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from benchmarks import Row
from benchmarks.books import fill
from benchmarks.disk import watched
from benchmarks.rig import running_counter
from benchmarks.till import Till, Timing
from provisioning.authority import Authority
from provisioning.clients import Door, GatewayClient
from provisioning.verbs import NewKiosk, add_kiosk

if TYPE_CHECKING:
    from benchmarks.rig import Counter

PARTS = ("broker", "gateway", "headoffice")
TILLS = (1, 8, 32)
REDEMPTIONS = 640
TRACED = 100
BOOKS = 100_000


def run() -> list[Row]:
    """Measure with small books, then with large ones."""
    with tempfile.TemporaryDirectory() as folder, running_counter(Path(folder)) as counter:
        names = _provision(counter, max(TILLS))
        rows = []
        for tills in TILLS:
            rows += _load(counter, names[:tills], f"{tills} till{'s' if tills > 1 else ''}", at_most_ms=6)
        rows += _disk(counter, names[0])
        small = _cost(rows, f"{max(TILLS)} tills")
        fill(counter, BOOKS)
        many = f"{max(TILLS)} tills, {BOOKS:,} in the books"
        rows += _load(counter, names, many, at_most_ms=6)
        growth = _cost(rows, many) / small
        rows.append(
            Row("growth", f"processor a redemption, {BOOKS:,} in the books against few", growth, "x", at_most=1.2)
        )
    return rows


def _load(counter: Counter, names: list[str], subject: str, at_most_ms: float) -> list[Row]:
    codes = _issue(counter, REDEMPTIONS)
    tills = [_till(counter, name) for name in names]
    processes = counter.of(*PARTS)
    try:
        for till in tills:
            till.start()
        before = {process: process.cpu_s() for process in processes}
        began = time.perf_counter()
        with ThreadPoolExecutor(len(tills)) as threads:
            shares = [codes[number :: len(tills)] for number in range(len(tills))]
            timings = [timing for share in threads.map(_redeem_all, tills, shares) for timing in share]
        took = time.perf_counter() - began
    finally:
        for till in tills:
            till.close()
    spent = {process.part: 1e3 * (process.cpu_s() - before[process]) / REDEMPTIONS for process in processes}
    confirm = quantiles([1e3 * timing.confirm_s for timing in timings], n=100)
    return [
        Row(subject, "redemptions a second", REDEMPTIONS / took, "/s"),
        Row(subject, "confirm p95", confirm[94], "ms"),
        *(Row(subject, f"processor a redemption: {part}", spent[part], "ms") for part in PARTS),
        Row(subject, "processor a redemption: all", sum(spent.values()), "ms", at_most=at_most_ms),
    ]


def _redeem_all(till: Till, codes: list[str]) -> list[Timing]:
    return [till.redeem(code) for code in codes]


def _disk(counter: Counter, name: str) -> list[Row]:
    """Count what each party writes and how often it waits for the disk, one redemption after the other."""
    rows = []
    for part in ("gateway", "headoffice"):
        (process,) = counter.of(part)
        codes = _issue(counter, TRACED)
        till = _till(counter, name)
        till.start()
        try:
            with watched(process) as disk:
                _redeem_all(till, codes)
        finally:
            till.close()
        rows += disk.rows(part, TRACED)
    return rows


def _cost(rows: list[Row], subject: str) -> float:
    return next(row.value for row in rows if row.subject == subject and row.measure.endswith(": all"))


def _provision(counter: Counter, tills: int) -> list[str]:
    """Bind tills to the first kiosk's store, by the technician's own verb; return their names."""
    said = counter.rehearsal
    gateway = GatewayClient(Door("gateway", said["gateway"]["url"], said["gateway"]["token"]))
    authority = Authority.load(counter.folder / "ca")
    names = [f"bench-{number}" for number in range(1, tills + 1)]
    for name in names:
        out = counter.folder / "tills" / name
        kiosk = NewKiosk(
            identity=name,
            store=said["kiosks"][0]["store"],
            name=name,
            broker_host=said["broker"]["host"],
            broker_port=said["broker"]["port"],
            home=out,
        )
        add_kiosk(kiosk, authority, out, gateway)
    return names


def _till(counter: Counter, name: str) -> Till:
    broker: dict[str, Any] = counter.rehearsal["broker"]
    return Till(name, counter.folder / "tills" / name, broker["host"], broker["port"])


def _issue(counter: Counter, vouchers: int) -> list[str]:
    said = counter.rehearsal["headoffice"]
    door = Door("head office", said["url"], said["token"])
    issued = (door.call("POST", "/api/v1/vouchers", {"title": "拿铁咖啡券"}) for _ in range(vouchers))
    return [json.loads(answer)["code"] for answer in issued]
