"""The codes of own vouchers: how they are drawn, how people read them, how a typed one is understood."""

from __future__ import annotations

import secrets

#: Crockford's base 32: no I, L, O and U, so nothing is mistaken for a digit and no word appears. All of it is in the
#: alphanumeric set of a QR, which makes for large modules.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16
HALF = LENGTH // 2
GROUP = 4

_AS_MEANT = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None})


def mint_code() -> str:
    """Return a fresh code: 80 random bits, and never digits alone, which could be a payment code."""
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        if not code.isdecimal():
            return code


def mint_half() -> str:
    """Return half of a code: 40 random bits, the first of them no digit, so that no number comes of it."""
    return secrets.choice(ALPHABET[10:]) + "".join(secrets.choice(ALPHABET) for _ in range(HALF - 1))


def half_of(digest: bytes) -> str:
    """Return half of a code that is made of the first 40 bits of a digest."""
    number = int.from_bytes(digest[:5])
    return "".join(ALPHABET[number >> 5 * at & 31] for at in range(HALF))


def grouped(code: str) -> str:
    """Return a code in groups of four, as people read it aloud; one that is no plain word or number stays as it is."""
    if not code.isalnum() or not code.isascii():
        return code
    return " ".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def understood(text: str) -> str | None:
    """Return the own code that a person meant who typed this with spaces, dashes, small letters or O for 0.

    None where it has not the shape of an own code.
    """
    meant = text.upper().translate(_AS_MEANT)
    return meant if len(meant) == LENGTH and set(meant) <= set(ALPHABET) else None
