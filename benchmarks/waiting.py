"""A redemption that waits: when the clerk is told why, and how soon the answer is there once the network is back.

Each cable of the real counter is cut, stalled or loses all packets while an offer is on the screen; OK is pressed;
after a while the cable is mended. The times are those of the simulator's event stream, as this process receives it.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from benchmarks import Row
from benchmarks.rig import RigError, running_counter
from simulator.phone import phone_png

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.rig import Counter

CABLES = ("kiosk-broker", "gateway-broker", "gateway-headoffice")
WAYS = ("cut", "stall", "drop")
#: How long a cable is out, seconds: shorter and longer than a connection takes to be given up as dead.
OUT_S = (3.0, 14.0)
#: After the longer one the kiosk asks that nothing may come of it any more: nothing did.
ENDS = frozenset({"redeemed", "aborted"})
_WAIT_S = 60.0


def run() -> list[Row]:
    """Measure waiting with each cable, broken in each way."""
    rows, told = [], []
    with tempfile.TemporaryDirectory() as folder, running_counter(Path(folder)) as counter:
        kiosk = counter.rehearsal["kiosks"][0]["id"]
        with _states(counter, kiosk) as states:
            for cable in CABLES:
                for way in WAYS:
                    waits = [_one(counter, kiosk, states, f"{cable}/{way}", out_s) for out_s in OUT_S]
                    told += [words for words, _ in waits]
                    slowest = max(answer for _, answer in waits)
                    rows.append(
                        Row(f"{cable} {way}", f"mended to answer, slowest of {len(waits)}", slowest, "s", at_most=5)
                    )
    rows.append(Row("OK without an answer", f"press to words, slowest of {len(told)}", max(told), "s", at_most=2))
    rows.append(Row("OK without an answer", f"press to words, soonest of {len(told)}", min(told), "s", at_least=1.5))
    return rows


def _one(counter: Counter, kiosk: str, states: States, broken: str, out_s: float) -> tuple[float, float]:
    """Return seconds from the press to the words, and from the mended cable to the end."""
    cable = broken.partition("/")[0]
    counter.call("PUT", f"/api/kiosks/{kiosk}/camera", phone_png(counter.call("POST", "/api/vouchers", {})["qr_text"]))
    states.until(lambda state: state["verdict"] == "redeemable")
    counter.call("POST", f"/api/links/{broken}")
    pressed = time.monotonic()
    counter.call("POST", f"/api/kiosks/{kiosk}/buttons/ok?held_s=0.05")
    words = states.until(lambda state: state["verdict"] == "pending" and "结果确认中" in state["lines"]) - pressed
    time.sleep(max(0.0, out_s - words))
    counter.call("POST", f"/api/links/{cable}/restore")
    mended = time.monotonic()
    answer = states.until(lambda state: state["verdict"] in ENDS) - mended
    counter.call("DELETE", f"/api/kiosks/{kiosk}/camera")
    counter.call("POST", f"/api/kiosks/{kiosk}/buttons/ok?held_s=0.05")
    states.until(lambda state: state["screen"] == "idle" and state["link"] == "up")
    return words, answer


class States:
    """What a kiosk shows, as it is told, each with the moment at which it was heard."""

    def __init__(self, told: SimpleQueue[tuple[float, dict[str, Any]]]) -> None:
        """Keep where they come in."""
        self._told = told

    def until(self, true: Callable[[dict[str, Any]], bool]) -> float:
        """Return when it first showed what is wanted, of what nobody has looked at yet; raise RigError."""
        end = time.monotonic() + _WAIT_S
        shown: dict[str, Any] = {}
        while True:
            try:
                at, shown = self._told.get(timeout=max(0.0, end - time.monotonic()))
            except Empty:
                msg = f"the kiosk does not come to show what was waited for; last it showed {shown}"
                raise RigError(msg) from None
            if true(shown):
                return at


@contextlib.contextmanager
def _states(counter: Counter, kiosk: str) -> Iterator[States]:
    told: SimpleQueue[tuple[float, dict[str, Any]]] = SimpleQueue()
    listener = threading.Thread(
        target=_listen, args=(f"{counter.address}/api/kiosks/{kiosk}/events", told), daemon=True
    )
    listener.start()
    yield States(told)


def _listen(address: str, told: SimpleQueue[tuple[float, dict[str, Any]]]) -> None:
    """Pass on what is told, until the counter ends."""
    with contextlib.suppress(OSError), urllib.request.urlopen(address) as stream:  # noqa: S310 - always http
        for line in stream:
            if line.startswith(b"data: "):
                told.put((time.monotonic(), json.loads(line[6:])))
