"""What every party has: a stage to stand on, a clock, and a process that can die and start again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulator.histories.world import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.histories.faults import Faults
    from simulator.histories.oracle import Oracle
    from simulator.histories.world import World


@dataclass(frozen=True, slots=True)
class Stage:
    """What all parties of a history share: the world, who watches it, and what goes wrong in it."""

    world: World
    oracle: Oracle
    faults: Faults


class Party:
    """One process. What it meant to do later is gone once it has crashed; what it keeps is on its disk."""

    def __init__(self, stage: Stage, name: str, rate: float = 1.0) -> None:
        """Keep its name; ``rate`` is its clock's."""
        self.world = stage.world
        self.oracle = stage.oracle
        self.faults = stage.faults
        self.name = name
        self.clock = Clock(stage.world, rate)
        self.runs = 0
        """How often it was started."""
        self.up = False

    def start(self) -> None:
        """Start the process on what its disk holds."""
        self.runs += 1
        self.up = True

    def crash(self, down_s: float, *, reboot: bool = False) -> None:
        """End it this instant and start it again after a while; ``reboot``: the whole computer, with its clock."""
        if not self.up:
            return
        self.world.tell(self.name, "-- dies (%s) --", "power" if reboot else "process")
        self.up = False
        self.forget()
        if reboot:
            self.clock.reboot()
        self.world.at(self.world.now + down_s, self._start_again)

    def forget(self) -> None:
        """Lose what is only in memory and would be seen from outside."""

    def after(self, delay_s: float, action: Callable[..., None], *args: Any) -> None:  # noqa: ANN401 - passed on
        """Let this process do something later, if it lives until then."""
        self.world.at(self.world.now + delay_s, self.do, self.runs, action, args)

    def when(self, shown: float, action: Callable[..., None], *args: Any) -> None:  # noqa: ANN401 - passed on
        """Let this process do something once its own clock shows ``shown``, if it lives until then."""
        self.world.at(self.clock.when(shown), self.do, self.runs, action, args)

    def do(self, run: int, action: Callable[..., None], args: tuple[Any, ...]) -> None:
        """Do something that was meant for one run of this process, if that still runs."""
        if self.up and run == self.runs:
            action(*args)

    def _start_again(self) -> None:
        if not self.up:
            self.world.tell(self.name, "-- starts --")
            self.start()
