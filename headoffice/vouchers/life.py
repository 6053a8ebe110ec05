"""A voucher's life apart from its redemptions: which step leads where, and when it may not be taken.

Pure. The caller holds the voucher's row, so of a step and a redemption that meet exactly one is first, and the other
finds what the first has made of the voucher.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from protocol.owner import VoucherState


class Step(StrEnum):
    """What customer, shop or head office can do with a voucher."""

    PAY = "pay"
    GIFT = "gift"
    TAKE_BACK = "take-back"
    DELETE = "delete"
    WITHDRAW = "withdraw"
    ASK_REFUND = "ask-refund"
    GRANT_REFUND = "grant-refund"
    REFUSE_REFUND = "refuse-refund"


class Coming(StrEnum):
    """How a voucher comes to the customer who takes it."""

    CLAIM = "claim"
    """In a campaign."""
    RECEIVE = "receive"
    """As a gift: another one is issued for it, so that no number which the giver knows is worth anything."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a step depends on: the state, the uses that are not spent, whether its time is over."""

    state: VoucherState
    left: int
    expired: bool


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a step may not be taken, in words."""

    why: str


@dataclass(frozen=True, slots=True)
class _Rule:
    comes_from: frozenset[VoucherState]
    leads_to: VoucherState
    while_valid: bool = False


_S = VoucherState
_RULES = {
    Step.PAY: _Rule(frozenset({_S.UNPAID}), _S.ACTIVE),
    Step.GIFT: _Rule(frozenset({_S.ACTIVE}), _S.GIFTING, while_valid=True),
    Step.TAKE_BACK: _Rule(frozenset({_S.GIFTING}), _S.ACTIVE),
    Step.DELETE: _Rule(frozenset({_S.ACTIVE, _S.UNPAID}), _S.DELETED),
    Step.WITHDRAW: _Rule(frozenset({_S.ACTIVE, _S.UNPAID, _S.GIFTING}), _S.WITHDRAWN),
    Step.ASK_REFUND: _Rule(frozenset({_S.ACTIVE}), _S.REFUNDING, while_valid=True),
    Step.GRANT_REFUND: _Rule(frozenset({_S.REFUNDING}), _S.REFUNDED),
    Step.REFUSE_REFUND: _Rule(frozenset({_S.REFUNDING}), _S.ACTIVE),
}
_RECEIVED = _Rule(frozenset({_S.GIFTING}), _S.GIVEN, while_valid=True)
#: What a voucher is, after "the voucher".
WORDS = {
    _S.ACTIVE: "is the customer's, ready to be used",
    _S.UNPAID: "has not been paid",
    _S.GIFTING: "is being given away",
    _S.GIVEN: "was given to somebody else",
    _S.DELETED: "was deleted by the customer",
    _S.WITHDRAWN: "was withdrawn",
    _S.REFUNDING: "is waiting for the decision about its refund",
    _S.REFUNDED: "was refunded",
}


def take(step: Step, voucher: Standing) -> VoucherState | Objection:
    """Return the state that a step leads to, or why it may not be taken."""
    return _follow(_RULES[step], step, voucher)


def receive(voucher: Standing) -> VoucherState | Objection:
    """Return what a voucher becomes for its giver once somebody has received it, or why nobody can."""
    return _follow(_RECEIVED, Coming.RECEIVE, voucher)


def _follow(rule: _Rule, step: Step | Coming, voucher: Standing) -> VoucherState | Objection:
    if voucher.state not in rule.comes_from:
        return Objection(f"{step} is not possible: the voucher {WORDS[voucher.state]}")
    if voucher.left <= 0:
        return Objection(f"{step} is not possible: the voucher has been used")
    if rule.while_valid and voucher.expired:
        return Objection(f"{step} is not possible: the voucher has expired")
    return rule.leads_to
