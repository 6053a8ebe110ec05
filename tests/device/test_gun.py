"""A scanner gun: the kernel's own bytes through a pipe, to texts and to the deciding thread's mailbox."""

from __future__ import annotations

import os
import queue
import struct
from typing import TYPE_CHECKING

import pytest

from device.gun import Gun, GunSettings, guns
from device.keyboard import (
    ENTER,
    EVENT,
    KP_ENTER,
    LEFT_SHIFT,
    LONGEST,
    RIGHT_SHIFT,
    STALE_S,
    Key,
    Line,
    Lost,
    read,
    take,
)
from device.mailbox import GunRead
from device.scan.events import Alive, CameraFault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from device.mailbox import Item

WAIT_S = 10.0
#: Codes of linux/input-event-codes.h.
KEYS = {"H": 35, "h": 35, "E": 18, "X": 45, "I": 23, "A": 30, "O": 24, ":": 39, "C": 46, "L": 38, "R": 19, "K": 37}
KEYS |= {digit: 2 + at for at, digit in enumerate("1234567890")} | {"-": 12, "_": 12, "/": 53, "?": 53, " ": 57}
SHIFTED = set("HEXIAOCLRK:_?")


def event(kind: int, code: int, value: int) -> bytes:
    """Return one event as this machine's kernel lays it out: a time of two longs, two shorts, an int."""
    return struct.pack("@llHHi", 1_700_000_000, 123_456, kind, code, value)


def stroke(code: int) -> bytes:
    """Return a key going down and up, each with what guns send around it."""
    return b"".join(event(4, 4, 0x70000 + code) + event(1, code, value) + event(0, 0, 0) for value in (1, 0))


def typed(text: str) -> bytes:
    """Return what a gun sends for a text and Enter."""
    keys = []
    for letter in text:
        shift = letter in SHIFTED
        keys += [event(1, LEFT_SHIFT, 1)] * shift + [stroke(KEYS[letter])] + [event(1, LEFT_SHIFT, 0)] * shift
    return b"".join(keys) + stroke(ENTER)


def texts(raw: bytes, times: Iterable[float] = ()) -> list[str]:
    """Return the lines that events make, all at once or each at its time."""
    line, found, at = Line(), [], iter(times)
    for one in read(raw):
        line, text = take(line, one, next(at, 0.0))
        found += [] if text is None else [text]
    return found


@pytest.mark.parametrize("text", ["556120487733", "HEXIAO:CLERK:1", "h-H_/? 0"])
def test_what_a_gun_types_is_one_text_with_its_capitals(text: str) -> None:
    assert texts(typed(text)) == [text]


def test_every_printable_character_is_on_the_keyboard() -> None:
    found = set()
    for shifts in (frozenset[int](), frozenset({RIGHT_SHIFT})):
        for code in range(256):
            found |= set(take(Line(shifts=shifts), Key(code, 1), 0.0)[0].text)
    assert found == {chr(code) for code in range(0x20, 0x7F)}


def test_the_number_block_types_as_well_and_ends_a_line() -> None:
    assert texts(b"".join(stroke(code) for code in (79, 80, 81, 82, KP_ENTER))) == ["1230"]


def test_an_empty_line_a_held_key_and_a_key_of_no_character_are_no_text() -> None:
    assert texts(stroke(ENTER) + stroke(ENTER)) == []
    assert texts(event(1, 30, 1) + event(1, 30, 2) * 5 + stroke(59) + stroke(ENTER)) == ["a"]


def test_a_line_that_was_broken_off_is_no_beginning_of_the_next() -> None:
    line, _ = take(Line(), Key(KEYS["1"], 1), 10.0)
    line, _ = take(line, Key(KEYS["2"], 1), 10.0 + STALE_S + 0.1)
    assert line.text == "2"


def test_a_line_of_which_events_were_lost_is_thrown_away_and_the_next_one_is_whole() -> None:
    line, _ = take(Line(text="12", at=0.0), Lost(), 0.1)
    line, text = take(line, Key(ENTER, 1), 0.2)
    assert text is None
    assert texts(event(1, KEYS["1"], 1) + event(0, 3, 0) + stroke(ENTER) + typed("12")) == ["12"]
    assert line == Line()


def test_a_gun_that_never_ends_its_line_fills_no_memory() -> None:
    line = Line()
    for _ in range(LONGEST + 10):
        line, _ = take(line, Key(KEYS["1"], 1), 0.0)
    assert len(line.text) == LONGEST


class Bench:
    """A gun whose device is a named pipe."""

    def __init__(self, path: Path, *, alone: bool = False, refuses: bool = False) -> None:
        self.path = path
        self.posted: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self.deaths: list[BaseException] = []
        self.taken: list[int] = []
        self._refuses = refuses
        settings = GunSettings(device=str(path), instead_of_camera=alone)
        self.gun = Gun(settings, self.posted.put, self.deaths.append, take=self._take)

    def _take(self, descriptor: int) -> None:
        if self._refuses:
            raise OSError(16, "Device or resource busy")
        self.taken.append(descriptor)

    def next(self) -> Item:
        return self.posted.get(timeout=WAIT_S)


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "event7")
    return tmp_path / "event7"


@pytest.fixture
def bench(pipe: Path) -> Iterator[Bench]:
    bench = Bench(pipe)
    bench.gun.start()
    yield bench
    bench.gun.close()
    assert bench.deaths == []


def test_what_comes_through_the_device_is_posted_line_by_line(bench: Bench) -> None:
    with bench.path.open("wb", buffering=0) as device:
        raw = typed("556120487733") + typed("HEXIAO:CLERK:1")
        device.write(raw[: 40 * EVENT.size])
        device.write(raw[40 * EVENT.size :])
        assert [bench.next(), bench.next()] == [GunRead("556120487733"), GunRead("HEXIAO:CLERK:1")]
    assert len(bench.taken) == 1


def test_a_gun_alone_is_reported_as_the_camera_is_when_it_comes_and_when_it_goes(
    pipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("device.gun._AGAIN_S", 0.05)
    bench = Bench(pipe, alone=True)
    bench.gun.start()
    try:
        assert isinstance(bench.next(), Alive)
        with pipe.open("wb", buffering=0) as device:
            device.write(typed("12"))
            assert bench.next() == GunRead("12")
        gone = bench.next()
        assert isinstance(gone, CameraFault)
        assert "the scanner gun is not there" in gone.error
        assert isinstance(bench.next(), Alive)
    finally:
        bench.gun.close()
    assert bench.deaths == []


def test_a_gun_that_is_absent_or_in_other_hands_is_said_once_and_waited_for(
    tmp_path: Path, pipe: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("device.gun._AGAIN_S", 0.01)
    for bench in (Bench(tmp_path / "none", alone=True), Bench(pipe, alone=True, refuses=True)):
        caplog.clear()
        bench.gun.start()
        assert isinstance(bench.next(), CameraFault)
        with pytest.raises(queue.Empty):
            bench.posted.get(timeout=0.2)
        bench.gun.close()
        assert sum("gun_missing" in record.message for record in caplog.records) == 1
        assert bench.deaths == []


def test_what_is_no_input_device_cannot_be_taken(pipe: Path) -> None:
    posted: queue.SimpleQueue[Item] = queue.SimpleQueue()
    gun = Gun(GunSettings(device=str(pipe), instead_of_camera=True), posted.put, lambda _: None)
    gun.start()
    assert isinstance(posted.get(timeout=WAIT_S), CameraFault)
    gun.close()


def test_nothing_of_a_text_is_logged(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with bench.path.open("wb", buffering=0) as device:
        device.write(typed("134567890123456789"))
        bench.next()
    assert "gun_read characters=18" in caplog.text
    assert "6789" not in caplog.text


def test_keyboards_are_found_by_their_lasting_names(tmp_path: Path) -> None:
    for name in ("usb-Honeywell_1900-event-kbd", "usb-Honeywell_1900-mouse", "usb-A4-event-kbd"):
        (tmp_path / name).touch()
    assert guns(tmp_path) == [f"{tmp_path}/usb-A4-event-kbd", f"{tmp_path}/usb-Honeywell_1900-event-kbd"]


def test_one_that_was_never_started_is_closed_without_harm(tmp_path: Path) -> None:
    Bench(tmp_path / "none").gun.close()
