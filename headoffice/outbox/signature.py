"""Signatures as Standard Webhooks has them, so that receivers find a library that checks them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from headoffice.errors import RefusedError
from headoffice.outbox.hooks import PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_KEY, LARGEST_KEY = 24, 64


def key_of(secret: str) -> bytes:
    """Return the key in a secret, ``whsec_`` and base64 of 24 to 64 bytes; raise RefusedError."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith(PREFIX) or not LEAST_KEY <= len(key) <= LARGEST_KEY:
        msg = f"secret: must be {PREFIX} and the base64 of {LEAST_KEY} to {LARGEST_KEY} random bytes; or leave it out"
        raise RefusedError(msg)
    return key


def headers(secrets: Sequence[str], event: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers that sign a body; ``timestamp`` is in seconds since 1970."""
    signed = b".".join((event.encode(), str(timestamp).encode(), body))
    each = (base64.b64encode(hmac.digest(key_of(secret), signed, hashlib.sha256)).decode() for secret in secrets)
    return {
        "webhook-id": event,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{one}" for one in each),
    }
