"""A gateway with leases in a history: the shipped ``gateway.leases`` over a disk that can be put back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from gateway.leases import PATIENCE_S as OWN_PATIENCE_S
from gateway.leases import Leases
from protocol import relay as relays
from protocol.lease import Clock
from protocol.messages import Action
from protocol.relay import PROMISED
from protocol.upstream import AskHello, AskLeased, AskRedeem, Leased, Looked, Met
from protocol.values import replace
from protocol.vocabulary import Verdict
from simulator.histories.caller import PATIENCE_S, SOON_S
from simulator.histories.gateway import Gateway
from simulator.histories.group_commit import Disk

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence

    from gateway.binding import Bound
    from gateway.journal import Journal
    from gateway.relays import Relays
    from protocol.lease import Held
    from protocol.leasing import Accepted, LeasedVoucher, PublicKey
    from protocol.messages import Answer, Intent, Look, Notice, Resolve
    from protocol.relay import Relay
    from protocol.upstream import AskResolve, UpstreamAnswer, UpstreamRequest
    from simulator.histories.lease_office import LeaseOffice
    from simulator.histories.party import Stage


class LeaseDisk(Disk):
    """A gateway's disk with the leases that it holds."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__()
        self.held: dict[str, Held] = {}
        self.ended = 0
        """How often a lease has ended."""
        self.leased: dict[str, tuple[str, LeasedVoucher]] = {}
        self.keys: tuple[PublicKey, ...] = ()

    @property
    def count(self) -> int:
        """How much was ever written of what counts: requests, and that a lease has ended."""
        return super().count + self.ended

    def copy(self) -> LeaseDisk:
        """Return a copy, to be put back later."""
        plain, twin = super().copy(), LeaseDisk()
        twin.rows, twin.peers = plain.rows, plain.peers
        twin.generation, twin.stopped_in = plain.generation, plain.stopped_in
        twin.held, twin.leased, twin.keys, twin.ended = dict(self.held), dict(self.leased), self.keys, self.ended
        return twin


class _Shelf:
    """The journal as ``Leases`` knows it; a lease is on disk at once."""

    def __init__(self, gateway: LeaseGateway) -> None:
        self._gateway = gateway

    @property
    def _disk(self) -> LeaseDisk:
        return self._gateway.disk

    @property
    def generation(self) -> int:
        return self._disk.generation

    def leases(self) -> list[Held]:
        return list(self._disk.held.values())

    def leased(self, voucher: str) -> tuple[str, LeasedVoucher] | None:
        return self._disk.leased.get(voucher)

    def keys(self) -> tuple[PublicKey, ...]:
        return self._disk.keys

    def keep_keys(self, keys: Sequence[PublicKey]) -> None:
        self._disk.keys = tuple(keys)

    def answers_of(self, voucher: str) -> Iterator[tuple[str, Answer]]:
        for rid, row in self._disk.rows.items():
            if row.answer is not None and row.answer.voucher == voucher:
                yield rid, row.answer

    async def keep_lease(self, held: Held) -> None:
        self._disk.held[held.lease.id] = held
        self._disk.ended += held.closed

    def keep_leased(self, lease: str, vouchers: Sequence[LeasedVoucher]) -> None:
        self._disk.leased |= {voucher.id: (lease, voucher) for voucher in vouchers}

    def drop_lease(self, lease: str) -> None:
        self._disk.held.pop(lease, None)
        self._disk.ended += 1
        self._disk.leased = {voucher: one for voucher, one in self._disk.leased.items() if one[0] != lease}

    async def flush(self) -> None:
        return


class _Underway:
    """The relays as ``Leases`` knows them."""

    def __init__(self, gateway: LeaseGateway) -> None:
        self._gateway = gateway

    def accepted(self) -> list[Accepted]:
        return [relay.accepted for relay in self._gateway.relays.values() if relay.accepted is not None]

    def of_code(self, code: str) -> list[Relay]:
        return [relay for relay in self._gateway.relays.values() if relay.intent.code == code]


class LeaseGateway(Gateway):
    """A gateway that can be a voucher's owner for a while."""

    greet_s = 3.0

    def __init__(self, stage: Stage, name: str, office: LeaseOffice, rate: float) -> None:
        """Keep the office that lends, and the rate of its clock."""
        super().__init__(stage, name, office, rate)
        self._lender = office
        self.disk: LeaseDisk = LeaseDisk()
        office.served[name] = lambda: [place.store for place in self.places.values()]
        self._leases_of = 0
        self._met_in = 0
        self.before = self.disk.copy()
        """The disk as it was when the office was last heard."""

    def start(self) -> None:
        """Start on the journal: what was to be accepted and did not get into it was told to nobody."""
        self._lender.acceptances.kept(self.name, set(self.disk.rows))
        super().start()

    def put_back(self, older: Disk, down_s: float) -> None:
        """Put an older copy of the journal in its place: what was accepted since is forgotten."""
        self._lender.acceptances.forgetful.add(self.name)
        super().put_back(older, down_s)

    @property
    def leases(self) -> Leases:
        """The shipped leases of this run."""
        if self._leases_of != self.runs:
            self._leases_of = self.runs
            shelf, underway = cast("Journal", _Shelf(self)), cast("Relays", _Underway(self))
            self._leases = Leases(shelf, self.standing, underway, self._machine)
            self._leases.start()
        return self._leases

    def _machine(self) -> Clock:
        return Clock(self.clock.boot, self.clock.now())

    @property
    def has_accepted(self) -> bool:
        """Whether it has accepted something that the office has not ended."""
        return any(row.accepted is not None for row in self.disk.rows.values())

    def _shown(self, shown: tuple[int, int]) -> None:
        self._met_in = self.runs
        super()._shown(shown)

    # --- greetings ----------------------------------------------------------------------------------------------

    def _greet(self) -> None:
        hello = AskHello(returned=self.leases.returned)
        self._ask_office(None, hello, PATIENCE_S, partial(self._told_leases, self._machine()))

    def _hear_office(self, hear: Callable[[UpstreamAnswer | None], None], answer: UpstreamAnswer | None) -> None:
        super()._hear_office(hear, answer)
        if answer is not None:
            self.before = self.disk.copy()

    def _told_leases(self, asked: Clock, answer: UpstreamAnswer | None) -> None:
        if isinstance(answer, Met):
            _at_once(self.leases.met(answer, asked, self))
        self._met(answer)

    async def ask(self, message: UpstreamRequest, timeout_s: float | None = None) -> UpstreamAnswer | None:
        """Ask which voucher a lease is of, which a history tells at once, if at all."""
        del timeout_s
        unheard = self.upstream.cut or not self._lender.up
        if unheard or not isinstance(message, AskLeased) or message.lease not in self._lender.loans:
            return None
        return Leased(vouchers=(self._lender.leased(message.lease),), last=True)

    async def fetch_roster(self) -> None:
        """Fetch nothing: a history's stores never change."""

    # --- looks and confirms -------------------------------------------------------------------------------------

    def _has_accepted(self, code: str) -> bool:
        return any(relay.intent.code == code for relay in self.relays.values() if relay.accepted is not None)

    def _patience_s(self, bound: Bound, code: str) -> float:
        if self._has_accepted(code):
            return SOON_S
        return PATIENCE_S if self.leases.patience_s(bound, code) is None else OWN_PATIENCE_S

    def _looked(self, bound: Bound, look: Look, looked: UpstreamAnswer | None) -> None:
        if self._has_accepted(look.code) or not isinstance(looked, Looked):
            looked = self.leases.look(bound, look.code)
        super()._looked(bound, look, looked)

    def _may_begin(self, bound: Bound, asked: Relay, objection: str | None) -> tuple[Relay, str | None]:
        intent = asked.intent
        if intent.action is not Action.REDEEM:
            return asked, objection
        answer = self.leases.accept(bound, asked) if objection is None else None
        if answer is not None:
            self._lender.acceptances.accepted(self.name, asked, answer, self.world.now, met=self._met_in == self.runs)
            return replace(asked, answer=answer), None
        return asked, objection or self.promised(intent)

    def promised(self, intent: Intent) -> str | None:
        """Return why a redemption may not begin: its voucher was accepted here, and the office does not know yet."""
        return PROMISED if self._has_accepted(intent.code or "") else None

    def _resolve(self, bound: Bound, message: Resolve) -> None:
        super()._resolve(bound, message)
        of_code = [relay for relay in self.relays.values() if relay.intent.code == message.intent.code]
        for step in relays.give_way(of_code, self.clock.now()):
            self.follow(step)

    def _leaves(self, rid: str, message: AskRedeem | AskResolve) -> None:
        code = message.intent.code
        accepted = any(one.intent.code == code for one in self.relays.values() if one.accepted is not None)
        if isinstance(message, AskRedeem) and accepted:
            self.oracle.violated("offline", rid, "asked for though the voucher was accepted here and not yet told")
        super()._leaves(rid, message)

    def _hand(self, identity: str, message: Answer | Notice) -> None:
        kept = self.disk.rows.get(message.rid or "")
        if message.verdict is Verdict.ACCEPTED_OFFLINE and (kept is None or kept.accepted is None):
            self.oracle.violated("offline", message.rid or "none", "accepted is told before it is on disk")
        super()._hand(identity, message)


def _at_once(work: Coroutine[Any, Any, None]) -> None:
    """Carry out work that waits for nothing."""
    try:
        work.send(None)
    except StopIteration:
        return
    msg = "it waits for something"
    raise RuntimeError(msg)
