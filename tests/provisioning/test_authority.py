"""What the authority signs, for whom, and what it refuses."""

from __future__ import annotations

import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from provisioning.authority import Authority
from provisioning.certificates import (
    certificate_pem,
    expires,
    fingerprint,
    half_life_passed,
    keep_or_make_key,
    key_pem,
    load_key,
    new_key,
    requested_key,
)
from provisioning.errors import AuthorityError, FolderError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def request_for(name: str | None, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    names = [] if name is None else [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names)).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM)


def test_a_device_s_certificate_names_the_device_and_nothing_else(authority: Authority) -> None:
    key = new_key().public_key()
    certificate = authority.issue_device(key, "till-1")
    assert certificate.subject.rfc4514_string() == "CN=till-1"
    assert certificate.public_key() == key
    assert certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value == x509.ExtendedKeyUsage(
        [x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]
    )
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert constraints.value == x509.BasicConstraints(ca=False, path_length=None)
    with pytest.raises(x509.ExtensionNotFound):
        certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)


def test_certificates_are_what_openssl_accepts_strictly(authority: Authority, tmp_path: Path) -> None:
    key = new_key().public_key()
    issued: dict[str, Callable[[], x509.Certificate]] = {
        "sslclient": lambda: authority.issue_device(key, "till-1"),
        "sslserver": lambda: authority.issue_server(key, ["gateway.example", "192.168.1.10", "fd00::1"]),
    }
    for purpose, issue in issued.items():
        leaf = tmp_path / "leaf.pem"
        leaf.write_bytes(certificate_pem(issue()))
        command = [
            "openssl",
            "verify",
            "-x509_strict",
            "-purpose",
            purpose,
            "-CAfile",
            str(authority.folder / "ca.pem"),
            str(leaf),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_a_server_s_certificate_holds_each_name_and_address(authority: Authority) -> None:
    certificate = authority.issue_server(new_key().public_key(), ["gateway.example", "192.168.1.10"])
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["gateway.example"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["192.168.1.10"]


@pytest.mark.parametrize(
    "identity", ["", "+", "#", "a/b", "till+1", "till#", "Till", "-till", "till 1", "till-1\n", "柜台", "t" * 64]
)
def test_a_name_that_could_reach_beyond_its_topic_is_refused(authority: Authority, identity: str) -> None:
    key = new_key().public_key()
    with pytest.raises(AuthorityError, match="cannot name a device"):
        authority.issue_device(key, identity)
    with pytest.raises(AuthorityError, match="cannot name a device"):
        authority.issue_gateway(key, identity)
    assert authority.ledger.entries() == []


@pytest.mark.parametrize("host", ["", "a b", "*.example", "-x", "x\nuser root", "1.2.3.4/8"])
def test_what_is_no_host_is_refused(authority: Authority, host: str) -> None:
    with pytest.raises(AuthorityError, match="neither a host's name nor an IP address"):
        authority.issue_server(new_key().public_key(), [host])


def test_a_server_without_a_name_is_refused(authority: Authority) -> None:
    with pytest.raises(AuthorityError, match="--host"):
        authority.issue_server(new_key().public_key(), [])


def test_a_kiosk_never_gets_a_gateway_s_name_nor_a_gateway_a_kiosk_s(authority: Authority) -> None:
    key = new_key().public_key()
    authority.issue_gateway(key, "gw-1")
    authority.issue_device(key, "till-1")
    with pytest.raises(AuthorityError, match="gw-1 is the name of a gateway already"):
        authority.issue_device(key, "gw-1")
    with pytest.raises(AuthorityError, match="till-1 is the name of a device already"):
        authority.issue_gateway(key, "till-1")
    Authority.load(authority.folder).issue_device(key, "till-1")


def test_a_certificate_begins_before_now_and_is_half_over_after_half_its_time(tmp_path: Path) -> None:
    authority = Authority.create(tmp_path / "ca", "Test", now=NOW - timedelta(days=1))
    certificate = authority.issue_device(new_key().public_key(), "till-1", now=NOW)
    assert certificate.not_valid_before_utc == NOW - timedelta(minutes=15)
    assert expires(certificate) == NOW + timedelta(days=30)
    assert not half_life_passed(certificate, NOW + timedelta(days=14))
    assert half_life_passed(certificate, NOW + timedelta(days=15))


def test_no_certificate_outlives_or_precedes_its_authority(tmp_path: Path) -> None:
    authority = Authority.create(tmp_path / "ca", "Test", now=NOW)
    first = authority.issue_server(new_key().public_key(), ["localhost"], now=NOW)
    last = authority.issue_server(new_key().public_key(), ["localhost"], now=NOW + timedelta(days=3600))
    assert first.not_valid_before_utc == authority.certificate.not_valid_before_utc
    assert expires(last) == expires(authority.certificate)


def test_the_keys_are_for_their_owner_alone(authority: Authority, tmp_path: Path) -> None:
    key = keep_or_make_key(tmp_path / "key.pem")
    assert authority.folder.stat().st_mode & 0o777 == 0o700
    assert (authority.folder / "ca.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600
    assert keep_or_make_key(tmp_path / "key.pem").public_key() == key.public_key()


def test_an_authority_is_loaded_as_it_was_made(authority: Authority) -> None:
    again = Authority.load(authority.folder)
    assert again.certificate == authority.certificate
    context = ssl.create_default_context(cadata=again.pem.decode())
    assert context.cert_store_stats()["x509_ca"] == 1


def test_an_authority_is_never_made_over_another(authority: Authority) -> None:
    with pytest.raises(AuthorityError, match="already"):
        Authority.create(authority.folder, "Other")
    assert Authority.load(authority.folder).certificate == authority.certificate


def test_an_authority_whose_making_was_cut_short_can_be_made(authority: Authority) -> None:
    (authority.folder / "ca.pem").unlink()
    again = Authority.create(authority.folder, "Test")
    assert Authority.load(authority.folder).certificate == again.certificate


def test_a_folder_without_an_authority_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(AuthorityError, match="hexiao provision ca init"):
        Authority.load(tmp_path)


def test_a_key_and_a_certificate_of_two_authorities_are_refused(authority: Authority) -> None:
    (authority.folder / "ca.key").write_bytes(key_pem(new_key()))
    with pytest.raises(AuthorityError, match="do not belong together"):
        Authority.load(authority.folder)


@pytest.mark.parametrize(
    "content", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"\xff\xfe"]
)
def test_a_damaged_key_file_is_said_to_be_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key.pem").write_bytes(content)
    with pytest.raises(AuthorityError, match=r"key\.pem"):
        load_key(tmp_path / "key.pem")


def test_a_missing_key_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="No such file"):
        load_key(tmp_path / "key.pem")


def test_a_request_gives_its_key_and_nothing_else() -> None:
    key = new_key()
    assert requested_key(request_for("till-1", key), "till-1") == key.public_key()
    assert requested_key(request_for(None, key), "till-1") == key.public_key()


def test_a_request_for_another_kiosk_is_refused() -> None:
    with pytest.raises(AuthorityError, match="made for till-2, not for till-1"):
        requested_key(request_for("till-2", new_key()), "till-1")


def test_a_request_for_another_kind_of_key_is_refused() -> None:
    for key in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())):
        with pytest.raises(AuthorityError, match="EC P-256"):
            requested_key(request_for("till-1", key), "till-1")


def test_a_request_that_is_not_signed_by_its_own_key_is_refused() -> None:
    mine = x509.load_pem_x509_csr(request_for("till-1", new_key())).public_bytes(serialization.Encoding.DER)
    forged = mine[:-1] + bytes([mine[-1] ^ 1])
    pem = x509.load_der_x509_csr(forged).public_bytes(serialization.Encoding.PEM)
    with pytest.raises(AuthorityError, match="not signed by its own key"):
        requested_key(pem, "till-1")


def test_what_is_no_request_is_refused() -> None:
    with pytest.raises(AuthorityError, match="no certificate request"):
        requested_key(b"hello", "till-1")


def test_the_ledger_tells_what_was_signed(authority: Authority) -> None:
    key = new_key().public_key()
    certificate = authority.issue_device(key, "till-1")
    (entry,) = authority.ledger.entries()
    assert (entry.role, entry.name, entry.key) == ("device", "till-1", fingerprint(key))
    assert int(entry.serial, 16) == certificate.serial_number
    assert entry.until == expires(certificate)


def test_the_ledger_survives_an_entry_that_a_power_cut_left_half(authority: Authority) -> None:
    authority.issue_device(new_key().public_key(), "till-1")
    with (authority.folder / "issued.jsonl").open("ab") as file:
        file.write(b'{"role":"gateway","na')
    authority.issue_device(new_key().public_key(), "till-2")
    assert [entry.name for entry in authority.ledger.entries()] == ["till-1", "till-2"]


def test_a_damaged_ledger_is_not_signed_over(authority: Authority) -> None:
    (authority.folder / "issued.jsonl").write_bytes(b"rubbish\n")
    with pytest.raises(AuthorityError, match="line 1"):
        authority.issue_device(new_key().public_key(), "till-1")


def test_two_commands_at_once_leave_both_entries(authority: Authority) -> None:
    names = [f"till-{number}" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: authority.issue_device(new_key().public_key(), name), names))
    assert sorted(entry.name for entry in authority.ledger.entries()) == sorted(names)
