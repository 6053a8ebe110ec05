"""Signed codes: a voucher's code that shows by itself, without a network, that the chain has issued it.

``HX:`` and then, in base 45 (RFC 9285), 85 bytes: version, id of the key, the voucher's id, an Ed25519 signature over
all before it. These 131 characters are of a QR's alphanumeric set, so version 6 with correction M holds them: its
modules are larger than those of the same bytes in any other spelling. There is exactly one spelling of a code.

Shapes only: who holds keys checks the signature (``gateway.keys``), and makes it (``headoffice.vouchers.signing``).
"""

from __future__ import annotations

from functools import lru_cache

from protocol.values import Value

PREFIX = "HX:"
VERSION = 1
KEY_ID_BYTES = 4
VOUCHER_BYTES = 16
SIGNATURE_BYTES = 64
_SIGNED_BYTES = 1 + KEY_ID_BYTES + VOUCHER_BYTES
_BYTES = _SIGNED_BYTES + SIGNATURE_BYTES

#: Said before what is signed, so that a signature of anything else is never one of a voucher.
_PURPOSE = b"hexiao voucher code\0"

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_BASE = len(_ALPHABET)
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
#: A pair of bytes is three letters, a last single byte two.
_PAIR_LETTERS, _SINGLE_LETTERS = 3, 2
LENGTH = len(PREFIX) + _BYTES // 2 * _PAIR_LETTERS + _BYTES % 2 * _SINGLE_LETTERS


class SignedCode(Value, frozen=True, kw_only=True):
    """What a signed code says. ``key`` and ``voucher`` are ids in hexadecimal; nothing here is verified."""

    key: str
    voucher: str
    signature: bytes = b""

    @property
    def statement(self) -> bytes:
        """The bytes that the signature is over; raise ValueError where an id is none."""
        return _PURPOSE + self._signed

    @property
    def text(self) -> str:
        """The code as it is issued and shown; raise ValueError where a part has not its length."""
        if len(self.signature) != SIGNATURE_BYTES:
            msg = f"a signature has {SIGNATURE_BYTES} bytes, not {len(self.signature)}"
            raise ValueError(msg)
        return PREFIX + _base45(self._signed + self.signature)

    @property
    def _signed(self) -> bytes:
        key, voucher = bytes.fromhex(self.key), bytes.fromhex(self.voucher)
        if (len(key), len(voucher)) != (KEY_ID_BYTES, VOUCHER_BYTES):
            msg = f"ids of {len(key)} and {len(voucher)} bytes, not of {KEY_ID_BYTES} and {VOUCHER_BYTES}"
            raise ValueError(msg)
        return bytes([VERSION]) + key + voucher


@lru_cache(maxsize=256)  # a look, its confirm and what is decided about it each ask for the same code
def read_signed(text: str) -> SignedCode | None:
    """Return what a signed code says; None for any text that is not exactly the spelling of one of this version."""
    if len(text) != LENGTH or not text.startswith(PREFIX):
        return None
    content = _from_base45(text.removeprefix(PREFIX))
    if content is None or content[0] != VERSION:
        return None
    return SignedCode(
        key=content[1 : 1 + KEY_ID_BYTES].hex(),
        voucher=content[1 + KEY_ID_BYTES : _SIGNED_BYTES].hex(),
        signature=content[_SIGNED_BYTES:],
    )


def _base45(content: bytes) -> str:
    letters: list[str] = []
    for at in range(0, len(content), 2):
        part = content[at : at + 2]
        value = int.from_bytes(part)
        for _ in range(_PAIR_LETTERS if len(part) > 1 else _SINGLE_LETTERS):
            value, letter = divmod(value, _BASE)
            letters.append(_ALPHABET[letter])
    return "".join(letters)


def _from_base45(text: str) -> bytes | None:
    """Return the bytes, None where this is not how they are written."""
    content = bytearray()
    for at in range(0, len(text), _PAIR_LETTERS):
        part = text[at : at + _PAIR_LETTERS]
        size = len(part) - 1
        if size == 0 or not set(part) <= _VALUES.keys():
            return None
        value = sum(_VALUES[letter] * _BASE**place for place, letter in enumerate(part))
        if value >= 1 << 8 * size:
            return None
        content += value.to_bytes(size)
    return bytes(content)
