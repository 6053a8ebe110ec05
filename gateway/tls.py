"""The gateway's certificate: who it says that it is, and the TLS context in which it says so."""

from __future__ import annotations

import re
import ssl
from typing import TYPE_CHECKING, Protocol

from cryptography import x509
from cryptography.x509.oid import NameOID

from gateway.errors import IdentityError
from protocol.ids import IDENTITY_SHAPE

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


class Credentials(Protocol):
    """The three files by which two parties know one another; sections of the configuration have them."""

    @property
    def certificate(self) -> str:
        """Path of the own certificate, PEM."""

    @property
    def key(self) -> str:
        """Path of its private key, PEM."""

    @property
    def authority(self) -> str:
        """Path of the authority's certificate, PEM: whom to believe."""


def identity_of(certificate: Path) -> str:
    """Return the common name in a certificate; raise IdentityError where there is none that can be an identity."""
    try:
        subject = x509.load_pem_x509_certificate(certificate.read_bytes()).subject
    except (OSError, ValueError) as error:
        msg = f"{certificate}: cannot be read as a certificate ({error}); `hexiao provision gateway add` makes one"
        raise IdentityError(msg) from error
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    name = str(names[0].value) if names else ""
    if not re.fullmatch(IDENTITY_SHAPE, name):
        msg = (
            f"{certificate}: its common name {name!r} is no identity: lower-case letters, digits and dashes, at most 63"
        )
        raise IdentityError(msg)
    return name


def ends_at(certificate: Path) -> datetime:
    """Return until when a certificate is valid; it has been read before, so it can be."""
    return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc


def client_context(credentials: Credentials) -> ssl.SSLContext:
    """Return a context that shows our certificate and believes this authority alone; raise IdentityError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(cafile=credentials.authority)
        context.load_cert_chain(credentials.certificate, credentials.key)
    except OSError as error:
        msg = (
            f"{credentials.certificate}, {credentials.key} or {credentials.authority}: cannot be used for TLS ({error})"
        )
        raise IdentityError(msg) from error
    return context
