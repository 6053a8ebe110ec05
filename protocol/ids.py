"""The names that things carry on the wire: redemption ids, identities, code tails.

No randomness here: ``rid_from`` takes the bytes, the edges of the processes draw them.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated

from msgspec import Meta

RID_BYTES = 16
TAIL_LENGTH = 4

#: A redemption id: 128 random bits in lower-case hexadecimal, minted when the clerk confirms.
RID_SHAPE = r"[0-9a-f]{32}"
Rid = Annotated[str, Meta(pattern=rf"^{RID_SHAPE}\Z")]

#: The identity in a certificate's common name, of a kiosk or a gateway. It is a level of an MQTT topic, so it can hold
#: none of ``+``, ``#`` and ``/`` (CVE-2017-7650 is what happens otherwise).
IDENTITY_SHAPE = r"[a-z0-9][a-z0-9-]{0,62}"
Identity = Annotated[str, Meta(pattern=rf"^{IDENTITY_SHAPE}\Z")]

#: A store's id as the head office gives it.
StoreId = Annotated[str, Meta(pattern=rf"^{IDENTITY_SHAPE}\Z")]


def rid_from(entropy: bytes) -> str:
    """Return the redemption id made of 16 random bytes; raise ValueError for any other length."""
    if len(entropy) != RID_BYTES:
        msg = f"a redemption id is made of {RID_BYTES} random bytes, not of {len(entropy)}"
        raise ValueError(msg)
    return entropy.hex()


def rids_from(entropy: bytes, count: int) -> tuple[str, ...]:
    """Return so many redemption ids made of 16 random bytes, for what is confirmed at one press."""
    further = (hashlib.sha256(entropy + number.to_bytes(2)).digest()[:RID_BYTES] for number in range(1, count))
    return (rid_from(entropy), *map(rid_from, further))


def parking_number(rid: str) -> str:
    """Return the four characters by which people find a redemption again: one that was given up, or is in dispute."""
    return rid[:4].upper()


def code_tail(code: str) -> str:
    """Return the last four characters of a code: all that screens, logs and records show of it.

    A line break or a tab among them is shown as a dot: a log line must stay one line.
    """
    return "".join(letter if letter.isprintable() else "·" for letter in code[-TAIL_LENGTH:])


def code_hash(code: str, key: bytes) -> str:
    """Return the keyed hash under which a code is found again in records that do not hold it."""
    return hmac.new(key, code.encode(), hashlib.sha256).hexdigest()[:32]
