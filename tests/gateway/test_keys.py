"""Only what one of the chain's keys has signed, to the last bit, is a signed voucher."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.keys import is_signed
from protocol.leasing import PublicKey
from protocol.signed import SignedCode, read_signed
from protocol.values import replace


class Key:
    """A key that was made for one test."""

    def __init__(self) -> None:
        self._private = Ed25519PrivateKey.generate()
        raw = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public = PublicKey(id=hashlib.sha256(raw).hexdigest()[:8], public=raw.hex())

    def sign(self, voucher: str) -> SignedCode:
        """Return the signed code of a voucher."""
        unsigned = SignedCode(key=self.public.id, voucher=voucher)
        return replace(unsigned, signature=self._private.sign(unsigned.statement))


@pytest.fixture(scope="module")
def key() -> Key:
    """Return a key."""
    return Key()


def test_what_a_key_has_signed_is_signed(key: Key) -> None:
    code = read_signed(key.sign("ab" * 16).text)
    assert code is not None
    assert is_signed(code, [Key().public, key.public])


def test_a_key_that_is_not_named_any_more_has_signed_nothing(key: Key) -> None:
    code = key.sign("ab" * 16)
    assert not is_signed(code, [])
    assert not is_signed(code, [Key().public])


def test_another_key_under_the_same_id_has_not_signed_it(key: Key) -> None:
    forged = PublicKey(id=key.public.id, public=Key().public.public)
    assert not is_signed(key.sign("ab" * 16), [forged])


@pytest.mark.parametrize("at", range(4 + 16 + 64))
def test_a_change_of_any_byte_is_refused(key: Key, at: int) -> None:
    code = key.sign("ab" * 16)
    content = bytearray(bytes.fromhex(code.key) + bytes.fromhex(code.voucher) + code.signature)
    content[at] ^= 1
    spoilt = SignedCode(key=content[:4].hex(), voucher=content[4:20].hex(), signature=bytes(content[20:]))
    read = read_signed(spoilt.text)
    assert read is not None
    assert not is_signed(read, [key.public])
    assert not is_signed(read, [PublicKey(id=read.key, public=key.public.public)])


def test_a_signature_of_something_else_is_none(key: Key) -> None:
    code = key.sign("ab" * 16)
    bare = replace(code, signature=key._private.sign(code.statement.removeprefix(b"hexiao voucher code\0")))
    assert not is_signed(bare, [key.public])
