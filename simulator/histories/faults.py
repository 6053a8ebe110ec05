"""What can go wrong, in which state of a redemption it was met, and how likely it is in one history."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from random import Random

    from simulator.histories.world import World


class Fault(StrEnum):
    """Every kind of fault, accident and interference that the protocol is to survive as it is built."""

    LOST = "message lost"
    TWICE = "message twice"
    LATE = "message late"
    KIOSK_CUT = "kiosk's link cut"
    OFFICE_CUT = "office's link cut"
    KIOSK_CRASH = "kiosk killed"
    KIOSK_COMMIT = "kiosk killed at a commit"
    KIOSK_POWER = "kiosk's power cut"
    KIOSK_BACK = "kiosk's journal put back"
    DISK_FULL = "kiosk's disk full"
    GATEWAY_CRASH = "gateway killed"
    GATEWAY_COMMIT = "gateway killed at a commit"
    GATEWAY_POWER = "gateway's power cut"
    GATEWAY_BACK = "gateway's journal put back"
    OFFICE_BACK = "office's books put back"
    OFFICE_CRASH = "office killed"
    OFFICE_COMMIT = "office killed at a commit"
    COMPLAINT = "office complains of the message"
    CLOCK = "office's wall clock jumps"
    BROWSER = "browser closed"
    GIVEN_UP = "given up by staff"
    STORE = "kiosk moved to another store"
    GATEWAY = "kiosk moved to another gateway"
    RIVAL = "confirmed elsewhere too"
    FOREIGN = "redeemed elsewhere"
    CHANGED = "voucher changed"
    UNDO = "undo asked for"
    REFUSING = "platform refuses everybody"
    CALL_LOST = "call to the platform lost"
    CALL_LATE = "call to the platform late"
    REPLICA = "platform's replica stale"
    EVENT_LOST = "platform's event lost"
    EVENT_LATE = "platform's event late"


class State(StrEnum):
    """How far a redemption has come; never back, whatever is lost."""

    LOOK = "look"
    """No rid yet: a code is looked at or offered."""
    ASKED = "asked"
    """Confirmed; no gateway has it on its disk."""
    TAKEN = "taken"
    """A gateway has it on its disk and may relay a REQ; the owner has not ruled."""
    CLOSED = "closed"
    """A gateway's disk says "no more REQ"; the owner has not ruled."""
    CLAIMED = "claimed"
    """The owner asks the platform what the code is worth; no consume has left."""
    SENT = "sent"
    """A consume has left, as far as the owner can know."""
    OPEN = "open"
    """Whether this rid has spent the use can no longer be told from answers."""
    RULED = "ruled"
    """The owner has ruled; who asked does not know."""
    ANSWERED = "answered"
    """Who asked knows; nobody has acknowledged it."""
    SETTLED = "settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How likely accidents are in one history: by message, and by commit."""

    lost: float = 0.0
    twice: float = 0.0
    late: float = 0.0
    killed_at_commit: float = 0.0
    disk_full: float = 0.0
    complaint: float = 0.0
    call_lost: float = 0.0
    call_late: float = 0.0
    stale: float = 0.0
    event_lost: float = 0.0


#: Histories of fair weather, in all.
FAIR = 0.1
#: What a platform is like: at its best, on an ordinary day, and on two bad ones.
_PLATFORM_DAYS: tuple[dict[str, float], ...] = (
    {},
    {"call_lost": 0.1, "call_late": 0.1, "stale": 0.2, "event_lost": 0.2},
    {"call_lost": 0.4, "call_late": 0.4, "stale": 0.4, "event_lost": 0.4},
    {"call_lost": 0.3, "call_late": 0.5, "stale": 0.6, "event_lost": 0.5},
)


def draw_weather(random: Random) -> Weather:
    """Draw how likely accidents are: in some histories none, in some at every turn."""
    if random.random() < FAIR:
        return Weather()
    return Weather(
        lost=random.choice((0.0, 0.02, 0.1, 0.3)),
        twice=random.choice((0.0, 0.05, 0.2)),
        late=random.choice((0.0, 0.05, 0.2)),
        killed_at_commit=random.choice((0.0, 0.03, 0.2)),
        disk_full=random.choice((0.0, 0.0, 0.2)),
        complaint=random.choice((0.0, 0.0, 0.1)),
        **random.choice(_PLATFORM_DAYS),
    )


#: Seconds that a message takes, and that a late one takes.
SWIFT_S = (0.001, 0.03)
LATE_S = (0.3, 12.0)
#: How late a call can reach a platform, and how far its replica and its events can lag.
CALL_LATE_S = (2.0, 40.0)
LAG_S = (1.0, 30.0)
EVENT_S = (0.1, 1.0)
#: A look that fails is often tried again at once, which is as if it had not failed.
_LOOK_AGAIN = 0.7


class Faults:
    """Brings the weather about until it calms down, and counts what was met by which rid in which state."""

    def __init__(self, world: World, weather: Weather, calm_at: float, state_of: Callable[[str], State]) -> None:
        """Keep the weather, when it ends (seconds), and what tells a rid's state."""
        self._world = world
        self._random = world.random.random
        self._weather = weather
        self._calm_at = calm_at
        self._state_of = state_of
        self.tally: Counter[tuple[Fault, State]] = Counter()
        self.hit: dict[str, None] = {}
        """Rids that met a fault."""
        self._slow: dict[str, tuple[float, tuple[float, float]]] = {}
        """Until when the platform is slow with a rid, and how slow."""
        self._held: dict[str, tuple[float, float]] = {}
        """How late the owner's next answer to a rid is."""

    @property
    def calm(self) -> bool:
        """Whether no more accidents happen."""
        return self._world.now >= self._calm_at

    def met(self, fault: Fault, rid: str | None) -> None:
        """Count a fault that a rid, or a look, has met."""
        if rid is None:
            self.tally[fault, State.LOOK] += 1
        else:
            self.tally[fault, self._state_of(rid)] += 1
            self.hit[rid] = None

    def met_by_all(self, fault: Fault, rids: Iterable[str | None]) -> None:
        """Count a fault that several rids have met at once."""
        for rid in rids:
            self.met(fault, rid)

    def journeys(self, rid: str | None, *, once: bool = False) -> tuple[float, ...]:
        """Return how long each copy of a message is under way, seconds; none: it is lost. ``once``: never two."""
        swift = self._uniform(SWIFT_S)
        if self.calm:
            return (swift,)
        if once and rid in self._held and self._state_of(rid) is State.RULED:
            self.met(Fault.LATE, rid)
            return (self._uniform(self._held.pop(rid)),)
        weather, chance = self._weather, self._random()
        if chance < weather.lost:
            self.met(Fault.LOST, rid)
            return ()
        chance -= weather.lost
        if chance < weather.late:
            self.met(Fault.LATE, rid)
            return (self._late(LATE_S),)
        if chance - weather.late < weather.twice and not once:
            self.met(Fault.TWICE, rid)
            return (swift, self._late(LATE_S))
        return (swift,)

    def kills_at_commit(self, fault: Fault, rids: Iterable[str | None]) -> str | None:
        """Return "before" or "after" where the process dies at this commit; None where it lives."""
        if self.calm or self._random() >= self._weather.killed_at_commit:
            return None
        self.met_by_all(fault, rids)
        return "before" if self._random() < 0.5 else "after"  # noqa: PLR2004 - either

    def fills_disk(self) -> bool:
        """Whether a kiosk's disk is found to be full now."""
        return not self.calm and self._random() < self._weather.disk_full

    def complains(self, rid: str) -> bool:
        """Whether the office says something about the message instead of answering it."""
        if self.calm or self._random() >= self._weather.complaint:
            return False
        self.met(Fault.COMPLAINT, rid)
        return True

    def slow(self, rid: str, for_s: float, late_s: tuple[float, float]) -> None:
        """Let every call to the platform for a rid be late by so much, for so long."""
        self._slow[rid] = self._world.now + for_s, late_s

    def hold(self, rid: str, late_s: tuple[float, float]) -> None:
        """Let the owner's answer to a rid be late by so much."""
        self._held[rid] = late_s

    def call(self, rid: str | None) -> tuple[float | None, float | None]:
        """Return how long a call to a platform takes there and back, seconds; None: it gets lost on that way."""
        there, back = self._uniform(SWIFT_S), self._uniform(SWIFT_S)
        if self.calm or (rid is None and self._random() < _LOOK_AGAIN):
            return there, back
        until, late_s = self._slow.get(rid or "", (0.0, CALL_LATE_S))
        if rid is not None and self._world.now < until:
            self.met(Fault.CALL_LATE, rid)
            return self._uniform(late_s), back
        chance = self._random()
        if chance < self._weather.call_lost:
            self.met(Fault.CALL_LOST, rid)
            return (None, None) if self._random() < 0.3 else (there, None)  # noqa: PLR2004 - mostly it was served
        if chance - self._weather.call_lost < self._weather.call_late:
            self.met(Fault.CALL_LATE, rid)
            return self._late(CALL_LATE_S), back
        return there, back

    def lag(self, rid: str | None) -> float:
        """Return by how much the replica lags that answers a query, seconds."""
        if self.calm or self._random() >= self._weather.stale:
            return 0.0
        self.met(Fault.REPLICA, rid)
        return self._uniform(LAG_S)

    def event_delay(self, rid: str | None) -> float | None:
        """Return how long an event takes, seconds; None where it gets lost. ``rid`` None: it is about nobody here."""
        if self.calm:
            return self._uniform(EVENT_S)
        chance = self._random()
        if chance < self._weather.event_lost:
            self.met_by_all(Fault.EVENT_LOST, [rid] if rid else [])
            return None
        if chance < 2 * self._weather.event_lost:
            self.met_by_all(Fault.EVENT_LATE, [rid] if rid else [])
            return self._uniform(LAG_S)
        return self._uniform(EVENT_S)

    def _uniform(self, between: tuple[float, float]) -> float:
        return between[0] + (between[1] - between[0]) * self._random()

    def _late(self, between: tuple[float, float]) -> float:
        """Return a delay: most come soon after their time, a few very late."""
        return between[0] + (between[1] - between[0]) * float(self._random() ** 2)
