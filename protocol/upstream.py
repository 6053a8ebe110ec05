"""Every message between gateway and head office, which are sent over HTTP: the upstream contract.

What ``protocol.messages`` says of versions, marks, times and money holds here too.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.bundle import Beside
from protocol.comparing import AskRecorded, Recordings, TellDiffering
from protocol.duty import Activated, AskActivate, AskCode, AskStaff, Staffed, Text
from protocol.envelope import Message
from protocol.ids import Identity, Rid, StoreId
from protocol.leasing import Accepted, Lease, LeasedVoucher, PublicKey
from protocol.messages import Answer, Code, Detail, Intent, Method, Notice
from protocol.vocabulary import Verdict


class AskLook(Message, frozen=True, kw_only=True, tag="ask_look"):
    """A look, relayed: whose kiosk, in which store, by which clerk."""

    requester: Identity
    store: StoreId
    code: Code
    method: Method = Method.SCAN
    clerk: str | None = None


class AskRedeem(Message, frozen=True, kw_only=True, tag="ask_redeem"):
    """A confirm, relayed with what the gateway vouches for."""

    requester: Identity
    store: StoreId
    intent: Intent
    terms: int = 0
    """The version of the voucher's terms in the offer that was confirmed; 0 where no offer was (a typed undo)."""


class AskResolve(Message, frozen=True, kw_only=True, tag="ask_resolve"):
    """A resolve, relayed. ``reason`` is why the gateway would not let a redemption start, where that is why."""

    requester: Identity
    store: StoreId
    intent: Intent
    terms: int = 0
    reason: Text | None = None
    accepted: Accepted | None = None
    """What a gateway has accepted as the owner under a lease: never a tombstone, only redeemed or a conflict."""


class AskSettled(Message, frozen=True, kw_only=True, tag="ask_settled"):
    """A requester's word that its customer has seen the answer."""

    requester: Identity
    rid: Rid
    handed_over: bool = True


class Looked(Message, frozen=True, kw_only=True, tag="looked"):
    """The head office's answer to a look. ``voucher`` names it also in refusals, where there is one."""

    verdict: Verdict
    detail: Detail = Detail()
    voucher: str | None = None
    """The owner's id of the voucher; None where no voucher has this code."""
    terms: int = 0
    stores: tuple[StoreId, ...] | None = None
    """Ids of the stores where the voucher is valid; None: all of the chain's."""
    max_quantity: int = 1
    asks_amount: bool = False
    value_fen: int | None = None
    """What it is worth, where its owner says so in money."""
    others: tuple[Beside, ...] = ()


class AskHello(Message, frozen=True, kw_only=True, tag="ask_hello"):
    """A gateway's greeting, at its start and every so often. Answered by Met."""

    returned: tuple[Rid, ...] = ()
    """Leases that have ended here, and under which nothing is open: their whole journal has been told."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway's journal holds of one rid: the whole intent while it is open, then of its code the tail alone."""

    requester: Identity
    store: StoreId
    at: str
    intent: Intent
    digest: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    """SHA-256 of the whole intent (``protocol.owner.intent_digest``)."""
    voucher: str | None = None
    answer: Answer | None = None


class AskUpload(Message, frozen=True, kw_only=True, tag="ask_upload"):
    """A part of a gateway's journal, for a head office whose books were put back to an older copy. Answered by Met."""

    entries: tuple[Entry, ...]
    last: bool = False
    """Whether that was all of it."""


class AskLeased(Message, frozen=True, kw_only=True, tag="ask_leased"):
    """Which vouchers a lease is of, behind that id. Answered by Leased."""

    lease: Rid
    after: str = ""


StaffRequest = AskActivate | AskStaff | AskCode
_Journal = AskHello | AskUpload | AskRecorded | TellDiffering
UpstreamRequest = AskLook | AskRedeem | AskResolve | AskSettled | AskLeased | StaffRequest | _Journal


class Leased(Message, frozen=True, kw_only=True, tag="leased"):
    """Vouchers of a lease, in the order of their ids; ``last``: there are no more."""

    vouchers: tuple[LeasedVoucher, ...]
    last: bool = False


class Met(Message, frozen=True, kw_only=True, tag="met"):
    """The head office's greeting."""

    upload: bool = False
    """Whether it waits for this gateway's whole journal."""
    keys: tuple[PublicKey, ...] = ()
    """The keys whose signatures on vouchers are good; what a greeting does not name is not, or not any more."""
    leases: tuple[Lease, ...] = ()
    """The leases that this gateway holds; one that is not named has ended."""


UpstreamAnswer = Looked | Answer | Notice | Met | Leased | Recordings | Activated | Staffed
