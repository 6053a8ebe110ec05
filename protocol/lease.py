"""Offline leases: when a gateway may accept a voucher by itself, and what the head office makes of that afterwards.

Under a lease the vouchers of one type have one home, the holder's store: there the gateway is their owner, and its own
unique claim on a use is enough. Nobody else redeems, changes or refunds them meanwhile, nor changes their type's terms.
Time ends the holder's right to accept, by a clock that nobody sets; the head office's right begins again only once the
holder has given the lease back, with everything that was accepted under it told, or once a named person has declared
the holder lost.

So what was accepted is always true at the head office too, but for four causes, each of which is named (``Cause``).
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from protocol import owner
from protocol.leasing import Accepted, Lease
from protocol.messages import Answer, Detail
from protocol.owner import Moment, Ruling, Voucher, describe, free_uses, judge
from protocol.values import Value, replace
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from protocol.last_use import LastUse
    from protocol.leasing import LeasedVoucher
    from protocol.messages import Intent
    from protocol.upstream import AskResolve

#: How much faster a machine's clock may run than it should, as a share: far more than any quartz does.
DRIFT = 0.001


class Cause(StrEnum):
    """Why something that was accepted cannot be redeemed."""

    JOURNAL_LOST = "gateway_journal_lost"
    DECLARED_LOST = "gateway_declared_lost"
    CLOCK = "lease_clock"
    KEY_REVOKED = "key_revoked"


# --- the holder's side -----------------------------------------------------------------------------------------------


class Clock(Value, frozen=True):
    """Seconds since a machine was started, and which start that was: a time from another one says nothing."""

    boot: str
    now: float


class Held(Value, frozen=True, kw_only=True):
    """A lease as its holder keeps it."""

    lease: Lease
    asked: Clock
    """When the head office was asked for it: it cannot have been told of a later moment."""
    generation: int
    """The holder's own, in which it was told of it. A journal that was put back since holds no lease."""
    complete: bool = False
    """Whether all of its vouchers are here."""
    closed: bool = False
    """Nothing is accepted under it any more, whatever comes."""

    def runs(self, clock: Clock, generation: int) -> bool:
        """Whether something may be accepted under it now."""
        if self.closed or not self.complete or self.lease.recalled:
            return False
        if (clock.boot, generation) != (self.asked.boot, self.generation):
            return False
        return 0 <= clock.now - self.asked.now < self.lease.left_s * (1 - DRIFT)

    def ended(self, clock: Clock, generation: int) -> bool:
        """Whether it will never run again, unless the head office says otherwise."""
        return self.complete and not self.runs(clock, generation)

    def elapsed_s(self, clock: Clock) -> float:
        """Return how much of it has passed."""
        return self.lease.age_s + clock.now - self.asked.now

    def time(self, clock: Clock, zone: tzinfo) -> datetime:
        """Return what time it is in a place, by the head office's word and this machine's counting."""
        at = datetime.fromisoformat(self.lease.at) + timedelta(seconds=clock.now - self.asked.now)
        return at.astimezone(zone)


class Journalled(Value, frozen=True, kw_only=True):
    """What the holder's own journal says: of one voucher, and of everything under the lease."""

    taken: frozenset[int] = frozenset()
    """Uses that rids here have spent, or were accepted for."""
    given_back: frozenset[int] = frozenset()
    """Uses of redemptions that were undone: free, as was heard of books that may have been put back since."""
    last: LastUse | None = None
    in_flight: bool = False
    """Whether a rid of this voucher has been sent to the head office and not come back: it may have spent any use."""
    open_uses: int = 0
    open_value: int = 0
    """Uses, and their fen, that were accepted under this lease and have not been brought to their end."""


def voucher_of(held: Held, leased: LeasedVoucher, journalled: Journalled, tail: str) -> Voucher:
    """Return a leased voucher as its owner's rules want it."""
    lease = held.lease
    return Voucher(
        id=leased.id,
        code_tail=tail,
        title=lease.title,
        value=lease.value,
        kind=lease.kind,
        terms=lease.terms,
        uses=leased.uses,
        taken=frozenset(leased.taken) | journalled.taken,
        last=journalled.last,
        stores=(lease.store,),
        valid_from=leased.valid_from,
        valid_until=leased.valid_until,
        weekdays=frozenset(lease.weekdays),
        hours=lease.hours,
    )


def judge_offline(held: Held, voucher: Voucher, journalled: Journalled, moment: Moment, quantity: int = 1) -> Verdict:
    """Return REDEEMABLE, or why the holder cannot accept this voucher; the lease runs."""
    verdict = judge(voucher, moment, quantity)
    if verdict is not Verdict.REDEEMABLE:
        return verdict
    if journalled.in_flight:
        return Verdict.BUSY
    if quantity > _sure(voucher, journalled).left:
        return Verdict.OFFLINE_REFUSED
    lease = held.lease
    value = journalled.open_value + quantity * (lease.value_fen or 0)
    within = journalled.open_uses + quantity <= lease.most_uses
    within = within and (lease.most_value is None or value <= lease.most_value)
    return Verdict.REDEEMABLE if within else Verdict.OFFLINE_REFUSED


def accept(  # noqa: PLR0913, PLR0917 - all that it is judged by
    held: Held, voucher: Voucher, journalled: Journalled, intent: Intent, moment: Moment, clock: Clock
) -> Answer:
    """Return the answer to a rid that the holder accepts: claims are made with it, and it ends nothing."""
    uses = free_uses(_sure(voucher, journalled), intent.quantity)
    at = moment.at.isoformat(timespec="seconds")
    detail = Detail(
        title=voucher.title,
        value=voucher.value or None,
        kind=voucher.kind or None,
        code_tail=voucher.code_tail,
        at=at,
        store=moment.store_name,
        kiosk=moment.kiosk,
        uses_left=voucher.left - len(uses) if voucher.uses > 1 else None,
        quantity=len(uses),
    )
    accepted = Accepted(
        lease=held.lease.id,
        gateway=moment.gateway or "",
        voucher=voucher.id,
        uses=uses,
        elapsed_s=held.elapsed_s(clock),
        at=at,
    )
    return accepted_answer(intent.rid, accepted, detail)


def _sure(voucher: Voucher, journalled: Journalled) -> Voucher:
    """Return a voucher with those uses alone that nobody can have but by this lease."""
    return replace(voucher, taken=voucher.taken | journalled.given_back)


def accepted_answer(rid: str, accepted: Accepted, detail: Detail | None = None) -> Answer:
    """Return what a rid is answered with that was accepted: here, or as its requester remembers."""
    return Answer(
        rid=rid,
        verdict=Verdict.ACCEPTED_OFFLINE,
        final=False,
        detail=detail or Detail(at=accepted.at, quantity=len(accepted.uses)),
        voucher=accepted.voucher,
        uses=accepted.uses,
        accepted=accepted,
    )


# --- the head office's side ------------------------------------------------------------------------------------------


class Granted(Value, frozen=True, kw_only=True):
    """A lease as the head office's books have it."""

    length_s: float
    declared_lost: bool = False


def rule_accepted(
    ask: AskResolve, voucher: Voucher | None, granted: Granted | None, moment: Moment, *, key_good: bool
) -> Ruling:
    """Decide a rid that a gateway says it has accepted; what is recorded under it was looked up before.

    The holder was the owner, so no business rule is asked again. It is redeemed where its uses are free, and under a
    lease they are; else goods have left for a use that somebody else has, and a person has to know why.
    """
    accepted = ask.accepted
    cause = Cause.DECLARED_LOST if granted is not None and granted.declared_lost else Cause.JOURNAL_LOST
    if accepted is None or granted is None or voucher is None or accepted.voucher != voucher.id:
        return _conflict(ask, voucher, cause)  # nobody gave this right to anybody
    if not key_good:
        return _conflict(ask, voucher, Cause.KEY_REVOKED)
    if accepted.elapsed_s > granted.length_s:
        return _conflict(ask, voucher, Cause.CLOCK)
    if voucher.state is not owner.VoucherState.ACTIVE or ask.intent.quantity > voucher.left:
        return _conflict(ask, voucher, cause)
    return owner.rule_driven(ask, voucher, moment)


def _conflict(ask: AskResolve, voucher: Voucher | None, cause: Cause) -> Ruling:
    known = Detail() if voucher is None else describe(voucher, Verdict.ALREADY_REDEEMED)
    detail = msgspec.structs.replace(known, reason=cause, quantity=ask.intent.quantity)
    answer = Answer(rid=ask.intent.rid, verdict=Verdict.OFFLINE_CONFLICT, final=True, detail=detail)
    return Ruling(answer=answer, record=True)
