"""The kiosk's name in its own certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from device.errors import IdentityError
from device.identity import identity_in
from tests.device.certificates import Authority

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("organisation", [None, "A Chain With A Rather Long Name 连锁" * 3])
def test_the_common_name_of_the_subject_is_read_not_the_issuers(tmp_path: Path, organisation: str | None) -> None:
    issued = Authority(tmp_path).issue("till-17", organisation=organisation)
    assert identity_in(issued.certificate) == "till-17"


def test_of_a_chain_the_first_certificate_counts(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    issued = authority.issue("till-2")
    issued.certificate.write_bytes(issued.certificate.read_bytes() + authority.certificate.read_bytes())
    assert identity_in(issued.certificate) == "till-2"


@pytest.mark.parametrize("name", ["Till 2", "till/2", "+", "-till"])
def test_a_name_that_is_no_identity_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(IdentityError, match="names no device"):
        identity_in(Authority(tmp_path).issue(name, file="odd").certificate)


@pytest.mark.parametrize(
    "text", ["", "hello", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "\x80 not ascii"]
)
def test_a_file_that_is_no_certificate_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cert.pem"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(IdentityError, match=r"cert\.pem"):
        identity_in(path)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(IdentityError, match="provision this kiosk"):
        identity_in(tmp_path / "cert.pem")
