"""Whom a trouble of a history strikes, and what is counted of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.histories.faults import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.histories.faults import Fault
    from simulator.histories.gateway import Gateway
    from simulator.histories.history import History
    from simulator.histories.kiosk import Kiosk
    from simulator.histories.page import Page

#: How much later something comes that comes later, seconds.
LATER_S = (0.5, 10.0)


@dataclass(frozen=True, slots=True)
class Target:
    """Whom trouble strikes: a rid, and who has to do with it."""

    state: State | None
    rid: str | None
    code: str
    kiosk: Kiosk
    page: Page
    gateway: Gateway


class Aiming:
    """The parties of one history, as its troubles see them."""

    def __init__(self, history: History, codes: list[str], calm_at: float) -> None:
        """Keep the history, the codes of its vouchers, and when all is to be calm."""
        self._history = history
        self._world = history.world
        self._random = history.world.random
        self._oracle = history.oracle
        self._faults = history.faults
        self._office = history.office
        self._codes = codes
        self._calm_at = calm_at

    def _aim(self, state: State | None, rid: str | None) -> Target:
        random, history = self._random, self._history
        looking = [one for one in history.kiosks if one.looking_at is not None] if state is State.LOOK else []
        rid = rid or random.choice(self._oracle.live() or [None])
        trail = None if looking else self._oracle.trails.get(rid or "")
        asks = None if trail is None else trail.requester
        kiosk = next((one for one in history.kiosks if one.name == asks), None) or random.choice(
            looking or history.kiosks
        )
        page = next((one for one in history.pages if one.name == asks), None) or random.choice(history.pages)
        code = kiosk.looking_at if trail is None else trail.intent.code
        gateway = page.gateway if page.name == asks else kiosk.gateway
        return Target(state, rid, code or random.choice(self._codes), kiosk, page, gateway)

    def _send_rival(self, target: Target) -> None:
        """Let somebody else come with the same voucher; its code may be written in another way."""
        counters: list[Kiosk | Page] = [*self._history.kiosks, *self._history.pages]
        self._random.choice(counters).present(self._random.choice(self._office.names(target.code)), 1)

    def _rid(self) -> str:
        return self._random.randbytes(16).hex()

    def _later(self, act: Callable[..., None], *args: object) -> None:
        """Do something a few seconds later, if it is not calm by then."""
        moment = self._world.now + self._random.uniform(*LATER_S)
        if moment < self._calm_at:
            self._world.at(moment, act, *args)

    def _met(self, fault: Fault, kiosk: Kiosk | None = None, gateway: Gateway | None = None) -> None:
        """Count a fault for every rid, and every look, that its party is at work on."""
        requester = None if kiosk is None else kiosk.name
        relay = None if gateway is None else gateway.name
        self._faults.met_by_all(fault, self._oracle.live(requester=requester, gateway=relay))
        for one in self._history.kiosks:
            if kiosk in {None, one} and gateway in {None, one.gateway} and one.looking_at is not None:
                self._faults.met(fault, None)

    def _met_by_code(self, fault: Fault, code: str) -> None:
        """Count a fault for every rid and every look at a voucher."""
        self._faults.met_by_all(fault, self._oracle.concerned(code))
        counters: list[Kiosk | Page] = [*self._history.kiosks, *self._history.pages]
        self._faults.met_by_all(fault, [None for one in counters if one.looking_at == code])
