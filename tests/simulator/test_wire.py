"""The wire between a kiosk and the counter loses nothing while the counter is there, and never makes the kiosk wait."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from simulator.adapters import wire as wires
from simulator.adapters.wire import FENCE, LARGEST_BODY, Unpacker, Wire, WireError, connect, dial, pack, reach
from tests.simulator.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Counter:
    """Takes wires on a Unix socket, keeps what they say."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard: list[tuple[str, bytes]] = []
        self.doors: list[socket.socket] = []
        self._door = socket.socket(socket.AF_UNIX)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        reach(path, self._door.bind)
        self._door.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                door, _ = self._door.accept()
            except OSError:
                return
            self.doors.append(door)
            threading.Thread(target=self._hear, args=(door,), daemon=True).start()

    def _hear(self, door: socket.socket) -> None:
        unpacker = Unpacker()
        with door:
            while data := door.recv(65536):
                self.heard.extend(unpacker.feed(data))

    def hang_up(self) -> None:
        while self.doors:
            with contextlib.suppress(OSError):  # closed by its own thread already
                self.doors.pop().shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self.hang_up()
        self._thread.join()


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    with closing(Counter(tmp_path / "socket")) as counter:
        yield counter


def test_messages_arrive_whole_and_in_order(counter: Counter) -> None:
    with closing(connect(counter.path)) as wire:
        sent = [("view", b"%d" % number * number) for number in range(500)]
        for kind, body in sent:
            wire.send(kind, body)
        until(lambda: len(counter.heard) == len(sent))
    assert counter.heard == sent


def test_the_counter_is_heard(counter: Counter) -> None:
    heard: list[tuple[str, bytes]] = []
    with closing(connect(counter.path, lambda kind, body: heard.append((kind, body)))):
        until(lambda: counter.doors)
        counter.doors[0].sendall(pack("press", b"ok") + pack("press"))
        until(lambda: len(heard) == 2)
    assert heard == [("press", b"ok"), ("press", b"")]


def test_a_fence_comes_back_behind_everything_that_was_sent(counter: Counter) -> None:
    with closing(connect(counter.path)) as wire:
        until(lambda: counter.doors)
        for number in range(1000):
            wire.send("i2c", b"%d" % number)
        counter.doors[0].sendall(pack(FENCE, b"7"))
        until(lambda: (FENCE, b"7") in counter.heard)
    assert counter.heard.index((FENCE, b"7")) == 1000


def test_what_is_said_before_the_counter_is_there_arrives_when_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "later" / "socket"
    with closing(connect(path)) as wire:
        wire.send("view", b"first")
        with closing(Counter(path)) as counter:
            until(lambda: counter.heard)
            assert counter.heard == [("view", b"first")]


def test_a_counter_that_comes_back_gets_what_was_said_meanwhile(tmp_path: Path) -> None:
    first = Counter(tmp_path / "socket")
    with closing(connect(first.path)) as wire:
        wire.send("view", b"1")
        until(lambda: first.heard)
        first.close()
        until(lambda: wire._door is None)
        wire.send("view", b"2")
        with closing(Counter(tmp_path / "socket")) as second:
            until(lambda: second.heard)
            assert second.heard == [("view", b"2")]


def test_sending_never_waits_for_a_counter_that_does_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wires, "MOST_WAITING", 8)
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as deaf, closing(Wire(path)) as wire:
        deaf.bind(str(path))
        deaf.listen()
        wire.start()
        begun = time.monotonic()
        for _ in range(200):
            wire.send("i2c", bytes(100_000))
        assert time.monotonic() - begun < 5
        assert len(wire._waiting) <= 8


def test_a_callback_that_fails_does_not_end_the_wire(counter: Counter) -> None:
    heard: list[bytes] = []

    def fail_once(kind: str, body: bytes) -> None:
        heard.append(body)
        if len(heard) == 1:
            raise RuntimeError

    with closing(connect(counter.path, fail_once)):
        until(lambda: counter.doors)
        counter.doors[0].sendall(pack("press", b"1") + pack("press", b"2"))
        until(lambda: heard == [b"1", b"2"])


def test_closing_twice_and_before_the_start_does_nothing(tmp_path: Path) -> None:
    wire = Wire(tmp_path / "socket")
    wire.close()
    wire.close()
    wire.start()
    assert wire._sender is None


def test_the_last_words_before_closing_arrive(counter: Counter) -> None:
    wire = connect(counter.path)
    until(lambda: wire._door is not None)
    wire.send("drawn", b"9")
    wire.close()
    until(lambda: counter.heard == [("drawn", b"9")])


def test_a_folder_of_any_depth_will_do(tmp_path: Path) -> None:
    path = tmp_path / ("deep" * 20) / ("deeper" * 20) / "socket"
    with closing(Counter(path)) as counter, dial(path) as door:
        door.sendall(pack("view", b"x"))
        until(lambda: counter.heard)


def test_messages_are_cut_anywhere_and_come_out_whole() -> None:
    stream = pack("view", b"abc") + pack("drawn", b"") + pack("i2c", bytes(range(256)))
    unpacker = Unpacker()
    out = [message for byte in stream for message in unpacker.feed(bytes([byte]))]
    assert out == [("view", b"abc"), ("drawn", b""), ("i2c", bytes(range(256)))]


def test_a_message_too_large_is_refused() -> None:
    with pytest.raises(WireError, match="at most"):
        list(Unpacker().feed((LARGEST_BODY + 1).to_bytes(4, "big") + b"\x01x"))
