"""The verbs for what stands behind the counters: certificate authority, broker, gateway, head office."""

from pathlib import Path
from typing import Annotated

import typer

from cli.provision.options import Ca, HeadOfficeToken, HeadOfficeUrl, Identity, Out
from cli.provision.terminal import headoffice_at, open_authority, open_broker, told

ca_app = typer.Typer(help="The certificate authority that all the others trust.", no_args_is_help=True)
broker_app = typer.Typer(help="Mosquitto's configuration, access list and certificate.", no_args_is_help=True)
gateway_app = typer.Typer(help="The decider of one or more stores.", no_args_is_help=True)
headoffice_app = typer.Typer(help="The owner of the vouchers.", no_args_is_help=True)


@ca_app.command("init")
def ca_init(
    ca: Annotated[Path, typer.Option("--dir", help="Folder to make it in; keep it off every other machine.")],
    name: Annotated[str, typer.Option(help="Name of the authority, such as the chain's.")] = "Hexiao",
) -> None:
    """Make a certificate authority; one that is there stays.

    Example: hexiao provision ca init --dir /etc/hexiao/ca --name "Hexiao of the tea house"
    """
    from provisioning.verbs import keep_or_make_authority  # noqa: PLC0415 - imported when a verb is called, as all below

    with told():
        authority, made = keep_or_make_authority(ca, name)
        until = f"{authority.certificate.not_valid_after_utc:%Y-%m-%d}"
        typer.echo(f"{ca}: {'made' if made else 'is there already'}, valid until {until}")


@broker_app.command("write")
def broker_write(  # noqa: PLR0913, PLR0917 - one parameter an option
    ca: Ca,
    broker_dir: Annotated[Path, typer.Option("--dir", help="Folder to write to.")],
    port: Annotated[int, typer.Option(min=1, max=65535, help="TLS port.")],
    gateway_id: Annotated[str, typer.Option("--gateway", help="Identity of the gateway that it serves.")],
    hosts: Annotated[list[str], typer.Option("--host", help="Name or address that clients reach it by; repeatable.")],
    listen: Annotated[str, typer.Option(help="Address to listen on.")] = "0.0.0.0",  # noqa: S104 - kiosks come over the store's LAN
    user: Annotated[str | None, typer.Option(help="System user that it runs as; else whoever starts it.")] = None,
) -> None:
    """Write mosquitto.conf, the access list and a new server certificate; revoked kiosks stay revoked.

    Example: hexiao provision broker write --ca ca --dir broker --port 8883 --gateway gw-1 --host 192.168.1.10
    """
    from provisioning.mosquitto import BrokerSettings  # noqa: PLC0415

    with told():
        broker = open_broker(broker_dir)
        settings = BrokerSettings(port=port, gateways=(gateway_id,), listen=listen, hosts=tuple(hosts), user=user)
        broker.write(settings, open_authority(ca))
        typer.echo(f"{broker_dir}: written; start it with: mosquitto -c {broker.configuration.absolute()}")
        typer.echo("If it runs already: hexiao provision broker reload; a new port or address needs a restart.")


@broker_app.command("reload")
def broker_reload(broker_dir: Annotated[Path, typer.Option("--dir", help="Folder of the broker.")]) -> None:
    """Make the running broker read access list and certificates again; connections stay."""
    with told():
        open_broker(broker_dir).reload()
        typer.echo(f"{broker_dir}: the broker has been told")


@gateway_app.command("add")
def gateway_add(  # noqa: PLR0913, PLR0917 - one parameter an option
    identity: Identity,
    ca: Ca,
    out: Out,
    headoffice: HeadOfficeUrl,
    headoffice_token_file: HeadOfficeToken,
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
) -> None:
    """Register a gateway at the head office and write its certificate, for its broker and for the head office.

    Example: hexiao provision gateway add gw-1 --ca ca --out gateway --headoffice https://office.example --token-file t
    """
    from provisioning.verbs import add_gateway  # noqa: PLC0415

    with told():
        bundle = add_gateway(open_authority(ca), identity, name, out, headoffice_at(headoffice, headoffice_token_file))
        typer.echo(f"{identity}: registered; its key and certificates are in {bundle.folder}")


@headoffice_app.command("cert")
def headoffice_cert(
    ca: Ca,
    out: Out,
    names: Annotated[list[str], typer.Option("--host", help="Name or address that gateways reach it by; repeatable.")],
) -> None:
    """Write the certificate of the head office's port for gateways.

    Example: hexiao provision headoffice cert --ca ca --out headoffice --host office.example
    """
    from provisioning.verbs import certify_headoffice  # noqa: PLC0415

    with told():
        bundle = certify_headoffice(open_authority(ca), names, out)
        typer.echo(f"{bundle.folder}: key and certificate for {', '.join(names)}")
