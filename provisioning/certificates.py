"""Keys, certificates and requests as files hold them. EC P-256 throughout: small, and quick on a Pi."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from provisioning.errors import AuthorityError
from provisioning.files import SECRET, read_file, write_file

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return a fresh private key."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a private key as unencrypted PKCS 8."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def certificate_pem(certificate: x509.Certificate) -> bytes:
    """Return a certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Return the EC P-256 key in a file; raise AuthorityError where it holds none, FolderError."""
    try:
        key = serialization.load_pem_private_key(read_file(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        msg = f"{path}: holds no private key that can be read; delete it to have a new one made"
        raise AuthorityError(msg) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        msg = f"{path}: is no EC P-256 key; delete it to have one made"
        raise AuthorityError(msg)
    return key


def keep_or_make_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Return the key in a file, made there first where there is none: a renewal keeps the key."""
    if not path.exists():
        write_file(path, key_pem(new_key()), SECRET)
    return load_key(path)


def load_certificate(path: Path) -> x509.Certificate:
    """Return the certificate in a file; raise AuthorityError or FolderError."""
    try:
        return x509.load_pem_x509_certificate(read_file(path))
    except ValueError as error:
        msg = f"{path}: holds no certificate"
        raise AuthorityError(msg) from error


def requested_key(request: bytes, identity: str) -> ec.EllipticCurvePublicKey:
    """Return the public key of a certificate request (PKCS 10, PEM), once its sender has shown to hold the private one.

    Of the request nothing else counts: what a certificate says is the authority's decision. A common name that is not
    ``identity`` is refused all the same, since then somebody has mixed up two kiosks' files.
    """
    try:
        csr = x509.load_pem_x509_csr(request)
        key, proven = csr.public_key(), csr.is_signature_valid
    except (ValueError, UnsupportedAlgorithm) as error:
        msg = "the file is no certificate request in PEM; it begins with -----BEGIN CERTIFICATE REQUEST-----"
        raise AuthorityError(msg) from error
    if not proven:
        msg = "the certificate request is not signed by its own key; make it again on the kiosk"
        raise AuthorityError(msg)
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        msg = "the certificate request is for another kind of key; kiosks use EC P-256 (prime256v1)"
        raise AuthorityError(msg)
    names = [str(name.value) for name in csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if names not in ([], [identity]):
        msg = f"the certificate request was made for {', '.join(names)}, not for {identity}"
        raise AuthorityError(msg)
    return key


def fingerprint(key: ec.EllipticCurvePublicKey) -> str:
    """Return the SHA-256 of a public key (SubjectPublicKeyInfo) in hexadecimal."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))
    return digest.finalize().hex()


def expires(certificate: x509.Certificate) -> datetime:
    """Return the moment from which a certificate is no longer valid (UTC)."""
    return certificate.not_valid_after_utc


def half_life_passed(certificate: x509.Certificate, now: datetime) -> bool:
    """Return whether half of a certificate's time is over, which is when it should be renewed."""
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return now >= begin + (end - begin) / 2
