"""The rules of offline leases broken on purpose: who may accept, how often, how long, and what becomes of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

import gateway.leases
from gateway import binding
from gateway.leases import Leases
from gateway.standing import Standing
from protocol import lease, owner, requester
from protocol.lease import Cause, Held, Journalled
from protocol.messages import Answer, Resolve
from protocol.upstream import AskResolve
from protocol.values import replace
from protocol.vocabulary import Verdict
from simulator.histories import ledger
from simulator.histories.kinds import Kind
from simulator.histories.lease_gateway import LeaseGateway
from simulator.histories.lease_office import LeaseOffice
from simulator.histories.mutant import broken

if TYPE_CHECKING:
    from gateway.binding import Bound
    from gateway.offers import Offer
    from protocol.lease import Clock, Granted
    from protocol.leasing import LeasedVoucher
    from protocol.messages import Confirm
    from protocol.owner import Moment, Ruling, Voucher
    from protocol.relay import Relay
    from protocol.requester import Request
    from protocol.upstream import Entry
    from simulator.histories.books import Loan
    from simulator.histories.mutant import Whatever


def _to_everybody(_: Whatever) -> Whatever:
    def mutant(_self: LeaseOffice, _gateway: str, loan: Loan) -> bool:
        return not loan.ended

    return mutant


def _tombstone(_: Whatever) -> Whatever:
    """Take a RESOLVE of what was accepted for any other."""

    def mutant(
        ask: AskResolve, voucher: Voucher | None, _granted: Granted | None, moment: Moment, *, key_good: bool
    ) -> Ruling:
        del key_good
        plain = AskResolve(requester=ask.requester, store=ask.store, intent=ask.intent, reason=ask.reason)
        return owner.rule_redeem(plain, None, None if voucher is None else replace(voucher, holder=None), moment)

    return mutant


def _whatever_terms(accept: Whatever) -> Whatever:
    """Accept on the terms of the lease, whatever was offered."""

    def mutant(self: Leases, bound: Bound, asked: Relay) -> Answer | None:
        found = self._find(bound, asked.intent.code or "")
        agreed = asked if found is None else replace(asked, terms=found[0].lease.terms)
        return accept(self, bound, agreed)  # type: ignore[no-any-return]

    return mutant


def _still_lent(begin: Whatever) -> Whatever:
    """Recall nothing where the books were put back."""

    def mutant(self: LeaseOffice) -> None:
        recalled = {name: loan.recalled for name, loan in self.loans.items()}
        begin(self)
        for name, loan in self.loans.items():
            loan.recalled = recalled[name]

    return mutant


def _only_known(rule: Whatever) -> Whatever:
    """Take what was accepted under a lease that restored books have forgotten for nobody's right."""

    def mutant(
        ask: AskResolve, voucher: Voucher | None, granted: Granted | None, moment: Moment, *, key_good: bool
    ) -> Ruling:
        forgotten = granted is not None and granted.length_s == math.inf
        return rule(ask, voucher, None if forgotten else granted, moment, key_good=key_good)  # type: ignore[no-any-return]

    return mutant


def _in_any_turn(_: Whatever) -> Whatever:
    """Bring to their end what was accepted and what nobody was told of as they come."""

    def mutant(entry: Entry) -> bool:
        return entry.intent.undoes is None

    return mutant


def _other_cause(rule: Whatever) -> Whatever:
    """Put every conflict down to a lost journal."""

    def mutant(*args: object, **rest: object) -> Ruling:
        ruling: Ruling = rule(*args, **rest)
        if not isinstance(ruling.answer, Answer) or ruling.answer.verdict is not Verdict.OFFLINE_CONFLICT:
            return ruling
        detail = msgspec.structs.replace(ruling.answer.detail, reason=Cause.JOURNAL_LOST)
        return replace(ruling, answer=msgspec.structs.replace(ruling.answer, detail=detail))

    return mutant


def _takes_from_others(rule: Whatever) -> Whatever:
    """Give who accepted a use what somebody else has spent since."""

    def mutant(ask: AskResolve, voucher: Voucher | None, *rest: object, **more: object) -> Ruling:
        free = None if voucher is None else replace(voucher, taken=frozenset())
        ruling: Ruling = rule(ask, free, *rest, **more)
        return ruling

    return mutant


def _believes_any_key(rule: Whatever) -> Whatever:
    def mutant(*args: object, key_good: bool) -> Ruling:
        del key_good
        ruling: Ruling = rule(*args, key_good=True)
        return ruling

    return mutant


def _uncounted(judge_offline: Whatever) -> Whatever:
    def mutant(held: Held, voucher: Voucher, journalled: Journalled, moment: Moment, quantity: int = 1) -> Verdict:
        verdict: Verdict = judge_offline(held, voucher, replace(journalled, open_uses=0), moment, quantity)
        return verdict

    return mutant


def _unvalued(judge_offline: Whatever) -> Whatever:
    def mutant(held: Held, *rest: object) -> Verdict:
        verdict: Verdict = judge_offline(
            replace(held, lease=msgspec.structs.replace(held.lease, most_value=None)), *rest
        )
        return verdict

    return mutant


def _in_any_store(find: Whatever) -> Whatever:
    """Take a lease of another store of this gateway's for one of this store."""

    def mutant(self: Leases, bound: binding.Bound, code: str) -> tuple[Held, LeasedVoucher] | None:
        for held in self._held.values():
            there = msgspec.structs.replace(bound.store, id=held.lease.store)
            found: tuple[Held, LeasedVoucher] | None = find(self, binding.Bound(bound.identity, there), code)
            if found is not None:
                return found
        return None

    return mutant


def _valid_everywhere(voucher_of: Whatever) -> Whatever:
    return lambda *args: replace(voucher_of(*args), stores=None)


def _without_end(_: Whatever) -> Whatever:
    def mutant(self: Held, clock: Clock, generation: int) -> bool:
        here = (clock.boot, generation) == (self.asked.boot, self.generation)
        return self.complete and not self.closed and here

    return mutant


def _met_at_once(begin: Whatever) -> Whatever:
    def mutant(self: Standing, *args: object) -> None:
        begin(self, *args)
        self.met = True

    return mutant


def _ignores_leases(judge: Whatever) -> Whatever:
    def mutant(voucher: Voucher, *args: object) -> Verdict:
        verdict: Verdict = judge(replace(voucher, holder=None), *args)
        return verdict

    return mutant


def _says_nothing(_: Whatever) -> Whatever:
    def mutant(request: Request) -> Resolve:
        return Resolve(intent=request.intent, reason=request.reason)

    return mutant


def _nothing_taken(_: Whatever) -> Whatever:
    def mutant(_answer: Answer) -> bool:
        return False

    return mutant


def _asks_as_ever(_: Whatever) -> Whatever:
    def mutant(_self: LeaseGateway, _code: str) -> bool:
        return False

    return mutant


def _takes_any_offer(_: Whatever) -> Whatever:
    def mutant(_message: Confirm | Resolve, _offer: Offer | None, _known: Relay | None) -> bool:
        return False

    return mutant


def _hears_what_it_has_forgone(heard: Whatever) -> Whatever:
    def mutant(request: Request, answer: Answer) -> requester.Step:
        step: requester.Step = heard(replace(request, forgone=False), answer)
        return step

    return mutant


OFFLINE = (
    broken("a lease is held by every gateway", 3, (LeaseOffice, "_holds", _to_everybody), kind=Kind.OFFLINE),
    broken("what was accepted is made a tombstone", 8, (lease, "rule_accepted", _tombstone), kind=Kind.OFFLINE),
    broken("a conflict is put down to another cause", 11, (lease, "rule_accepted", _other_cause), kind=Kind.OFFLINE),
    broken("what was accepted takes another's use", 3, (lease, "rule_accepted", _takes_from_others), kind=Kind.OFFLINE),
    broken("a revoked key's voucher is redeemed", 3, (lease, "rule_accepted", _believes_any_key), kind=Kind.OFFLINE),
    broken("a lease's limit counts nothing", 3, (gateway.leases, "judge_offline", _uncounted), kind=Kind.OFFLINE),
    broken("a lease's value counts nothing", 3, (gateway.leases, "judge_offline", _unvalued), kind=Kind.OFFLINE),
    broken(
        "a lease is used in another store",
        4,
        (Leases, "_find", _in_any_store),
        (gateway.leases, "voucher_of", _valid_everywhere),
        kind=Kind.OFFLINE,
    ),
    broken("a lease never ends", 3, (Held, "runs", _without_end), kind=Kind.OFFLINE),
    broken("a lease is used before a mark was shown", 11, (Standing, "__init__", _met_at_once), kind=Kind.OFFLINE),
    broken("the head office redeems what it has lent", 3, (owner, "judge", _ignores_leases), kind=Kind.OFFLINE),
    broken("a kiosk keeps to itself what was accepted", 8, (requester, "_resolve", _says_nothing), kind=Kind.OFFLINE),
    broken("a use is accepted twice", 3, (gateway.leases, "_has_taken", _nothing_taken), kind=Kind.OFFLINE),
    broken("what was forgone is accepted", 11, (requester, "heard", _hears_what_it_has_forgone), kind=Kind.OFFLINE),
    broken("a REQ of another run is taken", 11, (binding, "is_not_ours", _takes_any_offer), kind=Kind.OFFLINE),
    broken(
        "what was accepted is asked for again", 3, (LeaseGateway, "_has_accepted", _asks_as_ever), kind=Kind.OFFLINE
    ),
    broken("a lease's terms count, not the offer's", 4, (Leases, "accept", _whatever_terms), kind=Kind.OFFLINE),
    broken("restored books recall no lease", 11, (LeaseOffice, "_begin_generation", _still_lent), kind=Kind.OFFLINE),
    broken("what a forgotten lease gave is nobody's", 11, (lease, "rule_accepted", _only_known), kind=Kind.OFFLINE),
    broken("what was accepted waits its turn", 11, (ledger, "_in_turn", _in_any_turn), kind=Kind.OFFLINE),
)
