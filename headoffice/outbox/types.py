"""The types of events, by the names that receivers know."""

from __future__ import annotations

from headoffice.vouchers.life import Coming, Step
from headoffice.vouchers.orders import OrderStep
from protocol.vocabulary import Verdict

REDEEMED = "redemption.redeemed"
UNDONE = "redemption.undone"
REFUSED = "redemption.refused"
CONFLICT = "redemption.conflict"
LOOK_REFUSED = "look.refused"
ISSUED = "voucher.issued"
APPROVED = "type.approved"
ALARM_RAISED = "alarm.raised"
ALARM_REMINDED = "alarm.reminded"
ALARM_ENDED = "alarm.ended"
#: Begins the types that bots can be told.
ALARM = "alarm."
TEST = "webhook.test"
#: Stands for every type, those of later versions too.
ALL = "*"

#: What there is to subscribe to, and what each tells.
TYPES = {
    REDEEMED: "uses of a voucher were spent",
    UNDONE: "a redemption was undone, and its uses are free again",
    REFUSED: "a redemption or an undo was confirmed at a counter and came to nothing; `verdict` says why",
    CONFLICT: "a store has accepted a voucher offline that was spent elsewhere",
    LOOK_REFUSED: "a code was shown and refused; nothing was confirmed",
    ISSUED: "a voucher was issued",
    APPROVED: "a voucher type, or its change, was approved and is in force",
    **{f"voucher.{step}": f"the step `{step}` was taken with a voucher" for step in Step},
    **{f"voucher.{step}": f"a voucher came to a customer by the step `{step}`" for step in Coming},
    ALARM_RAISED: "something is wrong in a store or at the head office; `zh` and `en` say what",
    ALARM_REMINDED: "it has lasted for another day",
    ALARM_ENDED: "it is over again",
    **{f"order.{step}": f"the step `{step}` was taken with a pick-up order" for step in OrderStep},
}


def of_step(step: Step | OrderStep | Coming) -> str:
    """Return the type of a step in a voucher's life."""
    return f"order.{step}" if isinstance(step, OrderStep) else f"voucher.{step}"


def of_ruling(verdict: Verdict) -> str:
    """Return the type of what became of a rid."""
    match verdict:
        case Verdict.REDEEMED:
            return REDEEMED
        case Verdict.UNDONE:
            return UNDONE
        case Verdict.OFFLINE_CONFLICT:
            return CONFLICT
        case _:
            return REFUSED
