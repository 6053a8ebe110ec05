"""Every message on the wire between kiosk and gateway; ``protocol.upstream`` has those between gateway and head office.

Unknown fields are ignored, so that versions can meet; unknown kinds are an error. Each message says its version, its
sender's generation and journal sequence, and the highest of either that the sender has seen of the receiver: a journal
that was put back to an older copy is found out by them (``protocol.marks``).
Times are ISO 8601 with offset, money is integer fen, durations are seconds.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.bundle import Also
from protocol.comparing import AskBook, Book
from protocol.duty import (
    Activate,
    Approve,
    AskOwnDay,
    AskUndo,
    AskUndoable,
    ClerkNumber,
    Done,
    OnDuty,
    OwnDay,
    SignIn,
    Text,
)
from protocol.envelope import Message
from protocol.ids import Identity, Rid, StoreId
from protocol.leasing import Accepted
from protocol.vocabulary import Verdict

#: Longest code that can be a voucher: platforms use 12 digits to some 300 characters of encrypted text. A QR can hold
#: 4,296.
LONGEST_CODE = 512
MOST_USES = 999

Code = Annotated[str, Meta(min_length=1, max_length=LONGEST_CODE)]
Quantity = Annotated[int, Meta(ge=1, le=MOST_USES)]
Sealed = Annotated[str, Meta(max_length=1024)]


class Method(StrEnum):
    """How a code reached the counter (核销方式)."""

    SCAN = "scan"
    TYPED = "typed"
    WEB = "web"
    API = "api"
    PUSH = "push"


class Action(StrEnum):
    """What an intent asks the owner to do."""

    REDEEM = "redeem"
    UNDO = "undo"


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody at a counter confirmed, word for word; it never changes once its rid is minted.

    A repeat carries the very same intent: every hop compares it with what it recorded under the rid, and where they
    differ the answer is ``fault`` and nothing changes.
    """

    rid: Rid
    action: Action = Action.REDEEM
    code: Code | None = None
    quantity: Quantity = 1
    offer: Sealed | None = None
    """The gateway's sealed offer that was confirmed; only the gateway can read it."""
    undoes: Rid | None = None
    method: Method = Method.SCAN
    clerk: str | None = None
    approver: str | None = None
    """The manager who approved it, where that was not the clerk."""
    reason: Text | None = None
    amount: Annotated[int, Meta(ge=0)] | None = None
    """Amount received (实收金额), fen."""


class Detail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is particular about an answer; every field may be absent. Names are for people, ids for machines."""

    title: Text | None = None
    value: Text | None = None
    kind: Text | None = None
    """The kind of voucher (``protocol.kinds``), where the owner knows it: records name it."""
    platform: Text | None = None
    """The platform that owns the voucher; None for one of the chain's own, and where it is not known."""
    code_tail: str | None = None
    at: str | None = None
    """When it happened: redeemed, or the moment from or until which it is valid."""
    store: Text | None = None
    """The store where it happened, by name."""
    stores: tuple[Text, ...] = ()
    """The stores where the voucher is valid, by name."""
    kiosk: str | None = None
    uses_left: int | None = None
    quantity: int | None = None
    pick_up: bool = False
    """Whether goods are handed over for it: the counter says so in its own words."""
    unsettled: bool = False
    """With ``already_redeemed``: nobody has said that its answer was seen; it is asked whether it was handed over."""
    minimum: int | None = None
    """The least that the bill must come to, fen."""
    reason: Text | None = None
    case: Text | None = None
    """A fault's number, to be told to support."""
    practice: bool = False
    """Whether it is about a practice voucher, which no book counts."""
    testing: bool = False
    """With ``wrong_store``: the store is not live yet (测试中), and redeems practice vouchers only."""
    redeemed: int | None = None
    amount: int | None = None
    """A clerk's shift: how many redemptions were not undone, and what was received for them (实收金额), fen."""


# --- kiosk to gateway ---------------------------------------------------------------------------------------------


class Hello(Message, frozen=True, kw_only=True, tag="hello"):
    """Sent on every connection and every few seconds: I am here. Answered by Welcome or Notice."""

    boot: str
    software: Text = ""
    camera: Text = ""
    """Whether it sees: ``starting``, ``ready`` or ``fault``."""
    open_rids: int = 0
    heard_of: Identity | None = None
    """The gateway that ``heard_gen`` and ``heard_seq`` are of: a kiosk may have been moved to another one."""
    heard_seal: Text | None = None
    """That gateway's seal on them; without it they count for nothing."""


class Look(Message, frozen=True, kw_only=True, tag="look"):
    """What is this code worth here? Spends nothing. Answered by Offered, Refused or Notice with the same number."""

    look: int
    boot: str
    code: Code
    method: Method = Method.SCAN
    clerk: str | None = None


class Confirm(Message, frozen=True, kw_only=True, tag="confirm"):
    """REQ: redeem (or undo) this. Repeated unchanged until it is answered, for ten seconds from OK at the most."""

    intent: Intent


class Resolve(Message, frozen=True, kw_only=True, tag="resolve"):
    """RESOLVE: bring this rid to its end, without starting anything new: the customer may have left."""

    intent: Intent
    reason: Text | None = None
    accepted: Accepted | None = None
    """What a gateway has accepted of it: goods were handed over, so it can only be brought to its end."""
    forgone: bool = False
    """Its requester takes no word that this rid was accepted offline any more, and has that on disk."""


class Settled(Message, frozen=True, kw_only=True, tag="settled"):
    """The final answer to this rid has been shown for three seconds, or acknowledged by a press."""

    rid: Rid
    handed_over: bool = True


class Refusal(Message, frozen=True, kw_only=True, tag="refusal"):
    """The kiosk itself refused a code by its shape; told for the records; of payment and setup codes no tail."""

    verdict: Verdict
    code_tail: str | None = None


ClerkMessage = SignIn | Activate | Approve | AskUndoable | AskUndo | AskOwnDay
KioskMessage = Hello | Look | ClerkMessage | Confirm | Resolve | Settled | Refusal | Book


# --- gateway to kiosk ---------------------------------------------------------------------------------------------


#: What a claim QR says that a kiosk's panel holds at two pixels a module: ASCII of 29 modules at the lowest level.
LONGEST_CLAIM = 53


class Welcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """Where the kiosk stands and what the store wants of it."""

    store: StoreId
    store_name: Text
    time: str
    gateway: Identity
    gateway_boot: str
    clerk_required: bool = False
    clerk_each: bool = False  # a sign-in is used up by one redemption
    testing: bool = False  # the store is not live yet
    claim_qr: Text = ""
    """What the store's claim QR (领券二维码) says; empty: it has none."""
    on_duty: OnDuty | None = None


class Offered(Message, frozen=True, kw_only=True, tag="offered"):
    """The code can be redeemed here now: what it is, and the sealed offer that a confirm returns."""

    look: int
    boot: str
    offer: Sealed
    detail: Detail
    max_quantity: int = 1
    valid_s: float = 60.0
    asks_amount: bool = False
    """Whether the confirm is to say what was received (实收金额)."""
    approval: bool = False
    """Whether it has to be approved (Approve) before it may be confirmed: it is worth much."""
    approver: ClerkNumber | None = None
    """The manager who has approved it; the confirm names them."""
    others: tuple[Also, ...] = ()  # what can be redeemed with it; then ``max_quantity`` is 1


class Refused(Message, frozen=True, kw_only=True, tag="refused"):
    """The look's answer where it is not an offer."""

    look: int
    boot: str
    verdict: Verdict
    detail: Detail = Detail()


class Signed(Message, frozen=True, kw_only=True, tag="signed"):
    """What became of a sign-in, and who is signed in now. Look 0: nobody asked; the clerk was signed out when idle."""

    look: int = 0
    boot: str = ""
    verdict: Verdict
    on_duty: OnDuty | None = None
    detail: Detail = Detail()


class Undoable(Message, frozen=True, kw_only=True, tag="undoable"):
    """What can still be undone at a kiosk, newest first."""

    look: int
    boot: str
    done: tuple[Done, ...] = ()


class Answer(Message, frozen=True, kw_only=True, tag="answer"):
    """What is known of a rid. Only ``final`` answers end it; a pending one says that somebody is at work on it."""

    rid: Rid
    verdict: Verdict
    final: bool
    detail: Detail = Detail()
    undone_by: Rid | None = None
    voucher: str | None = None
    """The owner's id of the voucher; kept by whoever keeps the answer, because codes are erased."""
    uses: tuple[int, ...] = ()
    """Numbers of the uses that this rid has spent."""
    accepted: Accepted | None = None
    """With ``accepted_offline``, which is not final: what the gateway has accepted."""


class Notice(Message, frozen=True, kw_only=True, tag="notice"):
    """What a hop says about a message or a device. It never ends a rid; after `fault` a kiosk sends RESOLVE for it."""

    verdict: Verdict
    rid: Rid | None = None
    look: int | None = None
    boot: str | None = None
    hint: Text | None = None


GatewayMessage = Welcome | Offered | Refused | Signed | Undoable | OwnDay | Answer | Notice | AskBook


# --- presence, retained, with the will as its death ----------------------------------------------------------------


class Presence(Message, frozen=True, kw_only=True, tag="presence"):
    """Birth and death of one session; a death counts only for the session whose number it carries."""

    online: bool
    session: str
