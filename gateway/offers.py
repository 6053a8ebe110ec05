"""Sealed offers: what a look found, in a text that a kiosk carries back and nobody but this gateway can read or make.

So the gateway keeps nothing for a code that was only looked at, and still knows at the confirm what it offered to whom
and when, by its own clock. The key is drawn at each start: no offer outlives the run that made it.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

import msgspec

#: Seconds for which an offer may be confirmed.
VALID_S = 60.0
_MAC_BYTES = 16


class Offer(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What was offered: which voucher's code on which terms, to which kiosk in which store, under which clerk, when."""

    made_at: float
    """The gateway's clock (``service.clock``), seconds."""
    kiosk: str
    store: str
    clerk: str | None
    voucher: str | None
    """The owner's id of the voucher."""
    terms: int
    """The version of the voucher's terms that was offered."""
    code: bytes
    """Keyed hash of the code, from ``Seal.hash``."""
    sign_in: str | None = None
    """The clerk's sign-in at that kiosk; None where nobody was signed in."""
    approval: bool = False
    """Whether it still has to be approved."""
    approver: str | None = None
    """The manager who has approved it; None where the clerk's own PIN did, or nobody had to."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The seal of one run of a gateway. ``boot`` names the run, ``key`` is random and never leaves the process."""

    boot: str
    key: bytes

    def close(self, offer: Offer) -> str:
        """Return an offer as a text of URL-safe characters, under 512 of them for ids of up to 128 characters."""
        content = msgspec.msgpack.encode(offer)
        return f"{self.boot}.{urlsafe_b64encode(content + self._mac(content)).rstrip(b'=').decode()}"

    def open(self, text: str) -> Offer | None:
        """Return the offer in a text that this very run sealed; None for any other text."""
        boot, _, body = text.partition(".")
        if boot != self.boot:
            return None
        try:
            content = urlsafe_b64decode(body + "=" * (-len(body) % 4))
        except (binascii.Error, ValueError):
            return None
        if not hmac.compare_digest(content[-_MAC_BYTES:], self._mac(content[:-_MAC_BYTES])):
            return None
        return msgspec.msgpack.decode(content[:-_MAC_BYTES], type=Offer)

    def hash(self, code: str) -> bytes:
        """Return the keyed hash by which an offer knows its code again."""
        return hashlib.blake2b(code.encode(), key=self.key, digest_size=_MAC_BYTES).digest()

    def _mac(self, content: bytes) -> bytes:
        return hmac.digest(self.key, content, "sha256")[:_MAC_BYTES]
