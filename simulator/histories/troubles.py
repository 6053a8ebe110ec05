"""What can be done to a history from outside: machines die, links break, journals are put back, people interfere."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from simulator.histories.faults import Fault, State
from simulator.histories.gateway import STORES
from simulator.histories.kinds import Kind
from simulator.histories.lease_office import LeaseOffice
from simulator.histories.lease_troubles import forget_accepted, has_accepted
from simulator.histories.older_copies import DOWN_S, OlderCopies
from simulator.histories.platform_office import PlatformOffice

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.histories.aiming import Target
    from simulator.histories.history import History
    from simulator.histories.net import Line

#: How long things last, seconds.
CUT_S = (0.5, 30.0)
NOTICED_S = (0.5, 15.0)
REFUSING_S = (1.0, 10.0)
#: How long after one rival another comes: while a gateway decides on one, nobody else gets the voucher.
IN_TURN_S = (2.0, 5.0)
#: How often a history comes to its theme at the most, and how soon that strikes then.
PURSUED = 6
AT_HAND_S = (0.0, 0.02)
SLOW_S = (2.0, 30.0)
#: How late things come to a platform that is slow: queries that somebody may still wait for, consumes that nobody does.
LATE_QUERY_S, LATE_CONSUME_S = (2.0, 9.0), (6.0, 40.0)
#: How far a wall clock jumps, hours.
JUMP_H = 30.0
_AT_PLATFORM = frozenset({State.CLAIMED, State.SENT, State.OPEN})
_BEFORE_CONSUME = frozenset({State.ASKED, State.TAKEN, State.CLAIMED})


class Troubles(OlderCopies):
    """Strikes the parties of one history."""

    def __init__(self, history: History, codes: list[str], calm_at: float) -> None:
        """Choose what the history is about, and whether its books are put back or its journals."""
        super().__init__(history, codes, calm_at)
        # Books and journals that are both put back have both forgotten the same: nobody is left who could know.
        # Of a platform's rids that are lost with the books many can only be ended by a person, who is to stay rare.
        others = 39 if history.kind is Kind.PLATFORM else 1
        self._theme = self._random.choice(self._themes[history.kind])
        forgets = {
            self._overtake,
            self._forget_soon,
            self._forget_claimed,
            self._forget_redeemed,
            self._forget_lending,
            self._put_office_back,
        }
        put_back = self._theme[1] in forgets or self._random.choice((True, *[False] * others))
        self._office_is_put_back = put_back and self._theme[1] != self._forget_accepted
        self._only_as_themed = self._theme[1] in {self._forget_redeemed, self._overtake}
        self._pursued = 0
        if isinstance(history.office, LeaseOffice):
            history.office.lends_by_itself = self._theme[1] != self._lend_changed

    @property
    def _themes(self) -> dict[Kind, tuple[tuple[State, Callable[[Target], None]], ...]]:
        """What a history can be about: a trouble that strikes again and again, just when a rid comes to a state."""
        return {
            Kind.OWN: (
                (State.LOOK, self._move_store),
                (State.LOOK, self._change),
                (State.LOOK, self._redeem_elsewhere),
                (State.RULED, self._cut_kiosk),
                (State.RULED, self._kill_kiosk),
                (State.RULED, self._undo_unseen),
                (State.RULED, self._put_office_back),
                (State.RULED, self._overtake),
                (State.RULED, self._overtake),
            ),
            Kind.PLATFORM: (
                *((State.ASKED, self._slow_platform),) * 2,
                *((State.CLAIMED, self._slow_platform),) * 4,
                (State.OPEN, self._forget_claimed),
                (State.CLAIMED, self._redeem_elsewhere),
                (State.CLAIMED, self._forget_soon),
                (State.CLAIMED, self._forget_redeemed),
                (State.CLAIMED, self._forget_redeemed),
                (State.SENT, self._redeem_elsewhere),
                (State.SENT, self._refuse_all),
            ),
            Kind.OFFLINE: (
                *((State.LOOK, self._lend_changed),) * 2,
                (State.ASKED, self._cut_office),
                (State.RULED, self._cut_kiosk),
                *((State.CLOSED, self._forget_accepted),) * 4,
                *((State.CLOSED, self._send_rivals_alone),) * 4,
                *((State.CLOSED, self._redeem_elsewhere),) * 2,
                (State.CLOSED, self._put_office_back),
                *((State.CLOSED, self._forget_lending),) * 2,
            ),
        }

    def pursue(self, state: State, rid: str | None) -> None:
        """Strike as the theme of this history has it."""
        when, trouble = self._theme
        if rid is not None:
            self._prepare(trouble, state, rid)
        if state is when and self._is_worth_it(state, rid) and not self._faults.calm and self._pursued < PURSUED:
            self._pursued += 1
            self._world.at(self._world.now + self._random.uniform(*AT_HAND_S), trouble, self._aim(state, rid))

    def _is_worth_it(self, state: State, rid: str | None) -> bool:
        """Whether a theme strikes at a rid: of those ruled on at what spends, of those closed at what was accepted."""
        if rid is None or state not in {State.RULED, State.CLOSED}:
            return True
        if state is State.RULED:
            return bool(self._oracle.trails[rid].spent)
        return any(has_accepted(kiosk, rid) for kiosk in self._history.kiosks)

    def _prepare(self, theme: Callable[[Target], None], state: State, rid: str) -> None:
        """Bring about what a theme wants to find: an older copy of the books, or a gateway that decides by itself."""
        self._keep(theme, state, rid)
        of_acceptances = theme in {self._forget_accepted, self._send_rivals_alone, self._redeem_elsewhere}
        if self._history.kind is Kind.OFFLINE and of_acceptances and state is State.ASKED and not self._faults.calm:
            target = self._aim(state, rid)
            if not target.gateway.upstream.cut and self._pursued < PURSUED:
                self._cut_office(target)

    def strike(self, state: State | None = None, rid: str | None = None) -> None:
        """Let one thing go wrong, for the rid that has just come to a state, or for one of those at work."""
        if self._faults.calm:
            return
        target = self._aim(state, rid)
        looks, platform, ruled = state is State.LOOK, state in _AT_PLATFORM, state is State.RULED
        early = state in _BEFORE_CONSUME and self._history.kind is Kind.PLATFORM
        # What was accepted while no word of it comes is forgone on the kiosk's disk, if that has room.
        hopes = state in {State.ASKED, State.TAKEN} and self._history.kind is Kind.OFFLINE
        troubles: dict[Callable[[Target], None], int] = {
            self._cut_kiosk: 8 if ruled else 1 if looks else 2,
            self._cut_office: 1 if looks else 2,
            self._kill_kiosk: 8 if ruled else 6 if platform else 2,
            self._fill_disk: 4 if state is State.OPEN or hopes else 1,
            self._kill_gateway: 2,
            self._kill_office: 2,
            self._put_kiosk_back: 2,
            self._put_gateway_back: 2,
            self._put_office_back: 4,
            self._turn_clock: 1,
            self._close_browser: 3 if platform else 1,
            self._give_up: 1,
            self._move_store: 16 if looks else 2,
            self._move_gateway: 5 if platform else 3,
            self._send_rival: 16 if state is State.SENT else 2,
            self._redeem_elsewhere: 12 if platform else 2,
            self._change: 16 if looks else 2,
            self._lend_changed: 16 if looks and self._history.kind is Kind.OFFLINE else 0,
            self._refuse_all: 8 if platform else 1,
            self._slow_platform: 6 if early else 0,
            self._strand: 6 if state is State.TAKEN else 0,
            self._undo: 6,
            self._undo_unseen: 16 if ruled else 0,
        }
        self._random.choices(list(troubles), list(troubles.values()))[0](target)

    def cut_a_store_off(self) -> None:
        """Cut a gateway off from the office, so that it has to see what it may accept by itself."""
        self._cut_office(self._aim(None, None))

    # --- links ------------------------------------------------------------------------------------------------------

    def _cut_kiosk(self, target: Target) -> None:
        self._met(Fault.KIOSK_CUT, kiosk=target.kiosk)
        for_s, noticed_s = self._cut(target.kiosk.line), self._random.uniform(*NOTICED_S)
        if noticed_s < for_s:
            self._world.at(self._world.now + noticed_s, target.kiosk.lose_link)

    def _cut_office(self, target: Target) -> None:
        self._met(Fault.OFFICE_CUT, gateway=target.gateway)
        self._cut(target.gateway.upstream)

    def _strand(self, target: Target) -> None:
        """Leave a gateway alone with a redemption: neither who asked nor the office is heard."""
        self._cut_kiosk(target)
        self._cut_office(target)

    def _forget_accepted(self, target: Target) -> None:
        """Cut a gateway off that has just accepted a redemption, and let it forget that."""
        if target.rid is not None and has_accepted(target.kiosk, target.rid):
            self._cut_office(target)
            forget_accepted(self._history, target.kiosk, target.rid)

    def _send_rivals_alone(self, target: Target) -> None:
        """Let others come with the same voucher to one kiosk after the other, whose gateways decide alone meanwhile."""
        for number, kiosk in enumerate(self._history.kiosks):
            if not kiosk.gateway.upstream.cut:
                self._met(Fault.OFFICE_CUT, gateway=kiosk.gateway)
                self._cut(kiosk.gateway.upstream)
            moment = self._world.now + number * self._random.uniform(*IN_TURN_S)
            self._world.at(moment, kiosk.present, self._random.choice(self._office.names(target.code)), 1)

    def _cut(self, line: Line) -> float:
        self._world.tell("network", "a line is cut")
        line.cut = True
        shortest, longest = CUT_S
        for_s = shortest + (longest - shortest) * self._random.random() ** 2  # most are short
        for_s = min(for_s, self._calm_at - self._world.now)
        self._world.at(self._world.now + for_s, self._mend, line)
        return for_s

    def _mend(self, line: Line) -> None:
        self._world.tell("network", "a line is mended")
        line.cut = False

    # --- machines ---------------------------------------------------------------------------------------------------

    def _kill_kiosk(self, target: Target) -> None:
        power = self._random.choice((True, False))
        self._met(Fault.KIOSK_POWER if power else Fault.KIOSK_CRASH, kiosk=target.kiosk)
        target.kiosk.crash(self._random.uniform(*DOWN_S), reboot=power)

    @staticmethod
    def _fill_disk(target: Target) -> None:
        """Let a kiosk's disk be full; who meets that is counted at each write."""
        target.kiosk.fill_disk()

    def _kill_gateway(self, target: Target) -> None:
        power = self._random.choice((True, False))
        self._met(Fault.GATEWAY_POWER if power else Fault.GATEWAY_CRASH, gateway=target.gateway)
        target.gateway.crash(self._random.uniform(*DOWN_S), reboot=power)

    def _kill_office(self, _: Target) -> None:
        self._met(Fault.OFFICE_CRASH)
        self._office.crash(self._random.uniform(*DOWN_S), reboot=self._random.choice((True, False)))

    def _turn_clock(self, _: Target) -> None:
        self._met(Fault.CLOCK)
        self._office.wall += timedelta(hours=self._random.uniform(-JUMP_H, JUMP_H))

    # --- people -----------------------------------------------------------------------------------------------------

    def _close_browser(self, target: Target) -> None:
        page = target.page
        looking = [] if page.looking_at is None else [None]
        self._faults.met_by_all(Fault.BROWSER, [*self._oracle.live(requester=page.name), *looking])
        page.crash(self._random.uniform(*DOWN_S))

    def _give_up(self, target: Target) -> None:
        target.page.give_up()

    def _move_store(self, target: Target) -> None:
        self._met(Fault.STORE, kiosk=target.kiosk)
        other = next(store for store in STORES if store != target.kiosk.store)
        target.kiosk.gateway.place(target.kiosk.name, other)

    def _move_gateway(self, target: Target) -> None:
        for other in self._history.gateways:
            if other is not target.kiosk.gateway:
                self._met(Fault.GATEWAY, kiosk=target.kiosk)
                target.kiosk.move(other)
                return

    def _redeem_elsewhere(self, target: Target) -> None:
        if self._office.up:
            self._met_by_code(Fault.FOREIGN, target.code)
            self._office.redeem_elsewhere(target.code, self._rid())

    def _change(self, target: Target) -> None:
        self._met_by_code(Fault.CHANGED, target.code)
        self._office.change(target.code)

    def _lend_changed(self, target: Target) -> None:
        """Change what is being offered, and lend it to the gateway that offers it."""
        if isinstance(self._office, LeaseOffice) and target.code in self._office.items:
            self._met_by_code(Fault.CHANGED, target.code)
            self._office.lend_changed(target.code, target.gateway.name)

    def _refuse_all(self, _: Target) -> None:
        if isinstance(self._office, PlatformOffice):
            self._met(Fault.REFUSING)
            self._office.refuse_all(self._random.uniform(*REFUSING_S))

    def _slow_platform(self, target: Target) -> None:
        """Let what the platform is asked for one redemption come late to it for a while."""
        if target.rid is not None:
            late_s = LATE_CONSUME_S if target.state is State.CLAIMED else LATE_QUERY_S
            self._faults.slow(target.rid, self._random.uniform(*SLOW_S), late_s)

    def _undo(self, target: Target) -> None:
        redeemed = self._office.redeemed()
        if not redeemed:
            return
        rid = target.rid if target.rid in redeemed else self._random.choice(redeemed)
        if self._random.choice((True, False)):
            self._undo_at_office(rid)
        else:
            self._faults.met(Fault.UNDO, rid)
            self._random.choice(self._history.pages).undo(rid)

    def _undo_unseen(self, target: Target) -> None:
        """Undo at the office what is still waited for at a counter, while that is cut off."""
        if target.rid is None or target.rid not in self._office.redeemed():
            return
        asks = self._oracle.trails[target.rid].requester
        for one in (target.kiosk, target.page):
            if one.name == asks and not one.line.cut:
                self._cut(one.line)
                self._later(self._undo_at_office, target.rid)

    def _undo_at_office(self, rid: str) -> None:
        if self._office.up and rid in self._office.redeemed():
            self._faults.met(Fault.UNDO, rid)
            self._office.undo(self._rid(), rid)
