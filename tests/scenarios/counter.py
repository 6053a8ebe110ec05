"""A rehearsal counter as a script outside uses it: a real ``hexiao demo`` process, and its addresses."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from simulator.phone import phone_png

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

READY_WITHIN_S = 90.0
WITHIN_S = 20.0
AWAY_S = 1.0
"""For so long a code is away before it counts as another one: docs/rehearsal.md."""
State = dict[str, Any]
UNDECIDED = {None, "looking", "pending"}


@dataclass(frozen=True)
class Said:
    """An answer of the counter."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Demo:
    """A ``hexiao demo`` process."""

    def __init__(
        self,
        data: Path | None,
        kiosks: int = 1,
        command: tuple[str, ...] = (),
        more: tuple[str, ...] = (),
    ) -> None:
        place = () if data is None else ("--data", str(data))
        hexiao = (sys.executable, "-P", "-m", "cli.main", "demo", "--kiosks", str(kiosks))
        self.process = subprocess.Popen(
            [*command, *hexiao, *place, *more, "--no-browser"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def until_ready(self) -> str:
        """Return the address on the line that says READY."""
        end = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < end:
            for line in self.lines:
                if line.startswith("READY "):
                    return line.removeprefix("READY ")
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError("the demo did not get ready:\n" + "\n".join(self.lines))

    def ended(self, within_s: float = WITHIN_S) -> int:
        """Return its exit code once it has ended and all that it said is here."""
        code = self.process.wait(within_s)
        self._reader.join(within_s)
        return code

    def stop(self) -> int:
        """Stop it as Ctrl-C does, and return its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.ended()

    def kill(self) -> None:
        """End it whatever happens."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.ended()
        if self.process.stdout is not None:
            self.process.stdout.close()


@contextlib.contextmanager
def running_counter(data: Path, *, kiosks: int = 1, more: tuple[str, ...] = ()) -> Iterator[Counter]:
    """Run a demo for as long as the block lasts; it must end well."""
    demo = Demo(data, kiosks, more=more)
    try:
        yield Counter(demo.until_ready())
        assert demo.stop() == 0
    finally:
        demo.kill()


class Counter:
    """The addresses of a counter."""

    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Said:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        with contextlib.closing(self.connection()) as connection:
            connection.request(method, path, data, headers or {})
            answer = connection.getresponse()
            return Said(answer.status, answer.read(), dict(answer.headers))

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)

    def good(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON of an answer that must be good."""
        said = self.call(method, path, body)
        assert 200 <= said.status < 300, f"{method} {path}: {said.status} {said.body.decode(errors='replace')}"
        return said.json

    def issue(self, **order: Any) -> Any:
        return self.good("POST", "/api/vouchers", order)

    def kiosk(self, identity: str = "till-1") -> Kiosk:
        return Kiosk(self, identity)

    def books(self) -> Any:
        return self.good("GET", "/api/books")

    def rows(self, rid: str) -> dict[str, list[Any]]:
        """Return what each party's books say of a redemption."""
        books = self.books()
        parties = {**books["kiosks"], "gateway": books["gateway"], "headoffice": books["headoffice"]}
        found = {party: [row for row in rows if row["rid"] == rid] for party, rows in parties.items()}
        return {party: rows for party, rows in found.items() if rows}

    def link(self, name: str, action: str) -> None:
        self.good("POST", f"/api/links/{name}/{action}")

    def part(self, name: str, action: str) -> None:
        self.good("POST", f"/api/parts/{name}/{action}")

    def at_gateway(self, method: str, path: str) -> Any:
        """Return what the gateway's own API says; it must be good."""
        said = self.good("GET", "/api/rehearsal")["gateway"]
        bearer = {"Authorization": f"Bearer {said['token']}"}
        answer = Counter(said["url"]).call(method, path, headers=bearer)
        assert answer.status < 300, answer.body
        return answer.json

    def until_gateway_hears(self) -> None:
        """Wait until the gateway is connected to its broker: a kiosk only learns of that by what it answers."""
        end = time.monotonic() + WITHIN_S
        while not self.at_gateway("GET", "/api/status")["broker"]:
            assert time.monotonic() < end, "the gateway does not come back to its broker"
            time.sleep(0.05)

    def refresh_stores(self) -> None:
        """Have the gateway fetch stores and clerks now, and tell its kiosks."""
        self.at_gateway("POST", "/api/stores/refresh")

    def tidy(self) -> None:
        """Bring everything back to rest, whatever a test has left."""
        for name in self.good("GET", "/api/links"):
            self.link(name, "restore")
        for name in ("broker", "headoffice", "gateway"):
            self.part(name, "start")
        self.until_gateway_hears()
        for kiosk in self.good("GET", "/api/rehearsal")["kiosks"]:
            self.kiosk(kiosk["id"]).tidy()


class Kiosk:
    """The addresses of one kiosk."""

    def __init__(self, counter: Counter, identity: str) -> None:
        self.counter = counter
        self.path = f"/api/kiosks/{identity}"

    def state(self) -> State:
        state: State = self.counter.good("GET", f"{self.path}/state")
        return state

    def show(self, *texts: str) -> None:
        """Hold a phone with these QR codes before the camera."""
        self.hold(phone_png(*texts))

    def hold(self, picture: bytes) -> None:
        self.counter.good("PUT", f"{self.path}/camera", picture)

    def clear(self) -> None:
        self.counter.good("DELETE", f"{self.path}/camera")

    def take_away(self) -> None:
        """Leave nothing before the camera for so long that the same code, held up again, is read again."""
        self.clear()
        time.sleep(AWAY_S)

    def press(self, button: str = "ok", held_s: float = 0.1) -> None:
        self.counter.good("POST", f"{self.path}/buttons/{button}?held_s={held_s}")

    def set_digits(self, text: str, *, ended: bool = False) -> None:
        """Set digits as a person does, who looks at the wheel; ``ended``: take its end after them."""
        places = [*"0123456789", "OK"]  # its end is there where the length is not fixed and something was taken
        for digit in text:
            while (wheel := self._wheel()) != digit:
                ahead = (places.index(digit) - places.index(wheel)) % len(places)
                self.press("up" if ahead <= len(places) // 2 else "down")
            self.press("ok")
        if ended:
            while self._wheel() != "OK":
                self.press("down")
            self.press("ok")

    def _wheel(self) -> str:
        """Return what stands on the wheel, which is in brackets."""
        state = self.state()
        assert state["screen"] == "typing", state
        (entry,) = (line for line in state["lines"] if "[" in line)
        return str(entry).partition("[")[2].partition("]")[0]

    def power(self, action: str) -> None:
        self.counter.good("POST", f"{self.path}/power/{action}")

    def until(self, true: Callable[[State], object], within_s: float = WITHIN_S) -> State:
        """Return the state as soon as it is as wanted."""
        end = time.monotonic() + within_s
        while not true(state := self.state()):
            assert time.monotonic() < end, f"the kiosk did not come to show it; it shows {state}"
            time.sleep(0.01)
        return state

    def until_verdict(self, *verdicts: str) -> State:
        """Return the state with one of these verdicts; another end than these fails at once."""
        state = self.until(lambda state: state["verdict"] in verdicts or state["verdict"] not in UNDECIDED)
        assert state["verdict"] in verdicts, state
        return state

    def looked(self, text: str) -> State:
        """Show a code and return what the kiosk comes to say about it, which is not what it said before."""
        before = self.state()["verdict"]
        self.show(text)
        return self.until(lambda state: state["verdict"] not in {before, *UNDECIDED})

    def asked_about(self, rid: str) -> State:
        """Answer what is asked about earlier redemptions, and return the question about this one."""
        while (asked := self.until(lambda state: state["screen"] == "handed_over"))["rid"] != rid:
            self.press("ok")
            self.until(lambda state, before=asked["rid"]: state["rid"] != before)  # type: ignore[misc]
        return asked

    def redeem(self, text: str) -> State:
        """Show a code, press OK on the offer, and return the state when it turns green."""
        self.show(text)
        self.until_verdict("redeemable")
        self.press("ok")
        return self.until_verdict("redeemed")

    def tidy(self) -> None:
        self.power("restore")
        self.clear()
        end = time.monotonic() + WITHIN_S
        while (state := self.state())["screen"] != "idle" or state["link"] != "up":
            if state["verdict"] == "device_revoked":
                return
            assert time.monotonic() < end, f"the kiosk does not come to rest: {state}"
            if state["screen"] in {"result", "handed_over"}:
                self.press("ok")
            elif state["screen"] in {"offer", "pending"}:
                self.press("cancel")
            time.sleep(0.05)

    @contextlib.contextmanager
    def events(self) -> Iterator[Iterator[State]]:
        """Give the kiosk's states as they are told, one at each change."""
        with contextlib.closing(self.counter.connection()) as connection:
            connection.request("GET", f"{self.path}/events")
            with connection.getresponse() as stream:
                yield (json.loads(line.removeprefix(b"data: ")) for line in stream if line.startswith(b"data: "))

    @contextlib.contextmanager
    def live(self) -> Iterator[Iterator[tuple[str, Any]]]:
        """Give what a browser is told of the kiosk, as (kind, value)."""
        with contextlib.closing(self.counter.connection()) as connection:
            connection.request("GET", f"{self.path}/live")
            with connection.getresponse() as stream:
                yield _named_events(stream)


def _named_events(stream: http.client.HTTPResponse) -> Iterator[tuple[str, Any]]:
    kind = ""
    for line in stream:
        if line.startswith(b"event: "):
            kind = line.decode().removeprefix("event: ").strip()
        elif line.startswith(b"data: "):
            yield kind, json.loads(line.removeprefix(b"data: "))


def tail(text: str) -> str:
    return text[-4:]


def quoted(code: str) -> str:
    return quote(code, safe="")


def processes_of(demo: Demo, data: Path) -> list[str]:
    """Return the command lines of living processes that belong to a demo: by its group, or by where they run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, group, *_ = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
            command = (stat.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            there = (stat.parent / "cwd").readlink()
            if state != "Z" and (int(group) == demo.process.pid or there.is_relative_to(data)):
                found.append(command)
    return found
