"""What ``hexiao provision`` does, without a terminal; the rehearsal counter provisions its own store by these.

Every verb can be given again: it keeps keys, renews certificates and repeats what a service may not have heard. Each
tells services first and writes files last, so that what lies in a folder is in force.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from provisioning.authority import Authority, certificate_path
from provisioning.certificates import (
    certificate_pem,
    expires,
    half_life_passed,
    keep_or_make_key,
    load_certificate,
    requested_key,
)
from provisioning.clients import GatewayEntry, KioskEntry, Store
from provisioning.errors import BrokerDownError, BrokerError, ProvisioningError
from provisioning.files import make_folder, read_file, write_file
from provisioning.kiosk_config import kiosk_config
from provisioning.names import checked_host

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

    from provisioning.broker import Broker
    from provisioning.clients import GatewayClient, HeadOfficeClient


@dataclass(frozen=True, slots=True)
class Bundle:
    """A folder with what one party shows to others: its key, its certificate, and whom it trusts."""

    folder: Path

    @property
    def key(self) -> Path:
        """The private key, mode 0600; absent where it never left the kiosk."""
        return self.folder / "key.pem"

    @property
    def certificate(self) -> Path:
        """The certificate of that key."""
        return self.folder / "cert.pem"

    @property
    def authority(self) -> Path:
        """The authority's certificate."""
        return self.folder / "ca.pem"

    @property
    def request(self) -> Path:
        """The certificate request, where the key never left the kiosk."""
        return self.folder / "request.csr"

    @property
    def valid_until(self) -> str:
        """The last day of the certificate."""
        return f"{expires(load_certificate(self.certificate)):%Y-%m-%d}"

    def due(self, now: datetime) -> bool:
        """Return whether the certificate is missing or past half of its life: time to give its verb again."""
        return not self.certificate.exists() or half_life_passed(load_certificate(self.certificate), now)

    def write(self, authority: Authority, certificate: x509.Certificate) -> None:
        """Write both certificates; raise FolderError."""
        write_file(self.authority, authority.pem)
        write_file(self.certificate, certificate_pem(certificate))


def keep_or_make_authority(folder: Path, name: str) -> tuple[Authority, bool]:
    """Return the authority of a folder, made there first where there is none, and whether it was."""
    if certificate_path(folder).exists():
        return Authority.load(folder), False
    return Authority.create(folder, name), True


def certify_gateway(authority: Authority, identity: str, out: Path) -> Bundle:
    """Write a gateway's client certificate, for its broker and for the head office."""
    return _certify(out, authority, lambda key: authority.issue_gateway(key, identity))


def certify_headoffice(authority: Authority, hosts: Sequence[str], out: Path) -> Bundle:
    """Write the server certificate of the head office's port for gateways."""
    return _certify(out, authority, lambda key: authority.issue_server(key, hosts))


def add_gateway(authority: Authority, identity: str, name: str, out: Path, headoffice: HeadOfficeClient) -> Bundle:
    """Register a gateway at the head office, which keeps the stores it may speak for, and write its certificate."""
    known = _gateway_at(headoffice, identity)
    bundle = certify_gateway(authority, identity, out)
    headoffice.put_gateway(GatewayEntry(id=identity, name=name or known.name or identity, stores=known.stores))
    return bundle


def changed_store(headoffice: HeadOfficeClient, identity: str, changes: dict[str, str]) -> Store:
    """Return a store as the head office keeps it, or a new one, with what is to be changed."""
    known = next((store for store in headoffice.stores() if store.id == identity), Store(id=identity, name=identity))
    return msgspec.structs.replace(known, **changes)


def add_store(store: Store, headoffice: HeadOfficeClient, gateway_id: str, gateway: GatewayClient) -> None:
    """Make (or change) a store, let a gateway speak for it, and make the gateway take note."""
    headoffice.put_store(store)
    known = _gateway_at(headoffice, gateway_id)
    if store.id not in known.stores:
        stores = (*known.stores, store.id)
        headoffice.put_gateway(GatewayEntry(id=gateway_id, name=known.name or gateway_id, stores=stores))
    gateway.refresh_stores()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKiosk:
    """A kiosk as the technician describes it."""

    identity: str
    store: str
    name: str
    broker_host: str
    broker_port: int
    home: Path
    """The folder on the kiosk where its key and certificates will lie."""
    request: Path | None = None
    """The file of a certificate request, where the key stays on the kiosk; the bundle keeps a copy, for renewals."""


def add_kiosk(
    kiosk: NewKiosk, authority: Authority, out: Path, gateway: GatewayClient, broker: Broker | None = None
) -> Bundle:
    """Bind a kiosk to its store and write its certificate and its configuration.

    Given again it renews the certificate: key, name and a configuration that is there stay as they are.

    Revocation is for good: under the name of a kiosk that was stolen, its certificate would work again. Raises
    ProvisioningError.
    """
    _refuse_denied(kiosk.identity, broker)
    checked_host(kiosk.broker_host)
    make_folder(out)
    bundle = Bundle(out)
    certificate = authority.issue_device(_key_of(kiosk, bundle), kiosk.identity)
    known = _kiosk_at(gateway, kiosk.identity)
    gateway.put_kiosk(kiosk.identity, kiosk.store, kiosk.name or (known.name if known else ""))
    bundle.write(authority, certificate)
    configuration = out / "kiosk.toml"
    if not configuration.exists():
        text = kiosk_config(kiosk.identity, kiosk.broker_host, kiosk.broker_port, kiosk.home)
        write_file(configuration, text)
    return bundle


def rebind_kiosk(gateway: GatewayClient, identity: str, store: str, name: str | None = None) -> KioskEntry:
    """Move a kiosk to another store of the same gateway; return what it was before."""
    before = _kiosk_at(gateway, identity)
    if before is None:
        msg = f"the gateway knows no kiosk {identity}; make it with: hexiao provision kiosk add {identity}"
        raise ProvisioningError(msg)
    if before.revoked:
        msg = f"{identity} is revoked, and that is for good; add the kiosk under another name"
        raise ProvisioningError(msg)
    gateway.put_kiosk(identity, store, before.name if name is None else name)
    return before


def revoke_kiosk(identity: str, gateway: GatewayClient, broker: Broker) -> None:
    """Refuse a kiosk from now on: in the registry first, so that it can be told why, then at the broker.

    Each is done even where the other fails; then ProvisioningError says which is still to be done.
    """
    at_registry = _trouble(lambda: gateway.revoke_kiosk(identity))
    at_broker = _trouble(lambda: _deny(broker, identity))
    if at_registry is None and at_broker is None:
        return
    still = [
        f"{identity} is NOT revoked in the registry: {at_registry}." if at_registry else f"{identity} is revoked.",
        f"The broker does NOT deny it: {at_broker}." if at_broker else "The broker denies it.",
        "Give this command again once that is mended.",
    ]
    raise ProvisioningError(" ".join(still)) from at_registry or at_broker


def reload_if_running(broker: Broker) -> bool:
    """Make a running broker read its access list again; return whether one runs: if not, it reads it at its start."""
    try:
        broker.reload()
    except BrokerDownError:
        return False
    return True


def _certify(out: Path, authority: Authority, issue: Callable[[ec.EllipticCurvePublicKey], x509.Certificate]) -> Bundle:
    make_folder(out)
    bundle = Bundle(out)
    bundle.write(authority, issue(keep_or_make_key(bundle.key).public_key()))
    return bundle


def _gateway_at(headoffice: HeadOfficeClient, identity: str) -> GatewayEntry:
    """Return what the head office knows of a gateway; a new one may speak for no store yet."""
    return next((entry for entry in headoffice.gateways() if entry.id == identity), GatewayEntry(id=identity))


def _kiosk_at(gateway: GatewayClient, identity: str) -> KioskEntry | None:
    """Return what the gateway knows of a kiosk."""
    return next((entry for entry in gateway.kiosks() if entry.id == identity), None)


def _key_of(kiosk: NewKiosk, bundle: Bundle) -> ec.EllipticCurvePublicKey:
    """Return the key to certify: that of the request, given now or kept from before, else the bundle's own."""
    if kiosk.request is None and not bundle.request.exists():
        return keep_or_make_key(bundle.key).public_key()
    request = read_file(kiosk.request or bundle.request)
    key = requested_key(request, kiosk.identity)
    write_file(bundle.request, request)
    return key


def _refuse_denied(identity: str, broker: Broker | None) -> None:
    """Raise BrokerError for a kiosk that was denied here, also where the registry could not be told."""
    if broker is not None and identity in broker.settings().revoked:
        msg = f"{identity} was revoked, and that is for good; give the kiosk another name"
        raise BrokerError(msg)


def _deny(broker: Broker, identity: str) -> None:
    broker.revoke(identity)
    reload_if_running(broker)


def _trouble(act: Callable[[], None]) -> ProvisioningError | None:
    try:
        act()
    except ProvisioningError as error:
        return error
    return None
