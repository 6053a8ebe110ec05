"""The plot of a history: which vouchers there are, who comes with them to which counter, and when trouble strikes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.histories.faults import State
from simulator.histories.kinds import Kind
from simulator.histories.oracle import ELSEWHERE
from simulator.histories.troubles import Troubles

if TYPE_CHECKING:
    from simulator.histories.history import History
    from simulator.histories.kiosk import Kiosk
    from simulator.histories.page import Page

#: Customers come from then until then, seconds.
COMING_S = (2.0, 30.0)
#: How many come, how many uses each asks for (9: all that there are), at how many counters at once, and how soon after
#: one another.
VISITS = (5, 10, 16)
QUANTITIES = (1, 1, 2, 3, 9)
AT_COUNTERS = (1, 2, 2)
RIVAL_S = 1.5
#: Where vouchers are lent, so many times as many come, to so many counters more: nothing is accepted for pages there.
MORE_VISITS = 2
MORE_COUNTERS = 1
#: How many come with a voucher that has uses left.
FRESH = 0.8
#: How many come to where it is lent, if it is.
AT_HOME = 0.9
#: How often the only customer with a voucher comes to a page and is kept waiting until long after the offer, and when.
LINGERS = 0.45
LINGERS_S = (36.0, 46.0)
#: How often trouble waits for a rid to come to some state, how soon it then strikes, and how much of it.
AMBUSHES = (0, 12, 24, 36)
WITHIN_S = (0.0, 0.03, 1.0, 6.0)
AT_ONCE = (1, 1, 2)
#: How often a journal or the books are put back to an older copy in any case, and when that copy is made, seconds.
PUT_BACK = 0.5
PUT_BACK_S = (4.0, 30.0)
#: Where it waits, and how often: more often where few rids come.
OWN_STATES = {
    State.LOOK: 3,
    State.ASKED: 2,
    State.TAKEN: 3,
    State.CLOSED: 4,
    State.RULED: 5,
    State.ANSWERED: 2,
    State.SETTLED: 1,
}
PLATFORM_STATES = OWN_STATES | {State.CLAIMED: 12, State.SENT: 12, State.OPEN: 24}
#: How often a store with leases is cut off, and when, seconds.
OFFLINE = (3, 6, 9)
OFFLINE_S = (3.0, 45.0)
#: How often the journal of such a store is put back.
LOST = (0, 6, 9)
#: How often it strikes at any moment.
STRAYS = (0, 1, 2)


class Plot:
    """Draws what happens and puts it on the calendar of the world."""

    def __init__(self, history: History, calm_at: float) -> None:
        """Keep the history, and when all is to be calm."""
        self._history = history
        self._world = history.world
        self._random = history.world.random
        self._calm_at = calm_at

    def draw(self) -> None:
        """Draw the whole plot."""
        random, world = self._random, self._world
        self._codes = self._history.office.sell()
        self._troubles = Troubles(self._history, self._codes, self._calm_at)
        lent = self._history.kind is Kind.OFFLINE
        for _ in range(random.choice(VISITS) * (MORE_VISITS if lent else 1)):
            world.at(random.uniform(*COMING_S), self._visit)
        for _ in range(random.choice(STRAYS)):
            world.at(random.uniform(0.0, self._calm_at), self._troubles.strike)
        if random.random() < PUT_BACK:
            world.at(random.uniform(*PUT_BACK_S), self._troubles.put_something_back)
        if self._history.kind is Kind.OFFLINE:
            for _ in range(random.choice(OFFLINE)):
                world.at(random.uniform(*OFFLINE_S), self._troubles.cut_a_store_off)
            for _ in range(random.choice(LOST)):
                world.at(random.uniform(*OFFLINE_S), self._troubles.put_a_store_back)
        if self._history.kind is Kind.OWN and random.random() < LINGERS:
            page, code = random.choice(self._history.pages), self._history.office.sell_one_more()
            world.at(random.uniform(*LINGERS_S), page.linger, code)
        weights = PLATFORM_STATES if self._history.kind is Kind.PLATFORM else OWN_STATES
        self._ambushes = random.choices(list(weights), list(weights.values()), k=random.choice(AMBUSHES))
        self._history.oracle.reached = self._spring

    def _visit(self) -> None:
        """Let a customer come to a counter with a voucher; mostly a rival comes to another one."""
        random = self._random
        counters: list[Kiosk | Page] = [*self._history.kiosks, *self._history.kiosks, *self._history.pages]
        fresh = [code for code in self._history.office.fresh() if code in self._codes]
        code = random.choice(fresh if fresh and random.random() < FRESH else self._codes)
        home = self._history.office.home(code)
        if home is not None and random.random() < AT_HOME:
            counters = [one for one in counters if (one.gateway.name, one.store) == home] or counters
        at_once = random.choice(AT_COUNTERS) + (MORE_COUNTERS if self._history.kind is Kind.OFFLINE else 0)
        for counter in random.sample(counters, min(len(counters), at_once)):
            moment = self._world.now + random.uniform(0.0, RIVAL_S)
            self._world.at(moment, counter.present, code, random.choice(QUANTITIES))

    def _spring(self, state: State, rid: str | None) -> None:
        """Let trouble strike just when a rid, or a look, has come to a state, or a little later."""
        trail = self._history.oracle.trails.get(rid or "")
        if trail is not None and trail.requester == ELSEWHERE:
            return
        self._troubles.pursue(state, rid)
        if state not in self._ambushes or self._world.now >= self._calm_at:
            return
        self._ambushes.remove(state)
        for _ in range(self._random.choice(AT_ONCE)):
            wait_s = self._random.choice(WITHIN_S) * self._random.random()
            self._world.at(self._world.now + wait_s, self._troubles.strike, state, rid)
