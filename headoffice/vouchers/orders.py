"""Orders that are picked up in a shop: how far the shop has come, and what its customer is told of that.

Pure, as ``headoffice.vouchers.life`` is. Only what the shop does is kept; that an order has been handed over or
refunded is said by its uses and its state, so the two can never disagree.
"""

from __future__ import annotations

from enum import StrEnum

from headoffice.vouchers.life import WORDS, Objection, Standing
from protocol.owner import VoucherState


class Stage(StrEnum):
    """How far the shop has come."""

    PLACED = "placed"
    ACCEPTED = "accepted"
    PREPARING = "preparing"
    READY = "ready"


class OrderState(StrEnum):
    """What shop and customer see of an order."""

    UNPAID = "unpaid"
    PLACED = "placed"
    ACCEPTED = "accepted"
    PREPARING = "preparing"
    READY = "ready"
    COMPLETED = "completed"
    REFUNDED = "refunded"


class OrderStep(StrEnum):
    """What the shop does with an order."""

    ACCEPT = "accept"
    PREPARE = "prepare"
    READY = "ready"


ZH = {
    OrderState.UNPAID: "待支付",
    OrderState.PLACED: "已下单",
    OrderState.ACCEPTED: "已接单",
    OrderState.PREPARING: "备货中",
    OrderState.READY: "待自提",
    OrderState.COMPLETED: "已完成",
    OrderState.REFUNDED: "已退款",
}
EN = {
    OrderState.UNPAID: "To be paid",
    OrderState.PLACED: "Placed",
    OrderState.ACCEPTED: "Accepted",
    OrderState.PREPARING: "Being prepared",
    OrderState.READY: "Ready for pick-up",
    OrderState.COMPLETED: "Completed",
    OrderState.REFUNDED: "Refunded",
}

_S = OrderState
#: From where a step may be taken, and where it leads. Goods that lay ready can turn out to be the wrong ones.
_RULES = {
    OrderStep.ACCEPT: (frozenset({_S.PLACED}), Stage.ACCEPTED),
    OrderStep.PREPARE: (frozenset({_S.PLACED, _S.ACCEPTED, _S.READY}), Stage.PREPARING),
    OrderStep.READY: (frozenset({_S.PLACED, _S.ACCEPTED, _S.PREPARING}), Stage.READY),
}


def state_of(stage: Stage | None, voucher: Standing) -> OrderState | None:
    """Return what shop and customer see; None where the voucher is no order."""
    if stage is None:
        return None
    if voucher.state is VoucherState.REFUNDED:
        return OrderState.REFUNDED
    if voucher.left <= 0:
        return OrderState.COMPLETED
    return OrderState.UNPAID if voucher.state is VoucherState.UNPAID else OrderState(stage)


def possible(state: OrderState | None) -> tuple[OrderStep, ...]:
    """Return the steps that the shop can take from here."""
    return tuple(step for step, (comes_from, _) in _RULES.items() if state in comes_from)


def forward(step: OrderStep, stage: Stage | None, voucher: Standing) -> Stage | Objection:
    """Return the stage that a step leads to, or why it may not be taken."""
    seen = state_of(stage, voucher)
    if seen is None:
        return Objection(f"{step} is not possible: the voucher is no order that is picked up")
    if voucher.state is not VoucherState.ACTIVE:
        return Objection(f"{step} is not possible: the voucher {WORDS[voucher.state]}")
    comes_from, leads_to = _RULES[step]
    return leads_to if seen in comes_from else Objection(f"{step} is not possible: the order is {seen}")
