"""Buttons, light and buzzer on a Pi's pins, over gpiozero.

Buttons connect their pin to ground; the pin's own pull-up holds it high. Red, green and blue LEDs (or one RGB LED with
a common cathode) hang on three pins, a passive piezo buzzer on a fourth. The pins that I2C, SPI and the serial console
use are left alone. Debouncing is ``device.debounce``: gpiozero's own drops edges, and its mock pins have none.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from msgspec import Meta

from device.errors import PanelError
from device.ports import Button
from protocol.vocabulary import Colour, Pattern, Sound
from service.config import Section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from protocol.vocabulary import Light

log = logging.getLogger(__name__)

#: A pin by its BCM number (GPIO17 is 17, which is pin 11 of the header).
Pin = Annotated[int, Meta(ge=0, le=27)]


class PanelPins(Section, frozen=True, kw_only=True):
    """``[panel.options]``: which part hangs on which pin, by BCM number."""

    ok: Pin = 5
    cancel: Pin = 6
    up: Pin = 13
    down: Pin = 19
    red: Pin = 17
    green: Pin = 27
    blue: Pin = 22
    buzzer: Pin = 18
    led_active_high: bool = True
    """False for an RGB LED with a common anode."""
    volume: Annotated[int, Meta(ge=0, le=100)] = 100
    """How loud the buzzer is, per cent; 0: it is silent, and light and screen say everything."""


Options: TypeAlias = PanelPins

#: Red, green and blue of each colour. Green LEDs are the brighter ones, so amber takes less of it.
_MIXES: dict[Colour, tuple[float, float, float]] = {
    Colour.OFF: (0.0, 0.0, 0.0),
    Colour.BLUE: (0.0, 0.0, 1.0),
    Colour.GREEN: (0.0, 1.0, 0.0),
    Colour.AMBER: (1.0, 0.4, 0.0),
    Colour.RED: (1.0, 0.0, 0.0),
}
_PULSE_S = 0.8
_BLINK_S = 0.4


@dataclass(frozen=True, slots=True)
class Note:
    """A tone for so many seconds; ``hertz`` None is a pause."""

    hertz: float | None
    seconds: float


_LOW, _MIDDLE, _HIGH = 523.0, 1760.0, 2637.0
_SHORT, _GAP = Note(_MIDDLE, 0.09), Note(None, 0.07)

#: What each sound is played as. A refusal's rhythm is not a success's, for ears that do not hear pitch. Piezo buzzers
#: are loudest between 2 and 4 kHz; the low tones are meant to be quieter.
MELODIES: dict[Sound, tuple[Note, ...]] = {
    Sound.ONE_SHORT: (_SHORT,),
    Sound.TWO_SHORT: (_SHORT, _GAP, _SHORT),
    Sound.RISING_PAIR: (Note(_MIDDLE, 0.12), Note(_HIGH, 0.22)),
    Sound.FALLING_PAIR: (Note(_MIDDLE, 0.28), _GAP, Note(_LOW, 0.12)),
    Sound.LEVEL_PAIR: (Note(_MIDDLE, 0.2), _GAP, Note(_MIDDLE, 0.2)),
    Sound.ONE_LOW: (Note(_LOW, 0.15),),
    Sound.LONG_LOW: (Note(_LOW, 0.8),),
    Sound.SLOW_TICK: (Note(_MIDDLE, 0.03), Note(None, 0.97)),
}
_REPEATED = frozenset({Sound.SLOW_TICK})
_MID_TONE_HERTZ, _OCTAVES = 1760.0, 2


_LOUDEST_DUTY = 0.5


def duty_of(volume: int) -> float:
    """Return which part of a tone's period a passive buzzer is driven for, to be this loud: 0 to 100 per cent.

    A half is loudest. Its fundamental goes by the sine of the duty, ears by the logarithm: the square is near to both.
    """
    return _LOUDEST_DUTY * (volume / 100) ** 2


def volume_of(duty: float) -> float:
    """Return how loud a buzzer is that is driven for this part of a period, 0 to 1."""
    return math.sqrt(min(duty, _LOUDEST_DUTY) / _LOUDEST_DUTY)


class GpioPanel:
    """The panel of a kiosk. A fault of its sound thread is raised at the next call."""

    Options = PanelPins

    def __init__(self, options: PanelPins, pin_factory: Any = None) -> None:  # noqa: ANN401 - gpiozero has no types
        """Keep the pins; ``pin_factory`` None is gpiozero's own choice, on a Pi the real pins."""
        self._options = options
        self._pin_factory = pin_factory
        self._buttons: dict[Button, Any] = {}
        self._led: Any = None
        self._buzzer: Any = None
        self._player: _Player | None = None

    def start(self, on_edge: Callable[[Button, bool, float], None]) -> None:
        """Take the pins; report every raw edge as (button, pressed, monotonic seconds), from gpiozero's thread."""
        import gpiozero  # noqa: PLC0415 - only a process that has a panel pays for it

        try:
            self._take_pins(gpiozero, on_edge)
        except gpiozero.GPIOZeroError as error:
            msg = f"the panel's pins cannot be used ({error}); check [panel.options], and that lgpio is installed"
            raise PanelError(msg) from error

    def _take_pins(self, gpiozero: Any, on_edge: Callable[[Button, bool, float], None]) -> None:  # noqa: ANN401
        options, pins = self._options, {"pin_factory": self._pin_factory}
        self._led = gpiozero.RGBLED(
            options.red, options.green, options.blue, active_high=options.led_active_high, pwm=True, **pins
        )
        mid_tone = gpiozero.tones.Tone.from_frequency(_MID_TONE_HERTZ)
        self._buzzer = gpiozero.TonalBuzzer(options.buzzer, mid_tone=mid_tone, octaves=_OCTAVES, **pins)
        self._player = _Player(self._buzzer, duty_of(options.volume))
        self._player.start()
        for button in Button:
            made = gpiozero.Button(getattr(options, button.value), pull_up=True, bounce_time=None, **pins)
            self._buttons[button] = made
            made.when_pressed = _report(on_edge, button, pressed=True)
            made.when_released = _report(on_edge, button, pressed=False)

    def pressed(self, button: Button) -> bool:
        """Return the button's level now."""
        return bool(self._buttons[button].is_pressed)

    def light(self, light: Light) -> None:
        """Show this light from now on; gpiozero's thread moves it, and ends with the next light."""
        mix = _MIXES[light.colour]
        if light.colour is Colour.OFF or light.pattern is Pattern.STEADY:
            self._led.value = mix
        elif light.pattern is Pattern.PULSE:
            self._led.pulse(fade_in_time=_PULSE_S, fade_out_time=_PULSE_S, on_color=mix)
        else:
            self._led.blink(on_time=_BLINK_S, off_time=_BLINK_S, on_color=mix)

    def play(self, sound: Sound | None) -> None:
        """Play this sound once (a slow tick: until the next call); None ends whatever plays."""
        if self._player is not None:
            self._player.play(sound)

    def close(self) -> None:
        """Light off, buzzer quiet, pins released; also where only some of them were taken."""
        if self._player is not None:
            self._player.close()
            self._player = None
        for part in (*self._buttons.values(), self._led, self._buzzer):
            if part is not None:
                part.close()
        self._buttons, self._led, self._buzzer = {}, None, None


def _report(on_edge: Callable[[Button, bool, float], None], button: Button, *, pressed: bool) -> Callable[[], None]:
    return lambda: on_edge(button, pressed, time.monotonic())


class _Player:
    """Plays sounds on a thread of its own, the newest at once; sleeps while there is nothing to play."""

    def __init__(self, buzzer: Any, duty: float) -> None:  # noqa: ANN401 - gpiozero has no types
        self._buzzer = buzzer
        self._duty = duty
        self._changed = threading.Condition()
        self._asked = 0
        self._sound: Sound | None = None
        self._closing = False
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="buzzer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def play(self, sound: Sound | None) -> None:
        if self._failure is not None:
            raise self._failure
        with self._changed:
            self._sound = sound
            self._asked += 1
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        try:
            played = 0
            while (order := self._next(played)) is not None:
                played, sound = order
                self._perform(played, sound)
        except Exception as error:  # the thread's guard: whoever asks for the next sound hears of it
            log.exception("buzzer_died")
            self._failure = error

    def _next(self, played: int) -> tuple[int, Sound | None] | None:
        """Return the newest order that was not played yet, waiting for one; None when closing."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._asked != played)
            return None if self._closing else (self._asked, self._sound)

    def _perform(self, order: int, sound: Sound | None) -> None:
        notes: Iterable[Note] = MELODIES[sound] if sound is not None else ()
        for note in cycle(notes) if sound in _REPEATED else notes:
            if note.hertz is None:
                self._buzzer.stop()
            elif self._duty:
                self._buzzer.play(note.hertz)
                self._buzzer.pwm_device.value = self._duty
            with self._changed:
                if self._changed.wait_for(lambda: self._closing or self._asked != order, note.seconds):
                    break
        self._buzzer.stop()
