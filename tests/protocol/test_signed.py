"""A signed code has one spelling, which a QR of version 6 holds, and every other text is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.classify import VOUCHER, classify
from protocol.messages import LONGEST_CODE
from protocol.signed import LENGTH, PREFIX, SignedCode, read_signed

IDS = st.binary(min_size=4, max_size=4).map(bytes.hex)
VOUCHERS = st.binary(min_size=16, max_size=16).map(bytes.hex)
SIGNATURES = st.binary(min_size=64, max_size=64)
CODES = st.builds(SignedCode, key=IDS, voucher=VOUCHERS, signature=SIGNATURES)
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


@given(CODES)
def test_what_is_written_is_read_and_a_counter_takes_it_for_a_voucher(code: SignedCode) -> None:
    text = code.text
    assert read_signed(text) == code
    assert classify(text) is VOUCHER
    assert text == text.strip()
    assert len(text) == LENGTH <= 135 < LONGEST_CODE
    assert set(text) <= set(LETTERS)


@given(CODES, st.integers(0, LENGTH - 1), st.sampled_from(LETTERS))
def test_another_letter_anywhere_is_another_code_or_none(code: SignedCode, at: int, letter: str) -> None:
    text = code.text
    other = text[:at] + letter + text[at + 1 :]
    assert (read_signed(other) == code) is (other == text)


@given(st.text(alphabet=LETTERS, min_size=LENGTH - 3, max_size=LENGTH - 3))
def test_what_is_read_is_spelt_as_it_would_be_written(body: str) -> None:
    read = read_signed(PREFIX + body)
    assert read is None or read.text == PREFIX + body


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.lower(),
        lambda text: f"{text} ",
        lambda text: text[:-1],
        lambda text: text + "0",
        lambda text: text.removeprefix(PREFIX),
        lambda text: f"hx:{text.removeprefix(PREFIX)}",
        lambda text: text[:3] + "::::" + text[7:],
        lambda text: text[:-2] + "::",
        lambda text: text[:-1] + "\n",
    ],
)
def test_any_other_spelling_is_none(spoil: object) -> None:
    text = SignedCode(key="0" * 8, voucher="1" * 32, signature=b"s" * 64).text
    assert callable(spoil)
    assert read_signed(spoil(text)) is None


def test_a_code_of_a_later_version_is_none() -> None:
    text = SignedCode(key="00000000", voucher="1" * 32, signature=b"s" * 64).text
    # The first pair of bytes, 0x0100, is written 256 = 31 + 5 * 45; 0x0200 is 512 = 17 + 11 * 45.
    assert text[3:6] == "V50"
    assert read_signed(f"HX:HB0{text[6:]}") is None


@pytest.mark.parametrize(
    ("key", "voucher", "signature"), [("00", "1" * 32, b"s" * 64), ("0" * 8, "11", b"s" * 64), ("0" * 8, "1" * 32, b"")]
)
def test_parts_of_a_wrong_length_are_never_written(key: str, voucher: str, signature: bytes) -> None:
    with pytest.raises(ValueError, match="bytes"):
        _ = SignedCode(key=key, voucher=voucher, signature=signature).text
