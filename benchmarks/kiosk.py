"""The kiosk as a clerk feels it: from a phone before the camera to the offer, from OK to green; its start, its memory.

The whole real path on one machine: camera process, counter, journal, Mosquitto with TLS, gateway, head office. The
kiosk runs as in a shop but for its adapters, and its own log gives the times: ``frame_at`` is when a frame was handed
to the scan pipeline, ``pressed at`` the first edge of OK, ``shown at`` when a view had reached light, buzzer and
display port. The links go through the simulator's proxies, which the figures include.
"""

from __future__ import annotations

import re
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import Row
from benchmarks.disk import watched
from benchmarks.rig import RigError, running_counter
from simulator.phone import phone_png

if TYPE_CHECKING:
    from benchmarks.rig import Counter

REDEMPTIONS = 120
TRACED = 20
STARTS = 5
_WAIT_S = 15.0
_SCANNED = re.compile(r"scanned .*frame_at=([\d.]+)")
_PRESSED = re.compile(r"pressed button=ok .*at=([\d.]+)")
_SHOWN = re.compile(r"shown .*screen=(\w+) verdict=(\w+) .*at=([\d.]+)")


def run() -> list[Row]:
    """Measure one kiosk."""
    with tempfile.TemporaryDirectory() as folder, running_counter(Path(folder)) as counter:
        kiosk = counter.rehearsal["kiosks"][0]["id"]
        starts = [_restart(counter, kiosk) for _ in range(STARTS)]
        for _ in range(REDEMPTIONS):
            _redeem(counter, kiosk)
        offers, greens = _times(counter.folder / "logs" / f"{kiosk}.log")
        memory = sum(process.pss_mb() for process in counter.of("kiosk", "camera"))
        idle = _idle_cpu(counter, kiosk)
        with watched(counter.of("kiosk")[0]) as disk:
            for _ in range(TRACED):
                _redeem(counter, kiosk)
    return [
        *_percentiles("frame to offer", offers, at_most_p95=80),
        *_percentiles("OK to green", greens, at_most_p95=50),
        Row("start", f"power to ready, slowest of {STARTS}", max(starts), "s", at_most=3),
        Row("memory", f"PSS of all its processes after {REDEMPTIONS} redemptions", memory, "MB", at_most=120),
        *disk.rows("kiosk", TRACED),
        Row("idle", "processor, camera process and all, empty counter", idle, "% of a core"),
    ]


def _restart(counter: Counter, kiosk: str) -> float:
    counter.call("POST", f"/api/kiosks/{kiosk}/power/cut")
    began = time.perf_counter()
    counter.call("POST", f"/api/kiosks/{kiosk}/power/restore")
    return time.perf_counter() - began


def _redeem(counter: Counter, kiosk: str) -> None:
    voucher = counter.call("POST", "/api/vouchers", {"title": "拿铁咖啡券"})
    counter.call("PUT", f"/api/kiosks/{kiosk}/camera", phone_png(voucher["qr_text"]))
    _until(counter, kiosk, "redeemable")
    counter.call("POST", f"/api/kiosks/{kiosk}/buttons/ok?held_s=0.05")
    _until(counter, kiosk, "redeemed")
    counter.call("DELETE", f"/api/kiosks/{kiosk}/camera")
    counter.call("POST", f"/api/kiosks/{kiosk}/buttons/ok?held_s=0.05")  # seen: nobody needs to ask for it later


def _until(counter: Counter, kiosk: str, wanted: str, of: str = "verdict") -> None:
    """Wait until the kiosk's state has this verdict (or screen)."""
    until = time.monotonic() + _WAIT_S
    while (shown := counter.call("GET", f"/api/kiosks/{kiosk}/state")[of]) != wanted:
        if time.monotonic() > until:
            msg = f"{kiosk} shows {shown} and not {wanted}"
            raise RigError(msg)
        time.sleep(0.005)


def _idle_cpu(counter: Counter, kiosk: str, seconds: float = 10.0) -> float:
    _until(counter, kiosk, "idle", of="screen")
    processes = counter.of("kiosk", "camera")
    before = sum(process.cpu_s() for process in processes)
    time.sleep(seconds)
    return 100 * (sum(process.cpu_s() for process in processes) - before) / seconds


def _times(log: Path) -> tuple[list[float], list[float]]:
    """Return milliseconds from frame to offer and from OK to green, as the kiosk's log has them."""
    offers, greens = [], []
    frame = press = None
    for line in log.read_text(encoding="utf-8").splitlines():
        if found := _SCANNED.search(line):
            frame = float(found[1])
        elif found := _PRESSED.search(line):
            press = float(found[1])
        elif found := _SHOWN.search(line):
            at = float(found[3])
            if found[2] == "redeemable" and frame is not None:
                offers.append(1e3 * (at - frame))
                frame = None
            elif found[2] == "redeemed" and press is not None:
                greens.append(1e3 * (at - press))
                press = None
    if min(len(offers), len(greens)) < REDEMPTIONS:
        msg = f"{log} tells of {len(offers)} offers and {len(greens)} redemptions, not of {REDEMPTIONS}"
        raise RigError(msg)
    return offers, greens


def _percentiles(subject: str, values: list[float], at_most_p95: float) -> list[Row]:
    cuts = statistics.quantiles(values, n=100)
    return [
        Row(subject, "p50", cuts[49], "ms"),
        Row(subject, "p95", cuts[94], "ms", at_most=at_most_p95),
        Row(subject, "p99", cuts[98], "ms"),
    ]
