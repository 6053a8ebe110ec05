"""The panel on gpiozero's mock pins: the library is real, only the pins are not."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin

from device.errors import PanelError
from device.panel import MELODIES, GpioPanel, PanelPins
from device.ports import Button
from protocol.vocabulary import Colour, Light, Pattern, Sound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAIT_S = 5.0


class Pin(MockPWMPin):  # type: ignore[misc] # gpiozero has no types
    """A mock pin that keeps the tones that it was given."""

    def __init__(self, *args: Any) -> None:
        self.tones: list[float | None] = []
        super().__init__(*args)

    def _set_frequency(self, value: float | None) -> None:
        super()._set_frequency(value)
        self.tones.append(None if value is None else round(value))


class Bench:
    """A started panel, its pins, and the edges that it reported."""

    def __init__(self, pins: PanelPins | None = None) -> None:
        self.pins = pins or PanelPins()
        self.factory = MockFactory(pin_class=Pin)
        self.panel = GpioPanel(self.pins, self.factory)
        self.edges: list[tuple[Button, bool, float]] = []
        self.panel.start(lambda *edge: self.edges.append(edge))

    def pin(self, number: int) -> Any:
        return self.factory.pin(number)

    @property
    def colours(self) -> tuple[float, float, float]:
        red, green, blue = (self.pin(number).state for number in (self.pins.red, self.pins.green, self.pins.blue))
        return red, green, blue

    @property
    def hertz(self) -> float | None:
        buzzer = self.pin(self.pins.buzzer)
        return buzzer.frequency if buzzer.state else None


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.panel.close()


def until(condition: Callable[[], object]) -> None:
    """Wait until something holds, for a bounded time."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.002)


def names() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("button", Button)
def test_a_button_to_ground_is_a_press(bench: Bench, button: Button) -> None:
    pin = bench.pin(getattr(bench.pins, button.value))
    assert pin.pull == "up"
    before = time.monotonic()
    pin.drive_low()
    assert bench.panel.pressed(button)
    pin.drive_high()
    assert not bench.panel.pressed(button)
    assert [(one, pressed) for one, pressed, _ in bench.edges] == [(button, True), (button, False)]
    assert all(before <= at <= time.monotonic() for _, _, at in bench.edges)


def test_every_bounce_is_reported_raw(bench: Bench) -> None:
    pin = bench.pin(bench.pins.ok)
    for _ in range(3):
        pin.drive_low()
        pin.drive_high()
    assert len(bench.edges) == 6


@pytest.mark.parametrize(
    ("colour", "lit"),
    [
        (Colour.RED, (True, False, False)),
        (Colour.GREEN, (False, True, False)),
        (Colour.BLUE, (False, False, True)),
        (Colour.AMBER, (True, True, False)),
        (Colour.OFF, (False, False, False)),
    ],
)
def test_a_steady_light_is_its_colour(bench: Bench, colour: Colour, lit: tuple[bool, bool, bool]) -> None:
    bench.panel.light(Light(Colour.RED, Pattern.BLINK))
    bench.panel.light(Light(colour))
    assert tuple(level > 0 for level in bench.colours) == lit


def test_an_rgb_led_with_a_common_anode_is_driven_the_other_way_round() -> None:
    bench = Bench(PanelPins(led_active_high=False))
    bench.panel.light(Light(Colour.GREEN))
    assert bench.colours == (1.0, 0.0, 1.0)
    bench.panel.close()


def test_a_blinking_light_goes_on_and_off_and_the_next_one_ends_it(bench: Bench) -> None:
    bench.panel.light(Light(Colour.AMBER, Pattern.BLINK))
    until(lambda: bench.colours[0] == 1.0 and bench.colours[1] > 0)
    until(lambda: bench.colours == (0.0, 0.0, 0.0))
    until(lambda: bench.colours[0] == 1.0)
    bench.panel.light(Light(Colour.GREEN))
    states = len(bench.pin(bench.pins.red).states)
    until(lambda: not any("blink" in name for name in names()))
    assert bench.colours == (0.0, 1.0, 0.0)
    assert len(bench.pin(bench.pins.red).states) == states


def test_a_pulsing_light_swells(bench: Bench) -> None:
    bench.panel.light(Light(Colour.BLUE, Pattern.PULSE))
    until(lambda: {state.state for state in bench.pin(bench.pins.blue).states} & {level / 20 for level in range(1, 20)})


@pytest.mark.parametrize("sound", sorted(set(Sound) - {Sound.SLOW_TICK}))
def test_a_sound_is_played_once_note_by_note(bench: Bench, sound: Sound) -> None:
    buzzer = bench.pin(bench.pins.buzzer)
    buzzer.tones.clear()
    bench.panel.play(sound)
    wanted = [note.hertz for note in MELODIES[sound]]
    until(lambda: len(buzzer.tones) == len(wanted) + 1)
    assert buzzer.tones == [*wanted, None]
    until(lambda: bench.hertz is None)


@pytest.mark.parametrize(("volume", "duty"), [(100, 0.5), (50, 0.125), (10, 0.005)])
def test_a_quieter_buzzer_is_driven_for_less_of_each_period(volume: int, duty: float) -> None:
    bench = Bench(PanelPins(volume=volume))
    bench.panel.play(Sound.LONG_LOW)
    until(lambda: bench.pin(bench.pins.buzzer).state == pytest.approx(duty))
    assert bench.hertz == pytest.approx(523)
    bench.panel.close()


def test_a_buzzer_without_volume_is_silent_and_whoever_waits_for_its_sound_does_not_wait_longer() -> None:
    bench = Bench(PanelPins(volume=0))
    bench.panel.play(Sound.ONE_SHORT)
    bench.panel.play(None)
    assert not any(state.state for state in bench.pin(bench.pins.buzzer).states)
    bench.panel.close()


def test_each_sound_differs_from_the_others() -> None:
    assert len(set(MELODIES.values())) == len(Sound) == len(MELODIES)


def test_a_slow_tick_goes_on_until_the_next_call(bench: Bench) -> None:
    buzzer = bench.pin(bench.pins.buzzer)
    bench.panel.play(Sound.SLOW_TICK)
    until(lambda: [state.state > 0 for state in buzzer.states].count(True) >= 2)
    bench.panel.play(None)
    until(lambda: bench.hertz is None)


def test_the_newest_sound_is_played_at_once(bench: Bench) -> None:
    bench.panel.play(Sound.LONG_LOW)
    until(lambda: bench.hertz is not None)
    bench.panel.play(Sound.ONE_SHORT)
    until(lambda: bench.hertz is not None and round(bench.hertz) == 1760)


def test_closing_leaves_light_and_buzzer_off_and_no_thread() -> None:
    before = threading.active_count()
    bench = Bench()
    bench.panel.light(Light(Colour.AMBER, Pattern.PULSE))
    bench.panel.play(Sound.SLOW_TICK)
    until(lambda: bench.hertz is not None)
    bench.panel.close()
    bench.panel.close()
    assert threading.active_count() == before
    assert all(pin.function == "input" for pin in bench.factory.pins.values())


def test_pins_that_are_taken_are_named_and_the_rest_is_let_go() -> None:
    bench = Bench()
    second = GpioPanel(PanelPins(red=2, green=3, blue=4), bench.factory)
    with pytest.raises(PanelError, match=r"\[panel\.options\]"):
        second.start(lambda *edge: None)
    second.close()
    third = GpioPanel(PanelPins(ok=20, cancel=21, up=23, down=24, red=2, green=3, blue=4, buzzer=12), bench.factory)
    third.start(lambda *edge: None)
    third.close()
    bench.panel.close()


def test_a_dead_buzzer_is_heard_of_at_the_next_sound(bench: Bench) -> None:
    assert bench.panel._player is not None
    bench.panel._player._buzzer = object()
    bench.panel.play(Sound.ONE_SHORT)
    bench.panel._player._thread.join(WAIT_S)
    with pytest.raises(AttributeError):
        bench.panel.play(Sound.ONE_SHORT)
    bench.panel._player._buzzer = bench.panel._buzzer


def test_the_default_pins_leave_the_buses_alone() -> None:
    pins = PanelPins()
    used = [getattr(pins, name) for name in pins.__struct_fields__ if name != "led_active_high"]
    assert len(set(used)) == len(used)
    assert not set(used) & {0, 1, 2, 3, 7, 8, 9, 10, 11, 14, 15}
