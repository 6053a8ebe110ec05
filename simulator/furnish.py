"""Sets a rehearsal up as a technician sets a shop up: by the functions behind ``hexiao provision``, in the same order.

Given again on the same folder it keeps what is there, and renews certificates whose time is half over. Everything here
blocks; call it from a thread.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from provisioning.certificates import load_key
from provisioning.clients import Door, GatewayClient, GatewayEntry, HeadOfficeClient
from provisioning.mosquitto import BrokerSettings
from provisioning.verbs import (
    NewKiosk,
    add_kiosk,
    add_store,
    certify_gateway,
    certify_headoffice,
    keep_or_make_authority,
)
from simulator.layout import GATEWAY, HOST, STORES, store_of

if TYPE_CHECKING:
    from provisioning.authority import Authority
    from simulator.configurations import PortPlan
    from simulator.layout import KioskFolder, Layout
    from simulator.services import Service

HOSTS = (HOST, "localhost")


def write_certificates(layout: Layout, ports: PortPlan) -> Authority:
    """Make or open the authority; write the broker's folder and the certificates of head office and gateway."""
    authority, _ = keep_or_make_authority(layout.ca, "Hexiao rehearsal")
    layout.broker.write(BrokerSettings(port=ports.broker, gateways=(GATEWAY,), hosts=HOSTS), authority)
    headoffice, gateway = layout.certificates(layout.headoffice), layout.certificates(layout.gateway)
    now = datetime.now(UTC)
    if headoffice.due(now):
        certify_headoffice(authority, HOSTS, headoffice.folder)
    if gateway.due(now):
        certify_gateway(authority, GATEWAY, gateway.folder)
    return authority


def register_gateway(headoffice: Service) -> None:
    """Make the gateway known to the head office; the stores that it speaks for stay."""
    client = _headoffice(headoffice)
    known = next((entry for entry in client.gateways() if entry.id == GATEWAY), GatewayEntry(id=GATEWAY))
    client.put_gateway(msgspec.structs.replace(known, name="南京路与静安"))


def open_stores(headoffice: Service, gateway: Service) -> None:
    """Make both stores, and let the gateway speak for them."""
    for store in STORES:
        add_store(store, _headoffice(headoffice), GATEWAY, _gateway(gateway))


def hand_out_kiosk(
    layout: Layout, ports: PortPlan, folder: KioskFolder, authority: Authority, gateway: Service
) -> None:
    """Add a kiosk to its store; one that is there already keeps its binding, or its revocation, and its key."""
    client = _gateway(gateway)
    if all(entry.id != folder.identity for entry in client.kiosks()) or not folder.provisioned.exists():
        store = store_of(folder.identity)
        kiosk = NewKiosk(
            identity=folder.identity,
            store=store.id,
            name=f"{store.name} {folder.identity.rpartition('-')[2]} 号",
            broker_host=HOST,
            broker_port=ports.kiosk_broker,
            home=folder.root,
        )
        add_kiosk(kiosk, authority, folder.root, client, layout.broker)
    elif folder.bundle.due(datetime.now(UTC)):
        key = load_key(folder.bundle.key).public_key()
        folder.bundle.write(authority, authority.issue_device(key, folder.identity))


def _headoffice(service: Service) -> HeadOfficeClient:
    return HeadOfficeClient(Door(service.part, service.url, service.token))


def _gateway(service: Service) -> GatewayClient:
    return GatewayClient(Door(service.part, service.url, service.token))
