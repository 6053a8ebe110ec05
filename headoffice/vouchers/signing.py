"""The key that signs vouchers: in a file beside the database, its public half in the books, for the gateways.

Who reads the database, or a backup of it, can make no voucher. Gateways accept what any key in the books has signed
that is not revoked; a new key is made as often as anybody likes, and revoking one takes back all that it has signed.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from sqlalchemy import insert, select, update

from headoffice.errors import NotAllowedError, NotFoundError, StartError
from headoffice.tables.keys import signing_keys
from protocol.leasing import PublicKey
from protocol.signed import KEY_ID_BYTES, SignedCode
from protocol.values import replace

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from typing import Any

    from sqlalchemy import Connection

HOW = "`hexiao headoffice key make` makes one"
_LEASE_KEY_BYTES = 32
_TOLD = [column for column in signing_keys.c if column.name != "lease_key"]


@dataclass(frozen=True, slots=True)
class Signer:
    """The private key at work; it never leaves its process."""

    _key: Ed25519PrivateKey

    @property
    def public(self) -> PublicKey:
        """The public half, as gateways get it."""
        public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return PublicKey(id=hashlib.sha256(public).digest()[:KEY_ID_BYTES].hex(), public=public.hex())

    def code_of(self, voucher: str) -> str:
        """Return the signed code of the voucher with this id."""
        unsigned = SignedCode(key=self.public.id, voucher=voucher)
        return replace(unsigned, signature=self._key.sign(unsigned.statement)).text


def make_signer(path: Path) -> Signer:
    """Make a key and write it to a file that only its owner reads; one that is there is replaced. Raises StartError."""
    key = Ed25519PrivateKey.generate()
    fresh = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        msg = f"{path}: the signing key cannot be written ({error})"
        raise StartError(msg) from error
    return Signer(key)


def signer_in(path: Path) -> Signer | None:
    """Return the key in a file, None where there is none: then nothing signed is issued. Raises StartError."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        msg = f"{path}: the signing key cannot be read ({error})"
        raise StartError(msg) from error
    if not isinstance(key, Ed25519PrivateKey):
        msg = f"{path}: is no Ed25519 key; {HOW}"
        raise StartError(msg)
    return Signer(key)


def register_key(connection: Connection, key: PublicKey, at: datetime) -> None:
    """Put a public key into the books, for the gateways; with it one that seals the leases of what it signs."""
    row = {"id": key.id, "public": key.public, "added_at": at, "lease_key": secrets.token_bytes(_LEASE_KEY_BYTES)}
    connection.execute(insert(signing_keys), row)


def revoke_key(connection: Connection, key: str, by: str, why: str, at: datetime) -> None:
    """Revoke a key on a named person's word: what it has signed is refused where there is no network.

    Raises NotFoundError, NotAllowedError.
    """
    row = connection.execute(select(signing_keys.c.revoked_at).where(signing_keys.c.id == key)).first()
    if row is None:
        msg = f"there is no signing key {key}"
        raise NotFoundError(msg)
    if row.revoked_at is not None:
        msg = f"the signing key {key} was revoked already"
        raise NotAllowedError(msg)
    revoked = update(signing_keys).where(signing_keys.c.id == key)
    connection.execute(revoked.values(revoked_at=at, revoked_by=by, why=why))


def all_keys(connection: Connection) -> list[dict[str, Any]]:
    """Return every key, the oldest first, without what seals leases."""
    rows = connection.execute(select(*_TOLD).order_by(signing_keys.c.added_at, signing_keys.c.id))
    return [dict(row) for row in rows.mappings()]


def valid_keys(connection: Connection) -> tuple[PublicKey, ...]:
    """Return the keys that are not revoked, as gateways get them."""
    found = select(signing_keys.c.id, signing_keys.c.public).where(signing_keys.c.revoked_at.is_(None))
    return tuple(PublicKey(id=row.id, public=row.public) for row in connection.execute(found.order_by("id")))


def require_signer(connection: Connection, signer: Signer | None) -> Signer:
    """Return a key that may sign; raise NotAllowedError where there is none."""
    if signer is None:
        msg = f"this head office has no signing key; {HOW}"
        raise NotAllowedError(msg)
    if signer.public not in valid_keys(connection):
        msg = f"the signing key {signer.public.id} is revoked, or not in the books; {HOW}"
        raise NotAllowedError(msg)
    return signer
