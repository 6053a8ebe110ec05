"""The verbs for stores and for the kiosks on their counters."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.provision.options import (
    BrokerDir,
    Ca,
    GatewayToken,
    GatewayUrl,
    HeadOfficeToken,
    HeadOfficeUrl,
    Identity,
)
from cli.provision.terminal import gateway_at, headoffice_at, open_authority, open_broker, show_table, told

store_app = typer.Typer(help="Stores.", no_args_is_help=True)
kiosk_app = typer.Typer(help="Kiosks on counters.", no_args_is_help=True)


class ClerkPolicy(StrEnum):
    """When a clerk signs in at a store's kiosks."""

    NONE = "none"
    SHIFT = "shift"
    EACH = "each"


@store_app.command("add")
def store_add(  # noqa: PLR0913, PLR0917 - one parameter an option
    identity: Identity,
    name: Annotated[str, typer.Option(help="Name as customers know it.")],
    headoffice: HeadOfficeUrl,
    headoffice_token_file: HeadOfficeToken,
    gateway_id: Annotated[str, typer.Option(help="Identity of the gateway that speaks for it.")],
    gateway_url: GatewayUrl,
    gateway_token_file: GatewayToken,
    timezone: Annotated[str | None, typer.Option(help="Its time zone.", show_default="Asia/Shanghai")] = None,
    address: Annotated[str | None, typer.Option(help="Its address, for customers.")] = None,
    phone: Annotated[str | None, typer.Option(help="Its telephone, for customers.")] = None,
    hours: Annotated[str | None, typer.Option(help="Its opening hours, for customers.")] = None,
    map_link: Annotated[str | None, typer.Option("--map", help="Link to it on a map, for customers.")] = None,
    clerk_policy: Annotated[ClerkPolicy | None, typer.Option(help="When clerks sign in.", show_default="none")] = None,
) -> None:
    """Make a store at the head office, and let a gateway speak for it; of a known one, change what is given.

    A new store redeems practice vouchers only, until somebody sets it live at the head office.

    Example: hexiao provision store add nanjing-lu --name 南京路店
    """
    from provisioning.verbs import add_store, changed_store  # noqa: PLC0415

    said = {
        "name": name,
        "timezone": timezone,
        "address": address,
        "phone": phone,
        "hours": hours,
        "map": map_link,
        "clerk_policy": clerk_policy and clerk_policy.value,
    }
    with told():
        office = headoffice_at(headoffice, headoffice_token_file)
        store = changed_store(office, identity, {key: value for key, value in said.items() if value is not None})
        add_store(store, office, gateway_id, gateway_at(gateway_url, gateway_token_file))
        typer.echo(f"{identity} ({name}): the gateway {gateway_id} speaks for it now")


@store_app.command("list")
def store_list(headoffice: HeadOfficeUrl, headoffice_token_file: HeadOfficeToken) -> None:
    """Show the chain's stores and which gateways speak for them."""
    with told():
        office = headoffice_at(headoffice, headoffice_token_file)
        gateways = office.gateways()
        show_table(
            ("Store", "Name", "Time zone", "Clerks sign in", "Gateways"),
            [
                (
                    store.id,
                    store.name,
                    store.timezone,
                    store.clerk_policy,
                    " ".join(gateway.id for gateway in gateways if store.id in gateway.stores),
                )
                for store in office.stores()
            ],
        )


@kiosk_app.command("add")
def kiosk_add(  # noqa: PLR0913, PLR0917 - one parameter an option
    identity: Identity,
    store: Annotated[str, typer.Option(help="The store where it stands.")],
    ca: Ca,
    gateway_url: GatewayUrl,
    gateway_token_file: GatewayToken,
    broker: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where the kiosk reaches the broker.")],
    name: Annotated[str, typer.Option(help="What people call it, such as 收银台2.")] = "",
    out: Annotated[Path | None, typer.Option(help="Folder for its files; else ID in the folder for kiosks.")] = None,
    kiosks_dir: Annotated[Path, typer.Option(help="The folder for kiosks.")] = Path(),
    csr: Annotated[Path | None, typer.Option(help="Certificate request, where the key stays on the kiosk.")] = None,
    home: Annotated[Path, typer.Option(help="Where the files will lie on the kiosk.")] = Path("/etc/hexiao/device"),
    broker_dir: Annotated[Path | None, typer.Option(help="Folder of the broker: who is denied there stays so.")] = None,
) -> None:
    """Bind a kiosk to a store and write its certificate and configuration; given again, the certificate is renewed.

    Example: hexiao provision kiosk add till-2 --store nanjing-lu --csr till-2.csr
    """
    from provisioning.verbs import NewKiosk, add_kiosk  # noqa: PLC0415

    host, _, port = broker.rpartition(":")
    if not host or not port.isdigit():
        message = f"{broker!r} is no address such as 192.168.1.10:8883"
        raise typer.BadParameter(message, param_hint="--broker")
    with told():
        kiosk = NewKiosk(
            identity=identity,
            store=store,
            name=name,
            broker_host=host,
            broker_port=int(port),
            home=home,
            request=csr,
        )
        gateway = gateway_at(gateway_url, gateway_token_file)
        broker_here = open_broker(broker_dir) if broker_dir else None
        bundle = add_kiosk(kiosk, open_authority(ca), out or kiosks_dir / identity, gateway, broker_here)
        typer.echo(f"{identity}: bound to {store}; its files are in {bundle.folder}, valid until {bundle.valid_until}")


@kiosk_app.command("list")
def kiosk_list(gateway_url: GatewayUrl, gateway_token_file: GatewayToken) -> None:
    """Show the gateway's kiosks, revoked ones too."""
    with told():
        show_table(
            ("Kiosk", "Name", "Store", "State", "Online"),
            [
                (kiosk.id, kiosk.name, kiosk.store, kiosk.state, "yes" if kiosk.online else "no")
                for kiosk in gateway_at(gateway_url, gateway_token_file).kiosks()
            ],
        )


@kiosk_app.command("rebind")
def kiosk_rebind(
    identity: Identity,
    store: Annotated[str, typer.Option(help="The store where it stands from now on.")],
    gateway_url: GatewayUrl,
    gateway_token_file: GatewayToken,
    name: Annotated[str | None, typer.Option(help="What people call it there; else as before.")] = None,
) -> None:
    """Move a kiosk to another store of the same gateway; nothing on the kiosk changes.

    Example: hexiao provision kiosk rebind till-2 --store people-square
    """
    from provisioning.verbs import rebind_kiosk  # noqa: PLC0415

    with told():
        before = rebind_kiosk(gateway_at(gateway_url, gateway_token_file), identity, store, name)
        typer.echo(f"{identity}: moved from {before.store} to {store}")


@kiosk_app.command("revoke")
def kiosk_revoke(
    identity: Identity, broker_dir: BrokerDir, gateway_url: GatewayUrl, gateway_token_file: GatewayToken
) -> None:
    """Refuse a kiosk that was stolen or scrapped, within seconds and for good.

    Example: hexiao provision kiosk revoke till-2
    """
    from provisioning.verbs import revoke_kiosk  # noqa: PLC0415

    with told():
        revoke_kiosk(identity, gateway_at(gateway_url, gateway_token_file), open_broker(broker_dir))
        typer.echo(f"{identity}: revoked in the registry and denied at the broker")
