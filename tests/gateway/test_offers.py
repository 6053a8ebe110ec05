"""Sealed offers: only this run of this gateway makes and reads them."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.offers import Offer, Seal

SEAL = Seal(boot="b00t", key=b"k" * 32)
OFFER = Offer(
    made_at=12.5, kiosk="till-1", store="nanjing-lu", clerk=None, voucher="v-1", terms=3, code=SEAL.hash("4006")
)


def test_what_was_sealed_is_read_again() -> None:
    assert SEAL.open(SEAL.close(OFFER)) == OFFER


def test_a_sealed_offer_is_url_safe_and_short_even_with_the_longest_names() -> None:
    longest = Offer(
        made_at=1e9 + 0.123456,
        kiosk="k" * 63,
        store="s" * 63,
        clerk="c" * 32,
        voucher="v" * 128,
        terms=2**31,
        code=SEAL.hash("x" * 512),
    )
    text = SEAL.close(longest)

    assert re.fullmatch(r"[A-Za-z0-9._-]+", text)
    assert len(text) < 512


@pytest.mark.rule(4)
@pytest.mark.parametrize(
    "other", [Seal(boot="b00t", key=b"K" * 32), Seal(boot="next", key=b"k" * 32), Seal(boot="next", key=b"K" * 32)]
)
def test_another_run_of_the_gateway_cannot_read_it(other: Seal) -> None:
    assert other.open(SEAL.close(OFFER)) is None


def test_no_byte_of_it_can_be_changed() -> None:
    boot, _, body = SEAL.close(OFFER).partition(".")
    content = bytearray(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    for at in range(len(content)):
        forged = bytearray(content)
        forged[at] ^= 1
        assert SEAL.open(f"{boot}.{urlsafe_b64encode(bytes(forged)).rstrip(b'=').decode()}") is None


def test_a_content_without_its_seal_is_nothing() -> None:
    content = msgspec.msgpack.encode(OFFER)
    assert SEAL.open(f"b00t.{urlsafe_b64encode(content).decode()}") is None


@given(st.text(max_size=200))
def test_any_other_text_is_nothing(text: str) -> None:
    assert SEAL.open(text) is None
    assert SEAL.open(f"b00t.{text}") is None


def test_a_code_is_known_again_and_not_shown() -> None:
    assert SEAL.hash("4006") == SEAL.hash("4006")
    assert SEAL.hash("4006") != SEAL.hash("4007")
    assert SEAL.hash("4006") != Seal(boot="b00t", key=b"K" * 32).hash("4006")
