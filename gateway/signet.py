"""By what a gateway knows its own marks again: a kiosk brings back what it was given, and can make up none.

The key comes from the gateway's private key, which lies outside of the journal: a journal that is put back to an older
copy takes nothing of it along. With another certificate's key the marks of before say nothing, until kiosks have heard
new ones.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import IdentityError

if TYPE_CHECKING:
    from pathlib import Path

    from protocol.marks import Mark

_SEAL_BYTES = 15


@dataclass(frozen=True, slots=True)
class Signet:
    """The key under which one gateway seals its marks."""

    key: bytes

    def seal(self, mark: Mark) -> str:
        """Return the seal of a mark of this gateway's own journal."""
        said = f"{mark.generation}/{mark.sequence}".encode()
        return urlsafe_b64encode(hmac.digest(self.key, said, "sha256")[:_SEAL_BYTES]).decode()

    def has_sealed(self, mark: Mark, seal: str | None) -> bool:
        """Whether this gateway has once shown this mark."""
        return seal is not None and hmac.compare_digest(self.seal(mark).encode(), seal.encode())


def signet_from(private_key: Path) -> Signet:
    """Return the signet of whoever has this private key; raise IdentityError where it cannot be read."""
    try:
        return Signet(hashlib.blake2b(private_key.read_bytes(), person=b"hexiao marks").digest())
    except OSError as error:
        msg = f"{private_key}: cannot be read ({error}); `hexiao provision gateway add` makes one"
        raise IdentityError(msg) from error
