"""Journals and books that are put back to older copies of themselves, at the moments at which that hurts most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.standing import HEAD_OFFICE
from protocol.marks import NEVER
from simulator.histories.aiming import Aiming
from simulator.histories.faults import Fault, State
from simulator.histories.lease_gateway import LeaseGateway
from simulator.histories.platform import TELLS
from simulator.histories.platform_office import PlatformOffice

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.histories.aiming import Target
    from simulator.histories.books import Books
    from simulator.histories.gateway import Gateway
    from simulator.histories.group_commit import Disk
    from simulator.histories.history import History
    from simulator.histories.kiosk import Kiosk
    from simulator.histories.kiosk_disk import KioskDisk

#: How long a machine is down, seconds.
DOWN_S = (0.2, 8.0)
SOON_S = (0.02, 0.12)
#: How many come with a voucher that is being redeemed, and how late its platform is meanwhile, seconds.
RIVALS, RIVALS_COME_S = 3, (0.3, 1.2)
#: How late an answer is that the books forget while it is under way, how long they are away meanwhile, and when others
#: come then, seconds.
OVERTAKEN_S, AWAY_S, AT_ONCE_S = (3.0, 4.8), (0.01, 0.1), (0.1, 0.8)
#: When a platform tells a second time that a voucher was consumed, seconds.
TOLD_TWICE_S = 8.0


class OlderCopies(Aiming):
    """Puts back what a history's parties keep."""

    def __init__(self, history: History, codes: list[str], calm_at: float) -> None:
        """Begin with nothing that was ever put back."""
        super().__init__(history, codes, calm_at)
        self._office_is_put_back = False
        """Whether it is the books that are put back in this history, and not the gateways' journals."""
        self._only_as_themed = False
        """Whether they are put back when the history's theme has it, and not at any other time."""
        self._office_copied = False
        self._first = self._office.disk.copy()
        """The books as they were when nothing had been redeemed or lent."""
        self._before: dict[str, Books] = {}
        """The books as they were when a rid came to them."""

    def put_something_back(self) -> None:
        """Put the books, or what would be put back instead of them, back to an older copy."""
        target = self._aim(None, None)
        if self._office_is_put_back:
            self._put_office_back(target)
        else:
            self._random.choice((self._put_gateway_back, self._put_kiosk_back))(target)

    def put_a_store_back(self) -> None:
        """Put a gateway's journal back to what it was before it went on by itself, where one has."""
        if self._office_is_put_back:
            return
        alone = [one for one in self._history.gateways if isinstance(one, LeaseGateway) and one.has_accepted]
        for gateway in alone[:1]:
            self._put_gateway_back_to(gateway, gateway.before)

    def _keep(self, theme: Callable[[Target], None], state: State, rid: str) -> None:
        """Keep a copy of the books as they are now that a rid comes to them, where the theme will want it."""
        if theme in {self._forget_claimed, self._forget_redeemed} and state is State.CLAIMED:
            self._before[rid] = self._office.disk.copy()
        if theme == self._overtake and state is State.TAKEN and not self._office_copied:
            self._before[rid] = self._office.disk.copy()
            self._faults.hold(rid, OVERTAKEN_S)

    def _put_kiosk_back(self, target: Target) -> None:
        self._later(self._put_kiosk_back_to, target.kiosk, target.kiosk.disk.copy())

    def _put_kiosk_back_to(self, kiosk: Kiosk, older: KioskDisk) -> None:
        self._met(Fault.KIOSK_BACK, kiosk=kiosk)
        kiosk.put_back(older, self._random.uniform(*DOWN_S))

    def _put_gateway_back(self, target: Target) -> None:
        if not self._office_is_put_back:
            self._later(self._put_gateway_back_to, target.gateway, target.gateway.disk.copy())

    def _put_gateway_back_to(self, gateway: Gateway, older: Disk) -> None:
        self._met(Fault.GATEWAY_BACK, gateway=gateway)
        gateway.put_back(older, self._random.uniform(*DOWN_S))

    def _put_office_back(self, _: Target) -> None:
        if self._office_is_put_back and not (self._office_copied or self._only_as_themed):
            self._office_copied = True  # once in a history: a second copy might be newer than what it replaces
            self._later(self._put_office_back_to, self._office.disk.copy())

    def _forget_soon(self, _: Target) -> None:
        """Put the books back to what they are now, so soon that hardly anybody has heard what followed."""
        if self._office_is_put_back and not self._office_copied:
            self._office_copied = True
            moment = self._world.now + self._random.uniform(*SOON_S)
            self._world.at(moment, self._put_office_back_to, self._office.disk.copy())

    def _forget_lending(self, _: Target) -> None:
        """Put the books back to before they had lent what somebody has accepted now."""
        if not self._office_copied:
            self._office_copied = True
            self._put_office_back_to(self._first)

    def _forget_claimed(self, target: Target) -> None:
        """Put the books back to what they were when a rid was claimed that is left to a person now."""
        older = self._before.get(target.rid or "")
        if older is not None and not self._office_copied:
            self._office_copied = True
            self._put_office_back_to(older)

    def _forget_redeemed(self, target: Target) -> None:
        """Put the books back to before a platform's voucher was redeemed, at which another rid is at work now.

        The platform, of which nobody can expect that it tells things once, tells again that it was consumed.
        """
        office = self._office
        card = office.platform.cards[target.code] if isinstance(office, PlatformOffice) else None
        if not isinstance(office, PlatformOffice) or card is None or card.uses > 1 or self._office_copied:
            return
        codes = office.names(target.code)
        had = [rid for rid in office.redeemed() if office.cases[rid].intent.code in codes and rid in self._before]
        if not had and target.rid is not None:
            self._faults.slow(target.rid, RIVALS_COME_S[1], RIVALS_COME_S)
            for _ in range(RIVALS):
                self._send_rival(target)
        elif had and target.rid not in had:
            self._office_copied = True
            self._put_office_back_to(self._before[had[0]])
            ours = True
            self._world.at(self._world.now + TOLD_TWICE_S, office.platform.tell, card.name, ours, TELLS)

    def _overtake(self, target: Target) -> None:
        """Put the books back to before a redemption whose answer is under way; others redeem before it arrives.

        The books may have come as far again by then as the answer says, so that nobody finds out how old they are.
        """
        older = self._before.get(target.rid or "")
        if older is None or self._office_copied:
            return
        self._office_copied = True
        self._put_office_back_to(older, AWAY_S, says_so=len(self._history.gateways) > 1)
        for _ in range(RIVALS):
            self._world.at(self._world.now + self._random.uniform(*AT_ONCE_S), self._send_rival, target)

    def _put_office_back_to(
        self, older: Books, down_s: tuple[float, float] = DOWN_S, *, says_so: bool | None = None
    ) -> None:
        self._met(Fault.OFFICE_BACK)
        if says_so is None:
            # With several gateways one that has seen nothing may be the first to speak: nobody knows that they are old.
            says_so = len(self._history.gateways) > 1 or self._random.choice((True, False))
        if isinstance(self._office, PlatformOffice) and not self._is_remembered(older):
            # What the platform has consumed since then stays consumed, and no peer will ever tell: somebody has to.
            says_so = True
        self._office.put_back(older, self._random.uniform(*down_s), says_so=says_so)

    def _is_remembered(self, older: Books) -> bool:
        """Whether a gateway has on disk that it has seen more of the books than an older copy of them holds."""
        gateways = self._history.gateways
        return any(older.mark(one.name).is_behind(one.disk.peers.get(HEAD_OFFICE, NEVER)) for one in gateways)
