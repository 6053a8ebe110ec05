"""Clerks on the wire: who is signed in at a kiosk, and what can be undone there."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.envelope import Message
from protocol.ids import Identity, Rid, StoreId
from protocol.vocabulary import Verdict

Text = Annotated[str, Meta(max_length=400)]
Pin = Annotated[str, Meta(pattern=r"^[0-9]{6}\Z")]
#: What a clerk holds before the camera; a code of theirs is no longer than a voucher's.
Shown = Annotated[str, Meta(min_length=1, max_length=512)]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
ClerkNumber = Annotated[str, Meta(pattern=r"^[0-9]{1,12}\Z")]


class OnDuty(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in at a kiosk, as its gateway has it."""

    sign_in: Rid
    """Names this one sign-in: the same clerk's next one is another."""
    clerk: ClerkNumber
    name: Text


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """A redemption that can still be undone."""

    rid: Rid
    title: Text = ""
    code_tail: str | None = None
    at: str
    left_s: float
    """How much longer, as far as the gateway knows the owner's window."""


class Did(msgspec.Struct, frozen=True, kw_only=True):
    """A redemption of a clerk's day."""

    title: Text = ""
    code_tail: str | None = None
    at: str
    amount: int | None = None
    """What was received for it (实收金额), fen."""
    undone: bool = False


# --- what clerks ask at a kiosk ------------------------------------------------------------------------------------


class SignIn(Message, frozen=True, kw_only=True, tag="sign_in"):
    """A clerk comes, by badge or number and PIN; or goes, by the same badge or by neither."""

    look: int
    boot: str
    badge: Shown | None = None
    number: ClerkNumber | None = None
    pin: Pin | None = None
    holds: Rid | None = None  # what the kiosk knows of: only that one can be ended, so that a repeat is harmless


class AskUndoable(Message, frozen=True, kw_only=True, tag="ask_undoable"):
    """What can still be undone at this kiosk? Answered by Undoable or Notice with the same number."""

    look: int
    boot: str


class AskOwnDay(Message, frozen=True, kw_only=True, tag="ask_own_day"):
    """What has the clerk who is signed in redeemed today? Answered by OwnDay, Refused or Notice."""

    look: int
    boot: str


class OwnDay(Message, frozen=True, kw_only=True, tag="own_day"):
    """A clerk's business day in a store so far, at whichever of its kiosks; what was undone counts for nothing."""

    look: int
    boot: str
    redeemed: int
    amount: int
    """What was received for that, fen."""
    undone: int = 0
    done: tuple[Did, ...] = ()
    """The newest of all these, newest first."""


class AskUndo(Message, frozen=True, kw_only=True, tag="ask_undo"):
    """May this undo begin? By the PIN of the clerk who is signed in, or by a manager's badge.

    Answered by Offered, Refused or Notice.
    """

    look: int
    boot: str
    undoes: Rid
    reason: Text
    pin: Pin | None = None
    badge: Shown | None = None


class Approve(Message, frozen=True, kw_only=True, tag="approve"):
    """May this offer be confirmed? By the PIN of who is signed in, or by a manager's badge, or number and PIN.

    Answered by Offered, of which only the offer and what concerns it are to be read, Refused or Notice.
    """

    look: int
    boot: str
    offer: Annotated[str, Meta(max_length=1024)]
    number: ClerkNumber | None = None
    pin: Pin | None = None
    badge: Shown | None = None


class Activate(Message, frozen=True, kw_only=True, tag="activate"):
    """A clerk's one-time code is held up; with the PIN, once it was typed twice, to be set.

    Without a PIN answered by Offered, whose detail names the clerk and which offers nothing else; with it by Signed.
    """

    look: int
    boot: str
    code: Shown
    pin: Pin | None = None


# --- what a gateway asks the head office about them -----------------------------------------------------------------


class AskActivate(Message, frozen=True, kw_only=True, tag="ask_activate"):
    """Whose is this one-time code, shown in this store? With a PIN's slow hash: spend the code and set it.

    The very same asked again is answered alike. Answered by Activated.
    """

    requester: Identity
    store: StoreId
    code: Digest
    """SHA-256 of the code's text."""
    pin: Annotated[str, Meta(max_length=200)] | None = None


class Activated(Message, frozen=True, kw_only=True, tag="activated"):
    """The clerk of a one-time code that is good there; else why it is not."""

    clerk: ClerkNumber | None = None
    name: Text | None = None
    verdict: Verdict | None = None


class ClerkFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A clerk as a store's manager wants them: a new one without a number, or with one that is nobody's."""

    number: ClerkNumber | None = None
    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*\Z")]
    manager: bool = False
    stores: tuple[StoreId, ...]
    """Of the gateway's own stores; the clerk's others are not its to say."""
    disabled: bool = False


class AskStaff(Message, frozen=True, kw_only=True, tag="ask_staff"):
    """Add these clerks, or change them: all of them or none. Answered by Staffed."""

    clerks: Annotated[tuple[ClerkFacts, ...], Meta(max_length=50)]


class AskCode(Message, frozen=True, kw_only=True, tag="ask_code"):
    """Make a clerk's one-time code, or a new badge; the one before ends. Answered by Staffed."""

    number: ClerkNumber
    badge: bool = False


class Staffed(Message, frozen=True, kw_only=True, tag="staffed"):
    """What became of that: the clerks' numbers, or the code with its QR as SVG; or why nothing was done."""

    numbers: tuple[ClerkNumber, ...] = ()
    code: Shown | None = None
    qr: str | None = None
    until: str | None = None
    refused: Text | None = None
