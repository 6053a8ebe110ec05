"""One history from one seed, played to its end: what the oracle saw, what was met, and what never ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.standing import HEAD_OFFICE
from simulator.histories.books import Peer
from simulator.histories.faults import Faults, draw_weather
from simulator.histories.gateway import STORES, Gateway
from simulator.histories.kinds import Kind
from simulator.histories.kiosk import Kiosk
from simulator.histories.lease_gateway import LeaseGateway
from simulator.histories.lease_office import LeaseOffice
from simulator.histories.office import Office
from simulator.histories.oracle import Oracle
from simulator.histories.page import Page
from simulator.histories.party import Stage
from simulator.histories.platform_office import PlatformOffice
from simulator.histories.plot import Plot
from simulator.histories.world import World

if TYPE_CHECKING:
    from simulator.histories.faults import Fault, State

#: Things go wrong until then, seconds.
CALM_S = 50.0
_STEP_S = 5.0
#: Pages ask less often than kiosks, and nothing is accepted for them under a lease.
_MORE_KIOSKS = {Kind.OWN: 0, Kind.PLATFORM: 1, Kind.OFFLINE: 2}
_TWO_GATEWAYS = 0.4
_A_PERSON_COMES = 0.6
#: Clocks run faster or slower than this at the most; quartz is far better.
_RATES = (0.98, 1.02)


#: Once all is calm, everything must come to its end within this time, seconds: older books have to be found out, to be
#: restored and to get all journals; and a person who has to say how a platform's consume ended may do so only once none
#: can be under way any more, and about one rid after the other where restored books have lost several at a voucher:
#: more than a minute for each of them.
ENDS_S = {Kind.OWN: 60.0, Kind.PLATFORM: 1500.0, Kind.OFFLINE: 150.0}

#: So long after that, somebody looks at every open attribution, seconds.
LOOKED_AT_S = 250.0

_OFFICES = {Kind.OWN: Office, Kind.PLATFORM: PlatformOffice, Kind.OFFLINE: LeaseOffice}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a history."""

    kind: Kind
    seed: int
    rids: int
    redeemed: int
    by_person: int
    """How many rids a person had to end."""
    hit: int
    """How many rids met a fault."""
    faults: Counter[tuple[Fault, State]]
    conflicts: Counter[str]
    """What was accepted offline and could not be redeemed, by cause."""
    violations: tuple[str, ...]
    unresolved: tuple[str, ...]
    story: tuple[tuple[float, str, str], ...]
    """Time, party and what, where it was told."""


class History:
    """The parties of one history, and what they stand in."""

    def __init__(self, kind: Kind, seed: int, *, told: bool = False) -> None:
        """Build a world from a seed; ``told``: keep its story."""
        self.kind = kind
        self.seed = seed
        self.world = World(seed, told=told)
        random = self.world.random
        self.oracle = Oracle(self.world)
        self.faults = Faults(self.world, draw_weather(random), CALM_S, self.oracle.state_of)
        self.stage = Stage(self.world, self.oracle, self.faults)
        self.office = _OFFICES[kind](self.stage)
        self.gateways = [self._gateway(n) for n in range(1, 3 if random.random() < _TWO_GATEWAYS else 2)]
        self.office.disk.peers = {gateway.name: Peer(gateway.name) for gateway in self.gateways}
        self.kiosks = [self._kiosk(n) for n in range(1, random.choice((1, 2, 2, 3)) + _MORE_KIOSKS[kind] + 1)]
        pages = 2 if kind is Kind.PLATFORM else 1
        self.pages = [self._page(gateway, n) for gateway in self.gateways for n in range(1, pages + 1)]

    def play(self) -> Outcome:
        """Let it happen, and return what came of it."""
        world, oracle = self.world, self.oracle
        for party in (self.office, *self.gateways, *self.kiosks, *self.pages):
            party.start()
        Plot(self, CALM_S).draw()
        while not oracle.violations and not self._is_over():
            world.run(world.now + _STEP_S)
            self._ask_a_person()
        if not oracle.violations:
            self._compare_books()
        return Outcome(
            kind=self.kind,
            seed=self.seed,
            rids=len(oracle.trails),
            redeemed=oracle.redeemed,
            by_person=len(self.office.by_person) if isinstance(self.office, PlatformOffice) else 0,
            hit=len(self.faults.hit),
            faults=self.faults.tally,
            conflicts=self.office.acceptances.conflicts if isinstance(self.office, LeaseOffice) else Counter(),
            violations=tuple(oracle.violations),
            unresolved=tuple(self.unresolved()),
            story=tuple(world.story or ()),
        )

    def unresolved(self) -> list[str]:
        """Return what is open anywhere: party and rid."""
        open_ones = [(kiosk.name, ticket.rid) for kiosk in self.kiosks for ticket in kiosk.counter.still_open]
        open_ones += [(gateway.name, rid) for gateway in self.gateways for rid in gateway.open()]
        open_ones += [(page.name, rid) for page in self.pages for rid, one in page.requests.items() if one.is_open]
        open_ones += [(self.office.name, rid) for rid in self.office.unresolved()]
        return [f"{name} {rid[:4]}" for name, rid in open_ones] + self._to_be_restored()

    def _to_be_restored(self) -> list[str]:
        """Return what is still an older copy, whether anybody has found that out yet or not."""
        disk = self.office.disk
        older = disk.stopped or any(
            peer.uploaded < disk.generation or disk.mark(name).is_behind(gateway.journal.heard_of(HEAD_OFFICE))
            for gateway in self.gateways
            for name, peer in disk.peers.items()
            if name == gateway.name
        )
        return [f"{self.office.name} is an older copy"] if older else []

    def _ask_a_person(self) -> None:
        """Let somebody who is in a hurry look at the open attributions; in the end, somebody looks at every one."""
        late = self.world.now > CALM_S + LOOKED_AT_S
        if isinstance(self.office, PlatformOffice) and (late or self.world.random.random() < _A_PERSON_COMES):
            self.office.decide_by_person()

    def _is_over(self) -> bool:
        """Whether everything has come to its end, or has had its time for it."""
        calm = max(CALM_S, *(page.busy_until for page in self.pages))
        return self.world.now >= calm and (self.world.now >= calm + ENDS_S[self.kind] or not self.unresolved())

    def _compare_books(self) -> None:
        """Check that the office's books say what the registers say, and those of the gateways what the office ruled."""
        self.oracle.close()
        for use, rid in self.office.books() ^ (set() if self.kind is Kind.PLATFORM else self.oracle.holders.items()):
            self.oracle.violated("rule 3", rid, f"books and registers differ on {use}")
        for rid, trail in self.oracle.trails.items():
            for gateway in self.gateways:
                kept = gateway.known(rid)
                if gateway.name in trail.gateways and (kept is None or kept.answer is None):
                    self.oracle.violated("rule 2", rid, f"{gateway.name} has lost it from its books")
                elif kept is not None and kept.answer is not None:
                    self.oracle.agrees(kept.answer)
                if kept is not None and self.kind is not Kind.PLATFORM and rid not in self.office.known:
                    self.oracle.violated("rule 11", rid, f"{gateway.name} has it in its journal, the books have not")

    def _gateway(self, number: int) -> Gateway:
        name, rate = f"gw-{number}", self._rate()
        if isinstance(self.office, LeaseOffice):
            return LeaseGateway(self.stage, name, self.office, rate)
        return Gateway(self.stage, name, self.office, rate)

    def _kiosk(self, number: int) -> Kiosk:
        gateway, name = self.world.random.choice(self.gateways), f"kiosk-{number}"
        gateway.place(name, self.world.random.choice(tuple(STORES)))
        return Kiosk(self.stage, name, gateway, self._rate())

    def _page(self, gateway: Gateway, number: int) -> Page:
        name = f"page-{gateway.name}-{number}"
        gateway.place(name, next(iter(STORES)))
        return Page(self.stage, name, gateway, self._rate())

    def _rate(self) -> float:
        return self.world.random.uniform(*_RATES)


def play(kind: Kind, seed: int, *, told: bool = False) -> Outcome:
    """Play the history of a seed to its end."""
    return History(kind, seed, told=told).play()
