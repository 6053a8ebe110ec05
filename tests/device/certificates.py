"""Keys and certificates made at test time, by an authority that lives as long as a test."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.strict_x509 import strict

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Issued:
    """The files of one party."""

    certificate: Path
    key: Path
    authority: Path


class Authority:
    """A certificate authority that writes what it issues into a folder."""

    def __init__(self, folder: Path, name: str = "Test Authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = folder / f"{name.replace(' ', '-').lower()}.pem"
        self.certificate.write_bytes(_pem(self._sign(self._name, self._key.public_key(), authority=True)))

    def issue(
        self, name: str, *, file: str | None = None, organisation: str | None = None, server: bool = False
    ) -> Issued:
        """Return a certificate for a party; a server's is good on loopback."""
        key = ec.generate_private_key(ec.SECP256R1())
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
        if organisation is not None:
            attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]))
        certificate, private = self._folder / f"{file or name}.pem", self._folder / f"{file or name}.key"
        certificate.write_bytes(
            _pem(self._sign(x509.Name(attributes), key.public_key(), authority=False, server=server))
        )
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return Issued(certificate, private, self.certificate)

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *, authority: bool, server: bool = False
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        builder = strict(builder, key, self._key.public_key(), signs=authority)
        if server:
            loopback = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(loopback), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
