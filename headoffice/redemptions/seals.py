"""Ids of leases that show by themselves that these books have granted them, and in which generation.

A kiosk says what was accepted, too. Books that do not know the lease of it are a copy of before it was granted, and
have to stop; but nobody must be able to stop them by a lease that was never granted. So an id is a generation, a number
that was drawn, and of both an HMAC-SHA256, cut to 64 bits. Its key stands in the books beside the first key that signs
vouchers: every copy has it that knows of any voucher which can be lent. It is told to nobody.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING

from sqlalchemy import select

from headoffice.errors import NotAllowedError
from headoffice.tables.keys import signing_keys
from headoffice.vouchers.signing import HOW

if TYPE_CHECKING:
    from sqlalchemy import Connection

_GENERATION_BYTES, _DRAWN_BYTES, _MAC_BYTES = 2, 6, 8
#: The oldest first, revoked or not: a copy may be of before the others were made.
_KEYS = select(signing_keys.c.lease_key).order_by(signing_keys.c.added_at, signing_keys.c.id)


def sealed_id(connection: Connection, generation: int) -> str:
    """Return the id of a lease that is granted in a generation of the books; raise NotAllowedError without any key."""
    key = connection.execute(_KEYS).scalars().first()
    if key is None:
        msg = f"nothing is signed here that could be leased; {HOW}"
        raise NotAllowedError(msg)
    said = generation.to_bytes(_GENERATION_BYTES) + secrets.token_bytes(_DRAWN_BYTES)
    return (said + _mac(key, said)).hex()


def granted_in(connection: Connection, lease: str) -> int | None:
    """Return the generation in which these books have granted a lease, known or lost; None where they never have."""
    whole = bytes.fromhex(lease)
    said, mac = whole[:-_MAC_BYTES], whole[-_MAC_BYTES:]
    keys = connection.execute(_KEYS).scalars()
    genuine = any(hmac.compare_digest(_mac(key, said), mac) for key in keys)
    return int.from_bytes(said[:_GENERATION_BYTES]) if genuine else None


def _mac(key: bytes, said: bytes) -> bytes:
    return hmac.digest(key, said, "sha256")[:_MAC_BYTES]
