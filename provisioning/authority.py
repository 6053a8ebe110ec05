"""The certificate authority: a folder with a key, its certificate, and the ledger of what it signed.

Its certificates name a device and nothing else, and they are short: what a device may do is the registry's to say, on
each request. There is no revocation list, because a broker with an out-of-date one locks every good client out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from provisioning.certificates import certificate_pem, fingerprint, key_pem, load_certificate, load_key, new_key
from provisioning.errors import AuthorityError
from provisioning.files import PRIVATE_FOLDER, PUBLIC, SECRET, make_folder, one_at_a_time, write_file
from provisioning.ledger import Issued, Ledger, Role
from provisioning.names import checked_host, checked_identity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric import ec

CA_VALIDITY = timedelta(days=3652)
#: A store stands still without its gateway's and its servers' certificates: these leave time to repeat the verb.
VALIDITY = {
    Role.DEVICE: timedelta(days=30),
    Role.GATEWAY: timedelta(days=365),
    Role.SERVER: timedelta(days=365),
}
#: A certificate begins this long before it is made: a kiosk's clock may be behind.
BACKDATED = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority that can sign; made by ``create`` or ``load``."""

    folder: Path
    certificate: x509.Certificate
    _key: ec.EllipticCurvePrivateKey

    @classmethod
    def create(cls, folder: Path, name: str, *, now: datetime | None = None) -> Authority:
        """Make an authority; its folder becomes its owner's alone. Raise AuthorityError where one is there already."""
        make_folder(folder, PRIVATE_FOLDER)
        with one_at_a_time(folder):
            if certificate_path(folder).exists():
                msg = f"{folder}: holds a certificate authority already; a new one would lock every kiosk out"
                raise AuthorityError(msg)
            key = new_key()
            write_file(folder / "ca.key", key_pem(key), SECRET)
            # Last, because it is the sign that an authority is here: before it, nobody has anything signed by that key.
            certificate = _self_signed(key, name, now or datetime.now(UTC))
            write_file(certificate_path(folder), certificate_pem(certificate), PUBLIC)
        return cls(folder, certificate, key)

    @classmethod
    def load(cls, folder: Path) -> Authority:
        """Return the authority of a folder; raise AuthorityError or FolderError."""
        if not certificate_path(folder).exists():
            msg = f"{folder}: holds no certificate authority; make one with: hexiao provision ca init --dir {folder}"
            raise AuthorityError(msg)
        certificate, key = load_certificate(certificate_path(folder)), load_key(folder / "ca.key")
        if certificate.public_key() != key.public_key():
            msg = f"{folder}: ca.pem and ca.key do not belong together; restore both from one backup"
            raise AuthorityError(msg)
        return cls(folder, certificate, key)

    @property
    def pem(self) -> bytes:
        """The authority's own certificate: what everybody else is given to trust."""
        return certificate_pem(self.certificate)

    @property
    def ledger(self) -> Ledger:
        """What this authority has signed."""
        return Ledger(self.folder / "issued.jsonl")

    def issue_device(
        self, key: ec.EllipticCurvePublicKey, identity: str, *, now: datetime | None = None
    ) -> x509.Certificate:
        """Return a kiosk's client certificate for 30 days; raise AuthorityError for a name that cannot be a kiosk's."""
        return self._issue(Role.DEVICE, key, identity, _client(identity), now)

    def issue_gateway(
        self, key: ec.EllipticCurvePublicKey, identity: str, *, now: datetime | None = None
    ) -> x509.Certificate:
        """Return a gateway's client certificate, for the broker and for the head office; raise AuthorityError."""
        return self._issue(Role.GATEWAY, key, identity, _client(identity), now)

    def issue_server(
        self, key: ec.EllipticCurvePublicKey, hosts: Sequence[str], *, now: datetime | None = None
    ) -> x509.Certificate:
        """Return a server's certificate for the names and addresses that clients reach it by; raise AuthorityError."""
        return self._issue(Role.SERVER, key, " ".join(hosts), _server(hosts), now)

    def _issue(
        self,
        role: Role,
        key: ec.EllipticCurvePublicKey,
        name: str,
        builder: x509.CertificateBuilder,
        now: datetime | None,
    ) -> x509.Certificate:
        moment = now or datetime.now(UTC)
        certificate = (
            _bound(builder, key, self._key.public_key())
            .issuer_name(self.certificate.subject)
            .not_valid_before(max(moment - BACKDATED, self.certificate.not_valid_before_utc))
            .not_valid_after(min(moment + VALIDITY[role], self.certificate.not_valid_after_utc))
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        with one_at_a_time(self.folder):
            held = self.ledger.role_of(name)
            if role is not Role.SERVER and held not in (None, role):
                msg = f"{name} is the name of a {held} already; a {role} needs another one"
                raise AuthorityError(msg)
            self.ledger.append(
                Issued(
                    role=role,
                    name=name,
                    key=fingerprint(key),
                    serial=f"{certificate.serial_number:x}",
                    until=certificate.not_valid_after_utc,
                )
            )
        return certificate


def certificate_path(folder: Path) -> Path:
    """Return where an authority's own certificate lies."""
    return folder / "ca.pem"


def _client(identity: str) -> x509.CertificateBuilder:
    """Begin a certificate that names a client and nothing else: the broker takes user name and client id from it."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, checked_identity(identity))])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    )


def _server(hosts: Sequence[str]) -> x509.CertificateBuilder:
    """Begin a server's certificate; it has no subject, so its names are critical (RFC 5280, 4.2.1.6)."""
    if not hosts:
        msg = "a server's certificate needs a name or address by which clients reach it; give one with --host"
        raise AuthorityError(msg)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )


def _general_name(host: str) -> x509.GeneralName:
    checked = checked_host(host)
    return x509.DNSName(checked) if isinstance(checked, str) else x509.IPAddress(checked)


def _self_signed(key: ec.EllipticCurvePrivateKey, name: str, now: datetime) -> x509.Certificate:
    try:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    except ValueError as error:
        msg = f"{name!r} cannot name a certificate authority: 1 to 64 characters"
        raise AuthorityError(msg) from error
    return (
        _bound(x509.CertificateBuilder(), key.public_key(), key.public_key())
        .subject_name(subject)
        .issuer_name(subject)
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + CA_VALIDITY)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )


def _bound(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePublicKey, signer: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    """Bind a certificate to its key and to its signer's key, under a random serial number."""
    return (
        builder.public_key(key)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer), critical=False)
    )


def _usage(**allowed: bool) -> x509.KeyUsage:
    none = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(**(none | allowed))
