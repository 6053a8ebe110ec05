"""What every certificate made for a test carries: Python 3.13 verifies strictly by RFC 5280, which asks for these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec


def strict(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePublicKey, issuer: ec.EllipticCurvePublicKey, *, signs: bool
) -> x509.CertificateBuilder:
    """Return the builder with both key identifiers and the key's usage; ``signs`` is for an authority's own."""
    usage = x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False)
        .add_extension(usage, critical=True)
    )
