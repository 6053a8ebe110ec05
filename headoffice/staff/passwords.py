"""Passwords of people, of which only a slow, salted hash is kept (scrypt: 16 MiB, five times over)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading

from headoffice.errors import RefusedError

SHORTEST, LONGEST = 10, 200
_N, _R, _P = 2**14, 8, 5
_LENGTH = 32
#: So many are hashed at once, however many people knock: each takes memory and a core.
_TURN = threading.BoundedSemaphore(2)


def check_password(password: str, login: str) -> None:
    """Raise RefusedError where a password is too easily guessed."""
    if not SHORTEST <= len(password) <= LONGEST:
        msg = f"a password has between {SHORTEST} and {LONGEST} characters"
        raise RefusedError(msg)
    if login.casefold() in password.casefold() or len(set(password)) < SHORTEST // 2:
        msg = "this password is too easily guessed; take several words that do not belong together"
        raise RefusedError(msg)


def hash_password(password: str) -> str:
    """Return a salted hash with its salt and cost. It takes a moment, so not while the database waits."""
    salt = secrets.token_bytes(16)
    return f"scrypt${_N}${_R}${_P}${salt.hex()}${_scrypt(password, salt, _N, _R, _P).hex()}"


def is_password(password: str, kept: str | None) -> bool:
    """Whether ``kept`` is this password's hash. Where there is none it takes as long, which tells nobody so."""
    _, n, r, p, salt, digest = (kept or _NONE).split("$")
    found = _scrypt(password, bytes.fromhex(salt), int(n), int(r), int(p))
    return hmac.compare_digest(found, bytes.fromhex(digest)) and kept is not None


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    with _TURN:
        return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, dklen=_LENGTH)


_NONE = f"scrypt${_N}${_R}${_P}${'00' * 16}${'00' * _LENGTH}"
