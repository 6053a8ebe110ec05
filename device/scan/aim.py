"""A small white light beside the camera, on while something is in view: print is read in a dark shop, too.

Off where no pin is configured: a phone shines by itself, and a lamp is reflected in its glass.
"""

from __future__ import annotations

import logging
from typing import Any

log = logging.getLogger(__name__)

#: For how many seconds the light stays on after what is in view has last changed or been read.
LINGER_S = 2.0
#: For how many seconds after the light has changed a change of the picture is its own doing, and the exposure's.
SETTLE_S = 1.0


class Aim:
    """When the light is to be on."""

    def __init__(self) -> None:
        """Start dark, with an empty counter."""
        self._lit = False
        self._switched_at = float("-inf")
        self._stirred_at = float("-inf")

    def see(self, *, stirring: bool, now: float) -> bool:
        """Take in whether something stirs in the frame of a moment, in seconds; return whether to have light."""
        if stirring and now - self._switched_at >= SETTLE_S:
            self._stirred_at = now
        lit = now - self._stirred_at < LINGER_S
        if lit is not self._lit:
            self._lit, self._switched_at = lit, now
        return lit


class AimLight:
    """The light on its pin. A kiosk reads without it: where the pin cannot be used there is a warning, and no light."""

    def __init__(self, pin: int, pin_factory: Any = None) -> None:  # noqa: ANN401 - gpiozero has no types
        """Keep the pin, by its BCM number; ``pin_factory`` None is gpiozero's own choice, on a Pi the real pins."""
        self._pin = pin
        self._pin_factory = pin_factory
        self._led: Any = None

    def start(self) -> None:
        """Take the pin, dark."""
        import gpiozero  # noqa: PLC0415 - only a camera that has a light pays for it

        try:
            self._led = gpiozero.LED(self._pin, pin_factory=self._pin_factory)
        except gpiozero.GPIOZeroError as error:
            log.warning("aim_light_unusable pin=%s error=%s", self._pin, error)

    def shine(self, *, lit: bool) -> None:
        """Switch the light."""
        if self._led is not None:
            self._led.value = lit

    def close(self) -> None:
        """Light off, pin released."""
        led, self._led = self._led, None
        if led is not None:
            led.off()
            led.close()
