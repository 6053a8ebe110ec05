"""Whether the chain has signed a code: asked of the public keys that the head office last named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protocol.leasing import PublicKey
    from protocol.signed import SignedCode


def is_signed(code: SignedCode, keys: Iterable[PublicKey]) -> bool:
    """Whether one of these keys has signed this code; a key that is not among them is as good as none."""
    for key in keys:
        if key.id == code.key:
            try:
                Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.public)).verify(code.signature, code.statement)
            except InvalidSignature:
                return False
            return True
    return False
