"""A clerk's PIN, of which only a slow hash is kept: the head office makes it, a gateway checks against it.

A PIN is short. What slows guessing is scrypt's cost, 16 MiB and some 50 ms a guess on a Pi, and the lock after a few
wrong ones.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

PIN_DIGITS = 6
#: What is kept of a clerk who has not set a PIN yet: no PIN is that one.
NO_PIN = ""
_N, _R, _P = 2**14, 8, 1
_LENGTH = 32


def hash_pin(pin: str) -> str:
    """Return a salted hash of a PIN, with its salt and cost."""
    salt = secrets.token_bytes(16)
    return f"scrypt${_N}${_R}${_P}${salt.hex()}${_scrypt(pin, salt, _N, _R, _P).hex()}"


def is_pin(pin: str, kept: str) -> bool:
    """Whether this PIN is the one of which ``kept`` is the hash. It takes a moment."""
    if kept == NO_PIN:
        return False
    name, *cost, salt, digest = kept.split("$")
    if name != "scrypt" or len(cost) != 3:  # noqa: PLR2004 - N, r and p
        return False
    n, r, p = map(int, cost)
    return hmac.compare_digest(_scrypt(pin, bytes.fromhex(salt), n, r, p), bytes.fromhex(digest))


def _scrypt(pin: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=n, r=r, p=p, dklen=_LENGTH)
