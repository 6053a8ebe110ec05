"""A kiosk's panel at a rehearsal: the panel of production on gpiozero's mock pins, which the counter drives and reads.

Buttons bounce as real ones do, so that what makes one press of several edges is rehearsed too. A press lasts as long as
was asked for: where a busy machine moves a pin late, its edge still says when it was meant.
"""

from __future__ import annotations

import threading
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import msgspec
from gpiozero.pins.mock import MockFactory, MockPWMPin

from device.panel import GpioPanel, PanelPins, volume_of
from device.ports import Button
from simulator.adapters.messages import DRIVEN, PINS, PRESS, Driven, Pins, Press
from simulator.adapters.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.vocabulary import Light, Sound

    OnEdge = Callable[[Button, bool, float], None]

#: No finger is back on its button sooner, and no contact is quiet sooner: what comes before that is taken for bouncing.
LIFTED_S = 0.05


class RehearsalPins(PanelPins, frozen=True, kw_only=True):
    """The pins of production, and where the counter listens."""

    socket: str


class RehearsalPanel:
    """``device.panel.GpioPanel`` whose pins are wires to the counter."""

    Options = RehearsalPins

    def __init__(self, options: RehearsalPins) -> None:
        """Keep the options."""
        self._options = options
        self._wire = Wire(Path(options.socket), self._asked)
        self._factory = _Factory(self._pins_changed)
        self._panel = GpioPanel(options, self._factory)
        self._fingers = {button: threading.Lock() for button in Button}
        self._counting = threading.Lock()
        self._edges = 0
        self._moving = threading.Lock()
        self._moved_at = 0.0
        self._telling = threading.Lock()
        self._told = Pins()
        self._closing = threading.Event()

    def start(self, on_edge: OnEdge) -> None:
        """Take the pins, and let the counter press buttons."""

        def counted(button: Button, pressed: bool, _: float) -> None:  # noqa: FBT001 - the port's own signature
            with self._counting:
                self._edges += 1
            on_edge(button, pressed, self._moved_at)

        self._panel.start(counted)
        self._wire.send(PINS, msgspec.json.encode(self._told))
        self._wire.start()

    def pressed(self, button: Button) -> bool:
        """Return the button's level now, but none that a contact passes through."""
        with self._moving:
            return self._panel.pressed(button)

    def light(self, light: Light) -> None:
        """Show this light from now on."""
        self._panel.light(light)

    def play(self, sound: Sound | None) -> None:
        """Play this sound."""
        self._panel.play(sound)

    def close(self) -> None:
        """Let fingers, pins and wire go."""
        self._closing.set()
        for finger in self._fingers.values():
            with finger:
                pass  # a press that is under way ends first
        self._panel.close()
        self._factory.close()
        self._wire.close()

    # --- presses

    def _asked(self, kind: str, body: bytes) -> None:
        if kind == PRESS:
            press = msgspec.json.decode(body, type=Press)
            threading.Thread(target=self._press, args=(press,), name=f"finger-{press.button}", daemon=True).start()

    def _press(self, press: Press) -> None:
        with self._fingers[press.button]:
            if self._closing.is_set():
                return
            pin = self._factory.pin(getattr(self._options, press.button.value))
            begun = monotonic()
            self._touch(pin.drive_low, pin.drive_high, begun)
            self._closing.wait(max(press.held_s - (monotonic() - begun), 0.0))
            self._touch(pin.drive_high, pin.drive_low, begun + press.held_s)
            with self._counting:
                driven = Driven(number=press.number, edges=self._edges)
            self._wire.send(DRIVEN, msgspec.json.encode(driven))
            self._closing.wait(LIFTED_S)

    def _touch(self, there: Callable[[], None], back: Callable[[], None], at: float) -> None:
        """Move a contact, which lets go once more before it stays; its edges are of this monotonic second."""
        with self._moving:
            self._moved_at = at
            there()
            back()
            there()

    # --- light and buzzer

    def _pins_changed(self) -> None:
        with self._telling:
            pins, options = self._factory.outputs(), self._options
            buzzer = pins.get(options.buzzer)
            told = Pins(
                red=_lit(pins.get(options.red), options),
                green=_lit(pins.get(options.green), options),
                blue=_lit(pins.get(options.blue), options),
                buzzer_hz=buzzer.frequency if buzzer is not None and buzzer.state else None,
                volume=volume_of(buzzer.state) if buzzer is not None else 0.0,
            )
            if told != self._told:
                self._told = told
                self._wire.send(PINS, msgspec.json.encode(told))


class _Pin(MockPWMPin):  # type: ignore[misc] # gpiozero has no types
    """A mock pin that tells what it gives out; unlike its model it keeps no record of all that it ever gave out."""

    def _change_state(self, value: float) -> bool:
        if self._state == value:
            return False
        self._state: float = value
        self._last_change = monotonic()
        self.factory.changed()
        return True

    def _set_frequency(self, value: float | None) -> None:
        super()._set_frequency(value)
        self.factory.changed()


class _Factory(MockFactory):  # type: ignore[misc] # gpiozero has no types
    """Mock pins that tell when one of them gives something else out."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__(pin_class=_Pin)
        self.changed = changed

    def outputs(self) -> dict[int, Any]:
        """Return every pin that gives something out, by its BCM number."""
        made = list(self.pins.values())
        return {int(pin.info.name.removeprefix("GPIO")): pin for pin in made if pin.function == "output"}


def _lit(pin: Any, options: RehearsalPins) -> float:  # noqa: ANN401 - gpiozero has no types
    """Return how bright the LED at a pin is, 0 to 1."""
    if pin is None:
        return 0.0
    return float(pin.state if options.led_active_high else 1 - pin.state)
