"""The clerk before a kiosk: looks at each new screen and presses something, mostly the right thing, after a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.counter.events import Pressed
from device.counter.states import Offering, Pending, Question, Result
from device.ports import Button

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.histories.kiosk import Kiosk

#: How likely things are that a clerk does.
CONFIRMS, CANCELS = 0.9, 0.05
PARKS = 0.75
HANDED_OVER, TOOK_BACK = 0.7, 0.2
ACKNOWLEDGES = 0.3


class Clerk:
    """Whoever stands behind the counter."""

    def __init__(self, kiosk: Kiosk) -> None:
        """Stand before a kiosk."""
        self._kiosk = kiosk
        self._random = kiosk.world.random
        self._scene = -1
        self.wanted: dict[str, int] = {}
        """How many uses the customer with this code asks for."""

    def arrive(self) -> None:
        """See the kiosk start: whatever it shows is new."""
        self._scene = -1

    def look_up(self) -> None:
        """React to a new screen, after a while; where nothing is pressed it stands its time."""
        counter = self._kiosk.counter
        if counter.scene == self._scene:
            return
        self._scene = counter.scene
        uniform, chance = self._random.uniform, self._random.random()
        match counter.phase:
            case Offering(code=code, offer=offer) if chance < CONFIRMS:
                more = min(self.wanted.get(code, 1), offer.max_quantity) - 1
                self._soon(uniform(0.2, 2.0), (*[Button.UP] * more, Button.OK))
            case Offering() if chance < CONFIRMS + CANCELS:
                self._soon(uniform(0.2, 2.0), (Button.CANCEL,))
            case Pending():
                self._kiosk.after(self._kiosk.timing.choice_s + uniform(0.2, 4.0), self._choose, self._scene)
            case Question():
                rest = HANDED_OVER + TOOK_BACK
                button = Button.OK if chance < HANDED_OVER else Button.CANCEL if chance < rest else Button.UP
                self._soon(uniform(0.5, 5.0), (button,))
            case Result() if chance < ACKNOWLEDGES:
                self._soon(uniform(0.3, 3.0), (Button.OK,))
            case _:
                pass

    def _soon(self, wait_s: float, buttons: Sequence[Button]) -> None:
        self._kiosk.after(wait_s, self._press, self._scene, buttons)

    def _press(self, scene: int, buttons: Sequence[Button]) -> None:
        for button in buttons:
            if self._kiosk.up and self._kiosk.counter.scene == scene:
                self._kiosk.handle(Pressed(button, self._random.randbytes(16)))

    def _choose(self, scene: int) -> None:
        """Wait on or give up, once the kiosk offers that."""
        counter = self._kiosk.counter
        if counter.scene != scene or not isinstance(counter.phase, Pending):
            return
        if counter.phase.choice:
            self._press(scene, (Button.CANCEL if self._random.random() < PARKS else Button.OK,))
        self._kiosk.after(self._random.uniform(8.0, 20.0), self._choose, scene)
