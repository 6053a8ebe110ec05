"""Who may do what where: the gateway's own rules, apart from everything that touches the world.

A kiosk's store comes from its identity. A look is refused where voucher, clerk and store do not meet. A confirm that
the gateway would not let begin is never refused here: the objection turns it into a RESOLVE, and the owner has the last
word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gateway.offers import VALID_S, Offer, Seal
from gateway.places import Kiosk, KioskState, Store
from protocol.messages import Action, Method, Resolve
from protocol.vocabulary import UNDECIDED, Verdict

if TYPE_CHECKING:
    from protocol.messages import Confirm, Intent
    from protocol.relay import Relay
    from protocol.upstream import Looked


#: What ends nothing, and what is the gateway's to say.
_NO_WORD_ON_A_CODE = UNDECIDED | {Verdict.CLERK_SIGNED_IN, Verdict.CLERK_SIGNED_OUT}


#: Why a confirm cannot begin whose offer another run has made, or another gateway.
NO_OFFER = "no offer of this gateway since its start"

NOT_APPROVED = "nobody has approved it, or somebody else"


class Directory(Protocol):
    """Where kiosks and stores are looked up."""

    def kiosk(self, identity: str) -> Kiosk | None:
        """Return the kiosk with this identity."""

    def store(self, store_id: str) -> Store | None:
        """Return the store with this id."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Somebody who may ask, and the store in which they stand."""

    identity: str
    store: Store


def bind(identity: str, directory: Directory) -> Bound | Verdict:
    """Return where a device stands; or DEVICE_REVOKED, or DEVICE_UNBOUND where nobody put it into a store we serve."""
    kiosk = directory.kiosk(identity)
    if kiosk is None:
        return Verdict.DEVICE_UNBOUND
    if kiosk.state is KioskState.REVOKED:
        return Verdict.DEVICE_REVOKED
    store = directory.store(kiosk.store)
    return Verdict.DEVICE_UNBOUND if store is None else Bound(identity, store)


def refusal_before_asking(bound: Bound, clerk: str | None) -> Verdict | None:
    """Return why this look need not go upstream: the store wants a clerk."""
    return Verdict.CLERK_REQUIRED if bound.store.clerk_required and not clerk else None


def verdict_here(looked: Looked, bound: Bound) -> Verdict:
    """Return what the head office's word on a code means in this store.

    The stores are compared again, should the head office have forgotten to. What ends nothing is no answer to a look.
    """
    elsewhere = looked.stores is not None and bound.store.id not in looked.stores
    match looked.verdict:
        case Verdict.REDEEMABLE:
            return Verdict.WRONG_STORE if elsewhere else Verdict.REDEEMABLE
        case verdict:
            return Verdict.FAULT if verdict in _NO_WORD_ON_A_CODE else verdict


def needs_approval(looked: Looked, bound: Bound, method: Method) -> bool:
    """Whether what is found is worth so much that a kiosk asks for an approval; a manager's own page does not."""
    limit, value = bound.store.approve_from, looked.value_fen
    return method in {Method.SCAN, Method.TYPED} and limit is not None and value is not None and value >= limit


def is_not_ours(message: Confirm | Resolve, offer: Offer | None, known: Relay | None) -> bool:
    """Whether a request is turned away, because its offer is of another run, or of another gateway.

    That one may have accepted it offline, and told its kiosk, before this journal was put back to an older copy. Only
    a RESOLVE is taken that says what was accepted, or that its kiosk has forgone what it may still be told of that:
    anything else may have been late on its way, and would end it as if nothing had happened.
    """
    if isinstance(message, Resolve) and (message.accepted is not None or message.forgone):
        return False
    intent = message.intent
    return known is None and offer is None and intent.offer is not None and intent.action is Action.REDEEM


def objection_to_redeem(  # noqa: PLR0913, PLR0917 - all that an offer is judged by
    intent: Intent, offer: Offer | None, bound: Bound, seal: Seal, now: float, sign_in: str | None = None
) -> str | None:
    """Return why a confirm must not begin a redemption; None where it may.

    ``now`` is the gateway's clock, ``sign_in`` that of the clerk who is signed in at the kiosk now.
    """
    if offer is None:
        return NO_OFFER
    if offer.kiosk != bound.identity:
        return "the offer was made to another kiosk"
    if offer.store != bound.store.id:
        return "the kiosk was moved since the offer"
    if offer.clerk != intent.clerk or offer.sign_in != sign_in:
        return "another clerk since the offer"
    if offer.approval or offer.approver != intent.approver:
        return NOT_APPROVED
    if intent.code is None or offer.code != seal.hash(intent.code):
        return "the offer is for another code"
    if not 0 <= now - offer.made_at <= VALID_S:
        return f"the offer is older than {VALID_S:.0f} s"
    return None


def objection_to_permit(  # noqa: PLR0913, PLR0917 - all that an offer is judged by
    intent: Intent, offer: Offer | None, bound: Bound, seal: Seal, now: float, sign_in: str | None
) -> str | None:
    """Return why an undo has no permit of this kiosk's clerk; None where it has one, or its store wants none."""
    if not bound.store.clerk_required:
        return None if intent.approver is None else NOT_APPROVED
    if offer is None or (offer.kiosk, offer.store) != (bound.identity, bound.store.id) or intent.undoes is None:
        return "no clerk has permitted this undo here"
    if offer.clerk != intent.clerk or sign_in is None or offer.sign_in != sign_in:
        return "another clerk since the permit"
    if offer.approver != intent.approver:
        return NOT_APPROVED
    if offer.code != seal.hash(intent.undoes):
        return "the permit is for another undo"
    return None if 0 <= now - offer.made_at <= VALID_S else f"the permit is older than {VALID_S:.0f} s"


def objection_to_undo(intent: Intent, target: Relay | None, bound: Bound) -> str | None:
    """Return why an undo must not begin; ``target`` is what this gateway has recorded under the rid to be undone."""
    if target is None or target.intent.action is not Action.REDEEM or intent.undoes != target.intent.rid:
        return "this gateway knows no such redemption"
    return None if target.store == bound.store.id else "the redemption is another store's"
