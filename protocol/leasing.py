"""Parts of messages that are about signed vouchers and leases (``protocol.signed``, ``protocol.lease``)."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.ids import Identity, Rid, StoreId

_Name = Annotated[str, Meta(max_length=400)]
_Use = Annotated[int, Meta(ge=1)]
_Fen = Annotated[int, Meta(ge=0)]


class PublicKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that signs vouchers: its id, and its public half (Ed25519), both in hexadecimal."""

    id: Annotated[str, Meta(pattern=r"^[0-9a-f]{8}\Z")]
    public: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway's right to accept a type's signed vouchers by itself, in one store, for a time, up to a limit."""

    id: Rid
    store: StoreId
    at: str
    """The head office's time now; by it the gateway judges dates and hours, counting on with its own clock."""
    age_s: Annotated[float, Meta(ge=0)]
    left_s: Annotated[float, Meta(ge=0)]
    """Seconds for which it still runs."""
    recalled: bool = False
    """Whether the head office wants it back: nothing more is accepted."""
    most_uses: _Use
    most_value: _Fen | None = None
    """Uses, and their value in fen, that may be accepted and not brought to their end at once."""
    title: _Name
    value: _Name = ""
    kind: _Name = ""
    value_fen: _Fen | None = None
    terms: int
    weekdays: tuple[Annotated[int, Meta(ge=0, le=6)], ...]
    hours: tuple[time, time] | None = None


class LeasedVoucher(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher under a lease. Its code is not told: the code's own signature shows that it belongs to this id."""

    id: Rid
    uses: _Use
    taken: tuple[int, ...] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway has accepted by itself, as the owner under a lease; whoever has it brings the rid to its end.

    Only a head office can make the id of a lease, and knows by it what it has granted and forgotten.
    """

    lease: Rid
    gateway: Identity
    voucher: Rid
    uses: tuple[_Use, ...]
    """Numbers of the uses that it has claimed in its own journal."""
    elapsed_s: float
    """Seconds of the lease that had passed by the gateway's clock, which no daylight, person or time server sets."""
    at: str
