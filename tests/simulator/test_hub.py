"""The hub knows of a kiosk what its adapters say, and waits for what they have not said yet."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec
import pytest
from PIL import Image

from device.ports import Button
from device.view import Line, LinkState, Screen, View
from protocol.vocabulary import Colour, Light, Sound, Verdict
from simulator.adapters import messages
from simulator.adapters.messages import Driven, Pins, Press
from simulator.adapters.monitor import RehearsalMonitor
from simulator.adapters.oled import RehearsalOled
from simulator.adapters.wire import Wire, WireOptions
from simulator.hub import DARK, OFF, KioskHub, KioskOffError, KioskSilentError
from tests.simulator.waiting import soon

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

REDEEMED = View(
    seq=3,
    screen=Screen.RESULT,
    lines=(Line("核销成功", centred=True), Line("剩余2次")),
    verdict=Verdict.REDEEMED,
    light=Light(Colour.GREEN),
    sound=Sound.RISING_PAIR,
    rid="00" * 16,
    clerk="7",
    link=LinkState.UP,
)


class Kiosk:
    """A kiosk's process as far as the hub can tell: monitor and screen of a rehearsal, and a panel that answers."""

    def __init__(self, path: Path) -> None:
        options = WireOptions(socket=str(path))
        self.monitor = RehearsalMonitor(options)
        self.oled = RehearsalOled(RehearsalOled.Options(socket=str(path)))
        self.panel = Wire(path, self._pressed)
        self.presses: list[Press] = []
        self.edges = 0

    def start(self) -> None:
        self.panel.start()
        self.panel.send(messages.PINS, msgspec.json.encode(Pins(blue=1.0)))

    def show(self, picture: Image.Image) -> None:
        self.oled.start()
        self.oled.show(picture)

    def _pressed(self, kind: str, body: bytes) -> None:
        assert kind == messages.PRESS
        press = msgspec.json.decode(body, type=Press)
        self.presses.append(press)
        self.edges += 2
        self.panel.send(messages.DRIVEN, msgspec.json.encode(Driven(number=press.number, edges=self.edges)))

    def close(self) -> None:
        self.monitor.close()
        self.oled.close()
        self.panel.close()


@asynccontextmanager
async def counter(tmp_path: Path) -> AsyncIterator[tuple[KioskHub, Kiosk]]:
    hub = KioskHub(tmp_path / "rehearsal" / "socket")
    await hub.power_on()
    kiosk = Kiosk(hub.path)
    kiosk.start()
    try:
        yield hub, kiosk
    finally:
        await asyncio.to_thread(kiosk.close)
        hub.power_off()
        await asyncio.sleep(0)


def test_a_kiosk_without_power_is_off_and_dark(tmp_path: Path) -> None:
    async def story() -> None:
        hub = KioskHub(tmp_path / "socket")
        assert hub.state() == OFF == {"screen": "off", "verdict": None}
        assert await hub.picture() == DARK
        with pytest.raises(KioskOffError):
            await hub.press(Button.OK, 0.1)

    asyncio.run(story())


def test_a_view_is_told_whole(tmp_path: Path) -> None:
    async def story() -> None:
        async with counter(tmp_path) as (hub, kiosk):
            assert hub.state()["screen"] == "starting"
            kiosk.monitor.shown(REDEEMED)
            await soon(lambda: hub.state()["screen"] == "result")
            assert hub.state() == {
                "seq": 3,
                "screen": "result",
                "verdict": "redeemed",
                "lines": ["核销成功", "剩余2次"],
                "light": {"colour": "green", "pattern": "steady"},
                "sound": "rising_pair",
                "rid": "00" * 16,
                "clerk": "7",
                "link": "up",
                "countdown": None,
            }

    asyncio.run(story())


def test_numbers_go_on_rising_over_a_power_cut_and_old_views_are_forgotten(tmp_path: Path) -> None:
    async def story() -> None:
        async with counter(tmp_path) as (hub, kiosk):
            kiosk.monitor.shown(REDEEMED)
            await soon(lambda: hub.state()["screen"] == "result")
            await asyncio.to_thread(kiosk.close)
            hub.power_off()
            assert hub.state() == OFF
            await hub.power_on()
            assert hub.state()["screen"] == "starting"
            assert hub.state()["seq"] > 3
            again = RehearsalMonitor(WireOptions(socket=str(hub.path)))
            again.shown(View(seq=1, screen=Screen.IDLE, lines=()))
            await soon(lambda: hub.state()["screen"] == "idle")
            assert hub.state()["seq"] > 4
            await asyncio.to_thread(again.close)

    asyncio.run(story())


def test_a_press_returns_when_its_edges_are_dealt_with_and_not_before(tmp_path: Path) -> None:
    async def story() -> None:
        async with counter(tmp_path) as (hub, kiosk):
            press = asyncio.create_task(hub.press(Button.UP, 0.25))
            await soon(lambda: kiosk.presses)
            assert kiosk.presses[0].button is Button.UP
            assert kiosk.presses[0].held_s == 0.25
            kiosk.monitor.handled(1)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.shield(press), 0.1)
            kiosk.monitor.handled(2)
            await press

    asyncio.run(story())


def test_a_press_at_a_kiosk_that_loses_its_power_says_so(tmp_path: Path) -> None:
    async def story() -> None:
        async with counter(tmp_path) as (hub, kiosk):
            press = asyncio.create_task(hub.press(Button.OK, 0.1))
            await soon(lambda: kiosk.presses)
            hub.power_off()
            with pytest.raises(KioskOffError):
                await press

    asyncio.run(story())


def test_a_kiosk_that_never_deals_with_a_press_is_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with counter(tmp_path) as (hub, _kiosk):
            monkeypatch.setattr("simulator.hub.ANSWER_WITHIN_S", 0.2)
            with pytest.raises(KioskSilentError):
                await hub.press(Button.OK, 0.0)

    asyncio.run(story())


def test_the_picture_is_the_one_of_the_newest_view_and_as_bright_as_it_was_told(tmp_path: Path) -> None:
    left = Image.new("1", (128, 64))
    left.paste(1, (0, 0, 64, 64))

    async def story() -> None:
        async with counter(tmp_path) as (hub, kiosk):
            kiosk.monitor.shown(REDEEMED)
            await soon(lambda: hub.state()["seq"] == 3)
            picture = asyncio.create_task(hub.picture())
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.shield(picture), 0.1)
            await asyncio.to_thread(kiosk.show, left)
            kiosk.monitor.drawn(3)
            assert await picture == left.tobytes()
            full = hub.contrast
            await asyncio.to_thread(kiosk.oled.brighten, 0.5)
            await soon(lambda: hub.contrast == pytest.approx(full / 2, rel=0.01))
            await asyncio.to_thread(kiosk.oled.brighten, 0.0)
            await soon(lambda: hub.contrast == 0)

    asyncio.run(story())


def test_a_screen_that_is_never_drawn_does_not_hold_the_picture_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with counter(tmp_path) as (hub, kiosk):
            monkeypatch.setattr("simulator.hub.DRAWN_WITHIN_S", 0.2)
            kiosk.monitor.shown(REDEEMED)
            await soon(lambda: hub.state()["seq"] == 3)
            assert await hub.picture() == DARK

    asyncio.run(story())


def test_watchers_get_every_view_in_order_and_each_change_of_the_panel(tmp_path: Path) -> None:
    async def story() -> None:
        async with counter(tmp_path) as (hub, kiosk):
            with hub.watchers.watch() as watcher:
                for seq in range(1, 51):
                    kiosk.monitor.shown(View(seq=seq, screen=Screen.IDLE, lines=()))
                seen: list[int] = []
                while len(seen) < 50:
                    kind, value = await watcher.next()
                    if kind == "state":
                        seen.append(value["seq"])
                assert seen == list(range(1, 51))
                await asyncio.to_thread(kiosk.show, Image.new("1", (128, 64), 1))
                while (await watcher.next())[0] != "panel":
                    pass

    asyncio.run(story())


def test_nonsense_on_the_wire_changes_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with counter(tmp_path) as (hub, kiosk):
            for kind, body in (("view", b"{}"), ("drawn", b"x"), ("driven", b"[]"), ("whatever", b""), ("i2c", b"")):
                kiosk.panel.send(kind, body)
            kiosk.monitor.shown(REDEEMED)
            await soon(lambda: hub.state().get("verdict") == "redeemed")
            assert await hub.picture() is not None

    asyncio.run(story())
