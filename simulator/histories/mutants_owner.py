"""The owner's rules for the chain's own vouchers broken on purpose, one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway import binding
from protocol import owner
from protocol.messages import Answer
from protocol.owner import Known, Moment, Ruling, Voucher
from protocol.values import replace
from protocol.vocabulary import Verdict
from simulator.histories.ledger import Ledger
from simulator.histories.mutant import broken
from simulator.histories.mutants_hops import believes_looks
from simulator.histories.office import Office

if TYPE_CHECKING:
    from protocol.upstream import AskRedeem, AskResolve
    from simulator.histories.mutant import Whatever


def _no_look_up(rule: Whatever) -> Whatever:
    def mutant(ask: AskRedeem | AskResolve, known: Known | None, *rest: object) -> Ruling:
        del known
        return rule(ask, None, *rest)  # type: ignore[no-any-return]

    return mutant


def _look_up_last(rule: Whatever) -> Whatever:
    def mutant(ask: AskRedeem | AskResolve, known: Known | None, voucher: Voucher | None, moment: Moment) -> Ruling:
        if known is not None and voucher is not None:
            verdict = owner.judge(voucher, moment, ask.intent.quantity)
            if verdict is not Verdict.REDEEMABLE:
                return Ruling(answer=Answer(rid=ask.intent.rid, verdict=verdict, final=True), record=True)
        return rule(ask, known, voucher, moment)  # type: ignore[no-any-return]

    return mutant


def _claim_not_unique(rule: Whatever) -> Whatever:
    def mutant(ask: AskRedeem | AskResolve, known: Known | None, voucher: Voucher | None, moment: Moment) -> Ruling:
        unspent = None if voucher is None else replace(voucher, taken=frozenset())
        return rule(ask, known, unspent, moment)  # type: ignore[no-any-return]

    return mutant


def _any_terms(rule: Whatever) -> Whatever:
    def mutant(ask: AskRedeem | AskResolve, known: Known | None, voucher: Voucher | None, moment: Moment) -> Ruling:
        agreed = ask if voucher is None else msgspec.structs.replace(ask, terms=voucher.terms)
        return rule(agreed, known, voucher, moment)  # type: ignore[no-any-return]

    return mutant


def _no_tombstone(tombstone: Whatever) -> Whatever:
    return lambda *args: replace(tombstone(*args), record=False)


def _valid_everywhere(judge: Whatever) -> Whatever:
    def mutant(voucher: Voucher, *rest: object) -> Verdict:
        return judge(replace(voucher, stores=None), *rest)  # type: ignore[no-any-return]

    return mutant


def _what_is_left_will_do(judge: Whatever) -> Whatever:
    return lambda voucher, moment, quantity=1, amount=None: judge(voucher, moment, min(quantity, 1), amount)


def _claims_what_is_left(free: Whatever) -> Whatever:
    return lambda voucher, quantity: free(voucher, min(quantity, voucher.left))


def _repeats_redeemed(repeat: Whatever) -> Whatever:
    def mutant(ask: AskRedeem | AskResolve, known: Known) -> Ruling:
        return repeat(ask, replace(known, answer=msgspec.structs.replace(known.answer, undone_by=None)))  # type: ignore[no-any-return]

    return mutant


def _keeps_uses(rule: Whatever) -> Whatever:
    return lambda *args: replace(rule(*args), release=None)


def _undoes_again(rule: Whatever) -> Whatever:
    def mutant(ask: AskRedeem | AskResolve, known: Known | None, target: Known | None, *rest: object) -> Ruling:
        if target is not None:
            target = replace(target, answer=msgspec.structs.replace(target.answer, undone_by=None))
        return rule(ask, known, target, *rest)  # type: ignore[no-any-return]

    return mutant


def _gives_voucher_back(give_back: Whatever) -> Whatever:
    def mutant(self: Ledger, rid: str, by: str) -> None:
        for item in self.items.values():
            if rid in item.uses.values():
                item.uses.clear()
        give_back(self, rid, by)

    return mutant


def _free_before_it_succeeds(rule: Whatever) -> Whatever:
    def mutant(self: Office, ask: AskRedeem | AskResolve, known: Known | None) -> Ruling:
        for item in self.items.values():
            for number in [number for number, holder in item.uses.items() if holder == ask.intent.undoes]:
                del item.uses[number]
        return rule(self, ask, known)  # type: ignore[no-any-return]

    return mutant


OWNER = (
    broken("no rid look-up", 2, (owner, "rule_redeem", _no_look_up), (owner, "rule_undo", _no_look_up)),
    broken("look-up after the business checks", 2, (owner, "rule_redeem", _look_up_last)),
    broken("no unique claim", 3, (owner, "rule_redeem", _claim_not_unique)),
    broken(
        "what is left is claimed where more was asked for",
        3,
        (owner, "judge", _what_is_left_will_do),
        (owner, "free_uses", _claims_what_is_left),
    ),
    broken("terms are not compared", 4, (owner, "rule_redeem", _any_terms)),
    broken(
        "neither side compares the store",
        4,
        (owner, "judge", _valid_everywhere),
        (binding, "verdict_here", believes_looks),
    ),
    broken("no tombstone", 8, (owner, "_tombstone", _no_tombstone)),
    broken("the owner repeats an undone redemption as it was", 10, (owner, "repeat", _repeats_redeemed)),
    broken("uses stay claimed after an undo", 10, (owner, "rule_undo", _keeps_uses)),
    broken("an undo gives the whole voucher back", 10, (Ledger, "give_back", _gives_voucher_back)),
    broken("the claim is released when an undo is sent", 10, (Office, "_rule_undo", _free_before_it_succeeds)),
    broken("a redemption is undone twice", 10, (owner, "rule_undo", _undoes_again)),
)
