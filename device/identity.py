"""Who this kiosk is: the common name in its own certificate, read without a cryptography library.

Only the name is taken from it here. That the certificate is good, and whose it is, the broker decides. The certificate
is DER (X.690) in PEM; the way to the subject is RFC 5280, 4.1: the sixth field of the first part, or the fifth where
the version is left out.
"""

from __future__ import annotations

import re
import ssl
from typing import TYPE_CHECKING

from device.errors import IdentityError
from protocol.ids import IDENTITY_SHAPE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COMMON_NAME = bytes.fromhex("0603550403")  # OBJECT IDENTIFIER 2.5.4.3
_EXPLICIT_VERSION = 0xA0
_LONG_FORM = 0x80
_FIELDS_BEFORE_SUBJECT = 4  # serial number, signature algorithm, issuer, validity


def identity_in(certificate: Path) -> str:
    """Return the identity that a PEM certificate names; raise IdentityError where it names none."""
    try:
        name = _common_name(ssl.PEM_cert_to_DER_cert(_first_block(certificate.read_text(encoding="ascii"))))
    except OSError as error:
        msg = f"{certificate}: cannot be read ({error.strerror}); provision this kiosk"
        raise IdentityError(msg) from error
    except (ValueError, IndexError) as error:
        msg = f"{certificate}: is no certificate ({error}); provision this kiosk anew"
        raise IdentityError(msg) from error
    if name is None or not re.fullmatch(IDENTITY_SHAPE, name):
        msg = f"{certificate}: names no device (its common name is {name!r}); provision this kiosk anew"
        raise IdentityError(msg)
    return name


def _first_block(pem: str) -> str:
    end = "-----END CERTIFICATE-----"
    start = pem.index("-----BEGIN CERTIFICATE-----")
    return pem[start : pem.index(end, start) + len(end)]


def _common_name(der: bytes) -> str | None:
    certificate = next(_elements(der))[1]
    fields = [field for field in _elements(next(_elements(certificate))[1]) if field[0] != _EXPLICIT_VERSION]
    subject = fields[_FIELDS_BEFORE_SUBJECT][1]
    for _, relative_name in _elements(subject):
        for _, attribute in _elements(relative_name):
            if attribute.startswith(_COMMON_NAME):
                return next(_elements(attribute[len(_COMMON_NAME) :]))[1].decode("utf-8")
    return None


def _elements(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (tag, content) of the elements that lie one after the other; raise ValueError where they are cut short."""
    at = 0
    while at < len(der):
        tag, length = der[at], der[at + 1]
        at += 2
        if length & _LONG_FORM:
            size = length & ~_LONG_FORM
            length = int.from_bytes(der[at : at + size], "big")
            at += size
        if at + length > len(der):
            msg = "it is cut short"
            raise ValueError(msg)
        yield tag, der[at : at + length]
        at += length
