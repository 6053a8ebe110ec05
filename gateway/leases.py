"""The leases that this gateway holds, and what it accepts under them while the head office does not answer.

The rules are ``protocol.lease``'s. Here are the journal, in which leases and claims stand, the clock that counts a
lease's time, and the relays, which say what is under way.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gateway.keys import is_signed
from protocol.ids import code_tail
from protocol.last_use import LastUse
from protocol.lease import Clock, Held, Journalled, accept, judge_offline, voucher_of
from protocol.messages import Action
from protocol.owner import Moment, describe
from protocol.signed import read_signed
from protocol.upstream import AskLeased, Leased, Looked
from protocol.values import replace
from protocol.vocabulary import Verdict
from service.clock import since_boot_s

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.binding import Bound
    from gateway.journal import Journal
    from gateway.ports import Owner
    from gateway.relays import Relays
    from gateway.standing import Standing
    from protocol.leasing import Lease, LeasedVoucher
    from protocol.messages import Answer
    from protocol.owner import Voucher
    from protocol.relay import Relay
    from protocol.upstream import Met

log = logging.getLogger(__name__)

#: How long a look at a voucher that can be accepted here waits for the head office, seconds.
PATIENCE_S = 2.0
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def machine_clock() -> Clock:
    """Return the machine's own clock, and by which of its starts it counts."""
    return Clock(_BOOT.read_text(encoding="ascii").strip(), since_boot_s())


class Leases:
    """What this gateway may accept by itself."""

    def __init__(
        self, journal: Journal, standing: Standing, relays: Relays, clock: Callable[[], Clock] = machine_clock
    ) -> None:
        """Keep the parts; ``clock`` is the machine's."""
        self._journal = journal
        self._standing = standing
        self._relays = relays
        self._clock = clock
        self._held: dict[str, Held] = {}

    def start(self) -> None:
        """Take up what the journal has; nothing is accepted before somebody has shown how far that had come."""
        self._held = {held.lease.id: held for held in self._journal.leases()}

    @property
    def any(self) -> bool:
        """Whether this gateway holds a lease at all, so that people know it for one that works without a network."""
        return bool(self._held)

    def patience_s(self, bound: Bound, code: str) -> float | None:
        """Return how long a look at this code waits for the head office; None: as long as any."""
        return None if self._find(bound, code) is None else PATIENCE_S

    def look(self, bound: Bound, code: str) -> Looked | None:
        """Answer a look by itself; None where this code is none that could ever be accepted here."""
        found = self._find(bound, code)
        if found is None:
            return None
        held, leased = found
        journalled, voucher, moment = self._facts(held, leased, bound, code)
        verdict = judge_offline(held, voucher, journalled, moment)
        return Looked(
            verdict=verdict,
            detail=describe(voucher, verdict),
            voucher=voucher.id,
            terms=voucher.terms,
            stores=voucher.stores,
            value_fen=held.lease.value_fen,
            max_quantity=max(1, voucher.left),
        )

    def accept(self, bound: Bound, asked: Relay) -> Answer | None:
        """Accept a redemption that may begin; None where the head office alone can decide it."""
        intent = asked.intent
        found = self._find(bound, intent.code) if intent.action is Action.REDEEM and intent.code else None
        if found is None:
            return None
        held, leased = found
        journalled, voucher, moment = self._facts(held, leased, bound, intent.code or "")
        verdict = judge_offline(held, voucher, journalled, moment, intent.quantity)
        if asked.terms != voucher.terms:
            verdict = Verdict.ABORTED  # the lease came between offer and OK: what was promised then counts (rule 4)
        if verdict is not Verdict.REDEEMABLE:
            log.info("not_accepted_here rid=%s lease=%s verdict=%s", intent.rid, held.lease.id, verdict)
            return None
        return accept(held, voucher, journalled, intent, moment, self._clock())

    @property
    def returned(self) -> tuple[str, ...]:
        """Leases that have ended here, and of which everything that was accepted has come to its end."""
        still = {accepted.lease for accepted in self._relays.accepted()}
        return tuple(lease for lease, held in self._held.items() if held.closed and lease not in still)

    async def met(self, met: Met, asked: Clock, owner: Owner) -> None:
        """Take the head office's word on keys and leases; ``asked`` is when it was greeted."""
        if set(met.keys) != set(self._journal.keys()):
            self._journal.keep_keys(met.keys)
        named = {lease.id: lease for lease in met.leases}
        for ended in self._held.keys() - named.keys():
            log.info("lease_ended lease=%s", ended)
            self._journal.drop_lease(ended)
            del self._held[ended]
        for lease in named.values():
            await self._keep(lease, asked, owner)

    async def _keep(self, lease: Lease, asked: Clock, owner: Owner) -> None:
        """Keep a lease as the head office tells it now; close it for good once its time is over."""
        before = self._held.get(lease.id)
        held = Held(lease=lease, asked=asked, generation=self._journal.generation)
        if before is not None and before.generation == held.generation:
            held = replace(held, complete=before.complete, closed=before.closed)
        if not held.complete and not held.closed and not await self._fetch(lease.id, owner):
            return  # the next greeting fetches them
        held = replace(held, complete=True)
        if held.ended(self._clock(), self._journal.generation):
            held = replace(held, closed=True)
        if before is None or _lasting(before) != _lasting(held):
            # On disk before it counts: what is given back must never run again after a restart.
            await self._journal.keep_lease(held)
        if before is None or before.closed is not held.closed:
            log.info("lease_%s lease=%s store=%s", "closed" if held.closed else "held", lease.id, lease.store)
        self._held[lease.id] = held

    async def _fetch(self, lease: str, owner: Owner) -> bool:
        """Fetch a lease's vouchers into the journal; return whether all of them came."""
        after = ""
        while True:
            part = await owner.ask(AskLeased(lease=lease, after=after))
            if not isinstance(part, Leased):
                return False
            self._journal.keep_leased(lease, part.vouchers)
            if part.last or not part.vouchers:
                await self._journal.flush()
                return True
            after = part.vouchers[-1].id

    def _find(self, bound: Bound, code: str) -> tuple[Held, LeasedVoucher] | None:
        """Return the running lease in this store of a voucher that the chain has signed."""
        signed = read_signed(code) if self._held else None
        if signed is None or self._standing.stopped or not self._standing.met:
            return None
        found = self._journal.leased(signed.voucher)
        held = self._held.get(found[0]) if found is not None else None
        if found is None or held is None or held.lease.store != bound.store.id:
            return None
        if not held.runs(self._clock(), self._journal.generation) or not is_signed(signed, self._journal.keys()):
            return None
        return held, found[1]

    def _facts(self, held: Held, leased: LeasedVoucher, bound: Bound, code: str) -> tuple[Journalled, Voucher, Moment]:
        """Return what is known here of a voucher, the voucher, and where and when it is shown."""
        at = held.time(self._clock(), bound.store.zone)
        journalled = self._journalled(held, leased.id, code, bound)
        voucher = voucher_of(held, leased, journalled, code_tail(code))
        kiosk, store = bound.identity, bound.store
        moment = Moment(store=store.id, store_name=store.name, kiosk=kiosk, at=at, gateway=self._standing.identity)
        return journalled, voucher, moment

    def _journalled(self, held: Held, voucher: str, code: str, bound: Bound) -> Journalled:
        answers = dict(self._journal.answers_of(voucher))
        in_flight = False
        for relay in self._relays.of_code(code):
            answers.pop(relay.intent.rid, None)
            if relay.answer is not None:
                answers[relay.intent.rid] = relay.answer
            in_flight = in_flight or (relay.is_open and relay.accepted is None)
        taken = [answer for answer in answers.values() if _has_taken(answer)]
        outstanding = [one for one in self._relays.accepted() if one.lease == held.lease.id]
        uses = sum(len(one.uses) for one in outstanding)
        return Journalled(
            taken=_numbers(taken),
            given_back=_numbers(answer for answer in answers.values() if answer.undone_by is not None),
            last=max((_last_use(answer, bound) for answer in taken), key=lambda use: use.at, default=None),
            in_flight=in_flight,
            open_uses=uses,
            open_value=uses * (held.lease.value_fen or 0),
        )


def _lasting(held: Held) -> Held:
    """Return of a lease what a greeting does not change."""
    lease = msgspec.structs.replace(held.lease, at="", age_s=0.0, left_s=0.0)
    return replace(held, lease=lease, asked=Clock(held.asked.boot, 0.0))


def _numbers(answers: Iterable[Answer]) -> frozenset[int]:
    return frozenset(number for answer in answers for number in answer.uses)


def _has_taken(answer: Answer) -> bool:
    """Whether uses are spent by a rid with this answer, or claimed for it."""
    return answer.verdict in {Verdict.REDEEMED, Verdict.ACCEPTED_OFFLINE} and answer.undone_by is None


def _last_use(answer: Answer, bound: Bound) -> LastUse:
    detail = answer.detail
    return LastUse(at=detail.at or "", store=detail.store or bound.store.name, kiosk=detail.kiosk or "")
