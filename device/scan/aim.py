"""A small white light beside the camera, on while something is in view: print is read in a dark shop, too.

Off where no pin is configured: a phone shines by itself, and a lamp is reflected in its glass.
"""

from __future__ import annotations

import logging
from typing import Any

log = logging.getLogger(__name__)


class AimLight:
    """The light on its pin. A kiosk reads without it: where the pin cannot be used there is a warning, and no light."""

    def __init__(self, pin: int, pin_factory: Any = None) -> None:  # noqa: ANN401 - gpiozero has no types
        """Keep the pin, by its BCM number; ``pin_factory`` None is gpiozero's own choice, on a Pi the real pins."""
        self._pin = pin
        self._pin_factory = pin_factory
        self._led: Any = None

    def start(self) -> None:
        """Take the pin, dark."""
        try:
            import gpiozero  # noqa: PLC0415 - only a camera that has a light pays for it

            self._led = gpiozero.LED(self._pin, pin_factory=self._pin_factory)
        except Exception as error:  # noqa: BLE001 - a pin factory raises its own library's errors, as lgpio.error
            self._give_up(error)

    def shine(self, *, lit: bool) -> None:
        """Switch the light."""
        if self._led is None:
            return
        try:
            self._led.value = lit
        except Exception as error:  # noqa: BLE001 - see start
            self._give_up(error)

    def close(self) -> None:
        """Light off, pin released."""
        led, self._led = self._led, None
        if led is None:
            return
        try:
            led.off()
            led.close()
        except Exception as error:  # noqa: BLE001 - see start
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self._led = None
        log.warning("aim_light_unusable pin=%s error=%s", self._pin, error)
