"""The rehearsal panel is the panel of production; the counter presses its buttons and sees its light and buzzer."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from device.ports import Button
from protocol.vocabulary import Colour, Light, Pattern, Sound
from simulator.adapters.monitor import RehearsalMonitor
from simulator.adapters.panel import RehearsalPanel
from simulator.adapters.wire import WireOptions
from simulator.hub import KioskHub
from tests.simulator.waiting import soon

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

Edge = tuple[Button, bool, float]


@asynccontextmanager
async def counter(tmp_path: Path) -> AsyncIterator[tuple[KioskHub, RehearsalPanel, list[Edge]]]:
    hub = KioskHub(tmp_path / "socket")
    await hub.power_on()
    panel = RehearsalPanel(RehearsalPanel.Options(socket=str(hub.path)))
    monitor = RehearsalMonitor(WireOptions(socket=str(hub.path)))
    edges: list[Edge] = []

    def on_edge(button: Button, pressed: bool, at: float) -> None:  # noqa: FBT001 - the port's own signature
        edges.append((button, pressed, at))
        monitor.handled(len(edges))

    await asyncio.to_thread(panel.start, on_edge)
    try:
        yield hub, panel, edges
    finally:
        await asyncio.to_thread(panel.close)
        await asyncio.to_thread(monitor.close)
        hub.power_off()
        await asyncio.sleep(0)


def test_a_press_bounces_and_is_held_as_long_as_asked(tmp_path: Path) -> None:
    async def story() -> None:
        async with counter(tmp_path) as (hub, panel, edges):
            begun = time.monotonic()
            await hub.press(Button.OK, 0.2)
            assert time.monotonic() - begun >= 0.2
            assert [(button, pressed) for button, pressed, _ in edges] == [
                (Button.OK, True),
                (Button.OK, False),
                (Button.OK, True),
                (Button.OK, False),
                (Button.OK, True),
                (Button.OK, False),
            ]
            pressed_at, released_at = edges[0][2], edges[3][2]
            assert released_at - pressed_at == pytest.approx(0.2)  # however late a busy machine moved the pin
            assert [at for *_, at in edges] == [pressed_at] * 3 + [released_at] * 3
            assert not panel.pressed(Button.OK)

    asyncio.run(story())


def test_presses_of_one_button_follow_each_other_and_of_two_go_together(tmp_path: Path) -> None:
    async def story() -> None:
        async with counter(tmp_path) as (hub, panel, edges):
            held = asyncio.create_task(hub.press(Button.CANCEL, 0.5))
            await soon(lambda: panel.pressed(Button.CANCEL))
            await asyncio.gather(*(hub.press(Button.UP, 0.02) for _ in range(3)))
            assert panel.pressed(Button.CANCEL)
            await held
            ups = [pressed for button, pressed, _ in edges if button is Button.UP]
            assert ups == [True, False, True, False, True, False] * 3

    asyncio.run(story())


def test_the_light_is_seen_at_its_pins(tmp_path: Path) -> None:
    async def story() -> None:
        async with counter(tmp_path) as (hub, panel, _):
            panel.light(Light(Colour.GREEN))
            await soon(lambda: hub.pins["green"] == 1.0)
            assert (hub.pins["red"], hub.pins["blue"]) == (0, 0)
            panel.light(Light(Colour.AMBER, Pattern.BLINK))
            await soon(lambda: hub.pins["red"] == 1.0 and hub.pins["green"] > 0)
            await soon(lambda: hub.pins["red"] == hub.pins["green"] == 0)

    asyncio.run(story())


def test_the_buzzer_is_heard_tone_by_tone(tmp_path: Path) -> None:
    async def story() -> None:
        async with counter(tmp_path) as (hub, panel, _):
            heard: list[float | None] = []
            with hub.watchers.watch() as watcher:
                panel.play(Sound.RISING_PAIR)
                while len(heard) < 3:
                    kind, value = await asyncio.wait_for(watcher.next(), 10)
                    if kind == "pins" and value["buzzer_hz"] != (heard[-1] if heard else None):
                        heard.append(value["buzzer_hz"])
            low, high, silence = heard
            assert low is not None
            assert high is not None
            assert high > low
            assert silence is None

    asyncio.run(story())


def test_closing_before_the_start_and_twice_does_nothing(tmp_path: Path) -> None:
    panel = RehearsalPanel(RehearsalPanel.Options(socket=str(tmp_path / "socket")))
    panel.close()
    panel.close()
