"""The owner's side: what a voucher is worth now, and what becomes of a rid, decided inside one transaction.

The caller holds the voucher's row locked, hands in what the books say, and writes what the ruling says, in that same
transaction. This is all there is to a chain's own vouchers, because there the redemption and its record are one commit;
a platform's vouchers need more steps between.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from protocol import terms
from protocol.classify import classify, no_voucher, shown_tail
from protocol.messages import Action, Answer, Detail, Intent, Notice
from protocol.upstream import AskRedeem, AskResolve, Looked
from protocol.values import Value
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from datetime import datetime, time, timedelta

    from protocol.bundle import Beside
    from protocol.last_use import LastUse
    from protocol.showing import Showing

#: Of a voucher with nothing left.
_USED = frozenset({Verdict.ALREADY_REDEEMED, Verdict.USES_EXHAUSTED})
_INTENT_FIELDS = tuple((field.name, field.default) for field in msgspec.structs.fields(Intent))


class VoucherState(StrEnum):
    """Where a voucher is in its life, apart from its uses and its dates."""

    ACTIVE = "active"
    UNPAID = "unpaid"
    GIFTING = "gifting"
    GIVEN = "given"
    DELETED = "deleted"
    WITHDRAWN = "withdrawn"
    REFUNDING = "refunding"
    REFUNDED = "refunded"


_STATE_VERDICTS = {
    VoucherState.UNPAID: Verdict.UNPAID,
    VoucherState.GIFTING: Verdict.GIFTING,
    VoucherState.GIVEN: Verdict.GIFTING,
    VoucherState.DELETED: Verdict.DELETED,
    VoucherState.WITHDRAWN: Verdict.INVALIDATED,
    VoucherState.REFUNDING: Verdict.REFUNDING,
    VoucherState.REFUNDED: Verdict.REFUNDED,
}


class Voucher(Value, frozen=True, kw_only=True):
    """One voucher as its owner's books have it at this moment."""

    id: str
    code_tail: str
    title: str
    value: str
    kind: str = ""
    """What it is (``protocol.kinds``); empty where its owner does not say."""
    terms: int
    """Rises with every change of what the voucher promises; uses left are not part of it."""
    state: VoucherState = VoucherState.ACTIVE
    uses: int = 1
    taken: frozenset[int] = frozenset()
    """Numbers (from 1) of the uses that are spent."""
    last: LastUse | None = None
    stores: tuple[str, ...] | None = None
    """Ids of the stores where it is valid; None: everywhere."""
    store_names: tuple[str, ...] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    weekdays: frozenset[int] = frozenset(range(7))
    """Days on which it may be used, Monday is 0, in the store's own time."""
    hours: tuple[time, time] | None = None
    """From and until what time of day, in the store's own time; the end is not included."""
    holder: tuple[str, str] | None = None
    """The gateway that holds it under a lease, and the store that is its one home; None: it is under no lease."""
    offline: bool = True
    """Whether it may be redeemed at a counter (线下) at all."""
    online: bool = False
    mail: bool = False
    """Whether its customer may redeem it on its own page (线上)."""
    dynamic: bool = False
    """Whether only a code that a page shows now counts, not its own number."""
    showing: Showing | None = None
    """What is known of the code that was presented; None where that is the voucher's own number."""
    booking: bool = False
    """Whether its dates are the time around a booking."""
    booked_for: datetime | None = None
    pick_up: bool = False
    """Whether goods are handed over for it, which the shop has to lay ready first."""
    ready: bool = True
    pieces: int | None = None
    """How many pieces the store has; None where nobody counts them."""
    minimum: int = 0
    """The least that the bill must come to, in fen."""
    value_fen: int | None = None
    """What it is worth in money, where its type says so."""
    off: int = 0
    """What a use takes off the bill, in fen."""
    rate: int = 100
    """What is paid of the bill after that, in hundredths."""
    asks_amount: bool = False  # what was received

    @property
    def left(self) -> int:
        """Uses that are not spent."""
        return self.uses - len(self.taken)


class Moment(Value, frozen=True, kw_only=True):
    """Where and when something is asked: the store's id and name, the kiosk, and the store's local time with offset.

    ``gateway`` None: no gateway stands between, and so none that could hold a lease.
    """

    store: str
    store_name: str
    kiosk: str
    at: datetime
    gateway: str | None = None
    own_number: bool = False
    """Whether the own number of a voucher counts though its code changes: a manager has typed it."""
    on_page: bool = False
    by_post: bool = False
    """Whether it is the voucher's own page that asks; that is in no store, so none is looked for."""


class Known(Value, frozen=True, kw_only=True):
    """What is recorded under a rid, and what its redemption holds.

    ``digest`` stands for the intent word for word where the books do not keep it so: they erase the code and the offer
    once the rid has ended, and ``intent`` then lacks both.
    """

    requester: str
    store: str
    intent: Intent
    answer: Answer
    at: datetime
    voucher: str | None = None
    platform: str | None = None
    """The platform that owns the voucher, where one does."""
    digest: bytes | None = None

    def is_of(self, intent: Intent) -> bool:
        """Whether a repeat carries the intent that was recorded, in every field."""
        return self.intent == intent if self.digest is None else self.digest == intent_digest(intent)


class Ruling(Value, frozen=True, kw_only=True):
    """The owner's decision: the answer, and what the transaction writes with it; nothing where ``record`` is False."""

    answer: Answer | Notice
    record: bool = False
    claim: tuple[int, ...] = ()
    """Use numbers that this rid spends."""
    release: str | None = None
    """The rid whose uses this undo gives back."""


def intent_digest(intent: Intent) -> bytes:
    """Return what a repeat's intent is compared by, so that nothing has to keep its code: 32 bytes.

    The rid, 128 random bits, is part of it, so two intents of one code have nothing in common. Fields at their defaults
    are left out: a field that a later version adds leaves the digests of older intents as they are. A payment or setup
    code is never hashed: such an intent ends in a refusal whatever the code says.
    """
    if classify(intent.code).private:
        intent = msgspec.structs.replace(intent, code=None)
    said = {name: value for name, default in _INTENT_FIELDS if (value := getattr(intent, name)) != default}
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).digest()


def judge(voucher: Voucher, moment: Moment, quantity: int = 1, amount: int | None = None) -> Verdict:
    """Return REDEEMABLE, or why this voucher cannot be redeemed here and now in this quantity.

    ``amount`` is what was received, in fen; None where nobody said, and then no minimum is asked for.
    """
    if voucher.state is not VoucherState.ACTIVE:
        return _STATE_VERDICTS[voucher.state]
    if voucher.left <= 0:
        return Verdict.ALREADY_REDEEMED if voucher.uses == 1 else Verdict.USES_EXHAUSTED
    if voucher.dynamic and not terms.is_shown(voucher, moment):
        return Verdict.STALE_CODE
    if not terms.is_redeemed_so(voucher, moment):
        return Verdict.NOT_FOR_COUNTER
    if not terms.is_valid_at(voucher, moment):
        return Verdict.WRONG_STORE
    untimely = terms.untimely(voucher, moment.at)
    if untimely is not None:
        return untimely
    if not voucher.ready:
        return Verdict.NOT_READY
    if voucher.pieces is not None and voucher.pieces < min(quantity, voucher.left):
        return Verdict.OUT_OF_STOCK
    if quantity > voucher.left:
        return Verdict.NOT_ENOUGH_USES
    return Verdict.BELOW_MINIMUM if terms.is_short(voucher, quantity, amount) else Verdict.REDEEMABLE


def describe(voucher: Voucher, verdict: Verdict) -> Detail:
    """Return what a person wants to know beside this verdict."""
    last = voucher.last if verdict in _USED else None
    at = last.at if last else None
    if verdict is Verdict.EXPIRED and voucher.valid_until:
        at = voucher.valid_until.isoformat(timespec="seconds")
    if verdict is Verdict.NOT_YET_VALID and voucher.valid_from:
        at = voucher.valid_from.isoformat(timespec="seconds")
    booked_for = voucher.booked_for or voucher.valid_from or voucher.valid_until
    if verdict in {Verdict.BOOKING_EARLY, Verdict.BOOKING_LATE} and booked_for:
        at = booked_for.isoformat(timespec="seconds")
    return Detail(
        title=voucher.title,
        value=voucher.value or None,
        kind=voucher.kind or None,
        code_tail=voucher.code_tail,
        at=at,
        store=last.store if last else None,
        kiosk=last.kiosk if last else None,
        stores=voucher.store_names if verdict is Verdict.WRONG_STORE else (),
        uses_left=voucher.left if voucher.uses > 1 else None,
        pick_up=voucher.pick_up,
        minimum=voucher.minimum or None if verdict in {Verdict.REDEEMABLE, Verdict.BELOW_MINIMUM} else None,
    )


def rule_look(code: str, voucher: Voucher | None, moment: Moment, others: tuple[Beside, ...] = ()) -> Looked:
    """Answer a look: what this code is worth here and now. ``voucher`` has it, ``others`` could be redeemed with it."""
    if voucher is None:
        return Looked(verdict=no_voucher(code), detail=Detail(code_tail=shown_tail(code)))
    verdict = judge(voucher, moment)
    if verdict is Verdict.REDEEMABLE and voucher.showing and not voucher.showing.can_be_looked_up(moment.at):
        verdict = Verdict.STALE_CODE
    detail, last = describe(voucher, verdict), voucher.last
    if verdict in _USED and last is not None and last.is_unsettled(moment.at):
        detail = msgspec.structs.replace(detail, unsettled=True)
    return Looked(
        verdict=verdict,
        detail=detail,
        voucher=voucher.id,
        terms=voucher.terms,
        stores=voucher.stores,
        value_fen=voucher.value_fen,
        max_quantity=max(1, voucher.left if voucher.pieces is None else min(voucher.left, voucher.pieces)),
        asks_amount=voucher.asks_amount,
        others=others if verdict is Verdict.REDEEMABLE else (),
    )


def rule_redeem(ask: AskRedeem | AskResolve, known: Known | None, voucher: Voucher | None, moment: Moment) -> Ruling:
    """Decide a redemption: the rid first, what is recorded is repeated before anything else is looked at (rule 2)."""
    if known is not None:
        return repeat(ask, known)
    rid = ask.intent.rid
    if isinstance(ask, AskResolve):
        if voucher is not None and voucher.holder is not None and voucher.holder[0] != moment.gateway:
            # Another gateway is its owner now, and may have accepted it: the end is that one's to say.
            return Ruling(answer=Answer(rid=rid, verdict=Verdict.PENDING, final=False))
        return _tombstone(rid, ask.reason, voucher)
    if voucher is None:
        return _ended(rid, no_voucher(ask.intent.code), Detail(code_tail=shown_tail(ask.intent.code)))
    if ask.terms != voucher.terms:
        return _tombstone(rid, "the voucher's terms changed since it was offered", voucher)
    verdict = judge(voucher, moment, ask.intent.quantity, ask.intent.amount)
    refused = verdict is not Verdict.REDEEMABLE
    return _ended(rid, verdict, describe(voucher, verdict)) if refused else _spent(ask, voucher, moment)


def must_wait(ask: AskRedeem | AskResolve, voucher: Voucher | None, *, missing: bool, missing_of_voucher: bool) -> bool:
    """Whether restored books may not rule on an unknown rid yet, because journals are missing (rule 11).

    ``missing``: any is; ``missing_of_voucher``: that of a gateway which could have redeemed this voucher. Only to begin
    a redemption it is enough to know all of its voucher; to end a rid for which nothing is found, all must be known.
    """
    begun = isinstance(ask, AskRedeem) or ask.accepted is not None
    begins = begun and ask.intent.action is Action.REDEEM and voucher is not None
    return missing_of_voucher if begins else missing


def rule_driven(ask: AskRedeem | AskResolve, voucher: Voucher | None, moment: Moment) -> Ruling:
    """Decide a rid of which an older copy of the books may have forgotten that it was redeemed (rule 11).

    An attempt has left, and somebody may have been shown its success: so it is driven forward, whatever has become of
    the voucher since. Only uses that others hold stand against it, because then they were never this rid's: of what was
    given away and received, its receiver's voucher holds all that was left.
    """
    rid = ask.intent.rid
    if voucher is None:
        return _tombstone(rid, "its voucher is not in the books any more", None)
    if voucher.state is VoucherState.GIVEN:
        return _ended(rid, _STATE_VERDICTS[voucher.state], describe(voucher, _STATE_VERDICTS[voucher.state]))
    if ask.intent.quantity > voucher.left:
        verdict = Verdict.ALREADY_REDEEMED if voucher.uses == 1 else Verdict.NOT_ENOUGH_USES
        return _ended(rid, verdict, describe(voucher, verdict))
    return _spent(ask, voucher, moment)


def _ended(rid: str, verdict: Verdict, detail: Detail) -> Ruling:
    return Ruling(answer=Answer(rid=rid, verdict=verdict, final=True, detail=detail), record=True)


def _spent(ask: AskRedeem | AskResolve, voucher: Voucher, moment: Moment) -> Ruling:
    """Claim as many uses as were asked for, and free."""
    rid = ask.intent.rid
    claim = _claim(ask, voucher)
    left = voucher.left - len(claim)
    detail = Detail(
        title=voucher.title,
        value=voucher.value or None,
        kind=voucher.kind or None,
        code_tail=voucher.code_tail,
        at=moment.at.isoformat(timespec="seconds"),
        store=moment.store_name,
        kiosk=moment.kiosk,
        uses_left=left if voucher.uses > 1 else None,
        quantity=len(claim),
        pick_up=voucher.pick_up,
    )
    answer = Answer(rid=rid, verdict=Verdict.REDEEMED, final=True, detail=detail, voucher=voucher.id, uses=claim)
    return Ruling(answer=answer, record=True, claim=claim)


def rule_undo(
    ask: AskRedeem | AskResolve, known: Known | None, target: Known | None, moment: Moment, window: timedelta
) -> Ruling:
    """Decide an undo: it has a rid of its own and concerns the uses of the rid that it names, not the voucher.

    ``target`` is what is recorded under that rid, in whichever store; None: nothing is, or it has no end yet.
    """
    if known is not None:
        return repeat(ask, known)
    rid = ask.intent.rid
    if target is not None and target.answer.undone_by == rid:
        # Books that were put back have lost this undo, and have learned from its redemption that it was made.
        return _ended(rid, Verdict.UNDONE, _of(target))
    if isinstance(ask, AskResolve):
        return _tombstone(rid, ask.reason, None)
    if target is None:  # it may be under way, at a gateway or a platform: that it is not to be undone is not known
        return _ended(rid, Verdict.BUSY, Detail(reason="no such redemption has ended yet, as far as is known here"))
    redeemed = target.answer.verdict is Verdict.REDEEMED and target.intent.action is Action.REDEEM
    if not redeemed or target.store != moment.store:
        return _ended(rid, Verdict.UNDO_UNSUPPORTED, Detail(reason="there is no such redemption to undo in this store"))
    detail = _of(target)
    if target.platform is not None:
        detail = msgspec.structs.replace(detail, reason="what this platform has consumed cannot be given back")
        return _ended(rid, Verdict.UNDO_UNSUPPORTED, detail)
    if target.answer.undone_by is not None:
        return _ended(rid, Verdict.ABORTED, detail)
    if moment.at - target.at > window:
        return _ended(rid, Verdict.UNDO_TOO_LATE, detail)
    return msgspec.structs.replace(_ended(rid, Verdict.UNDONE, detail), release=target.intent.rid)


def _of(known: Known) -> Detail:
    was = known.answer.detail
    return Detail(title=was.title, kind=was.kind, platform=was.platform, code_tail=was.code_tail, quantity=was.quantity)


def repeat(ask: AskRedeem | AskResolve, known: Known) -> Ruling:
    """Repeat the recorded answer; where the fields differ from what is recorded, say fault and change nothing."""
    if known.requester != ask.requester or not known.is_of(ask.intent):
        hint = "this rid is recorded with other fields, or for another requester"
        return Ruling(answer=Notice(verdict=Verdict.FAULT, rid=ask.intent.rid, hint=hint))
    return Ruling(answer=known.answer)


def _tombstone(rid: str, reason: str | None, voucher: Voucher | None) -> Ruling:
    """End a rid of which nothing has happened: it is recorded, and a REQ that comes later meets this answer."""
    detail = Detail(
        reason=reason,
        title=voucher.title if voucher else None,
        kind=(voucher.kind or None) if voucher else None,
        code_tail=voucher.code_tail if voucher else None,
    )
    return _ended(rid, Verdict.ABORTED, detail)


def free_uses(voucher: Voucher, quantity: int) -> tuple[int, ...]:
    """Return the lowest numbers of uses that are not spent, as many as are asked for; there must be so many."""
    free = (number for number in range(1, voucher.uses + 1) if number not in voucher.taken)
    return tuple(next(free) for _ in range(quantity))


def _claim(ask: AskRedeem | AskResolve, voucher: Voucher) -> tuple[int, ...]:
    """Return the uses that the rid gets: those that a gateway has claimed for it, if they are free, else the lowest."""
    accepted = ask.accepted.uses if isinstance(ask, AskResolve) and ask.accepted is not None else ()
    claimed = frozenset(accepted) - voucher.taken
    if len(claimed) == ask.intent.quantity and max(claimed) <= voucher.uses:
        return tuple(sorted(claimed))
    return free_uses(voucher, ask.intent.quantity)
