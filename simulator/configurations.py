"""The configuration files of a rehearsal: those of production, with addresses of this machine and rehearsal adapters.

They are written anew at each start, because the ports are chosen anew.
"""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from simulator.layout import GATEWAY, HOST, PLATFORM

if TYPE_CHECKING:
    from pathlib import Path

    from provisioning.verbs import Bundle
    from simulator.layout import KioskFolder, Layout


class PortPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Where everybody listens."""

    counter: int
    broker: int
    headoffice: int
    upstream: int
    console: int
    platform: int
    kiosk_broker: int
    """The link between kiosks and broker, and so on."""
    gateway_broker: int
    gateway_headoffice: int
    headoffice_platform: int
    headoffice_database: int


def headoffice_configuration(
    layout: Layout, ports: PortPlan, database_url: str | None = None, *, platform: bool = False
) -> str:
    """Return the head office's configuration; its books are in a file where no ``database_url`` is given.

    A database on this machine is reached through a link. ``platform``: a platform of cards takes part.
    """
    bundle = layout.certificates(layout.headoffice)
    return _toml(
        {
            "data": str(layout.headoffice),
            **({"database_url": _through_link(database_url, ports.headoffice_database)} if database_url else {}),
            "public": {
                "host": HOST,
                "port": ports.headoffice,
                "url": f"http://{HOST}:{ports.headoffice}",
                "frames": _origins(ports),
            },
            "stores": {"begin": "live"},
            **({"platforms": [_cards(layout, ports)]} if platform else {}),
            "upstream": {"host": HOST, "port": ports.upstream, **_identity(bundle)},
        }
    )


def gateway_configuration(layout: Layout, ports: PortPlan) -> str:
    """Return the gateway's configuration: it reaches broker and head office through links."""
    identity = _identity(layout.certificates(layout.gateway))
    return _toml(
        {
            "data": str(layout.gateway),
            "broker": {"host": HOST, "port": ports.gateway_broker, **identity},
            "headoffice": {"url": f"https://{HOST}:{ports.gateway_headoffice}", **identity},
            "console": {"host": HOST, "port": ports.console, "embedded_in": _origins(ports)},
        }
    )


def kiosk_configuration(folder: KioskFolder, ports: PortPlan) -> str:
    """Return a kiosk's configuration as it was provisioned, with what a rehearsal has in place of a Pi's hardware."""
    provisioned = tomllib.loads(folder.provisioned.read_text(encoding="utf-8"))
    pins = provisioned.get("panel", {}).get("options", {})
    wire = {"socket": str(folder.socket)}
    return _toml(
        {
            **provisioned,
            "gateway": {"host": HOST, "port": ports.kiosk_broker},
            "journal": {"path": str(folder.journal)},
            "camera": {"adapter": "rehearsal", "options": {"frames": str(folder.frame)}},
            "panel": {"adapter": "rehearsal", "options": pins | wire},
            "oled": {"adapter": "rehearsal", "options": wire},
            "monitor": {"adapter": "rehearsal", "options": wire},
        }
    )


def provision_configuration(layout: Layout, ports: PortPlan) -> str:
    """Return the options with which ``hexiao provision --config FILE`` looks after a rehearsal."""
    return _toml(
        {
            "ca": {"dir": str(layout.ca)},
            "broker": {
                "dir": str(layout.broker.folder),
                "port": ports.broker,
                "listen": HOST,
                "hosts": [HOST, "localhost"],
                "address": f"{HOST}:{ports.kiosk_broker}",
            },
            "gateway": {
                "id": GATEWAY,
                "url": f"http://{HOST}:{ports.console}",
                "token_file": str(layout.gateway_token),
            },
            "headoffice": {
                "url": f"http://{HOST}:{ports.headoffice}",
                "token_file": str(layout.headoffice_token),
            },
            "kiosks": {"dir": str(layout.root / "kiosks")},
        }
    )


def write(path: Path, text: str) -> Path:
    """Write a configuration, its folder too; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def address_here(database_url: str) -> tuple[str, int] | None:
    """Return where a database listens that is reached over TCP on this machine; None for every other one."""
    there = urlsplit(database_url)
    return (HOST, there.port) if there.hostname in {HOST, "localhost"} and there.port is not None else None


def _through_link(database_url: str, port: int) -> str:
    if address_here(database_url) is None:
        return database_url
    there = urlsplit(database_url)
    user, at, _ = there.netloc.rpartition("@")
    return urlunsplit(there._replace(netloc=f"{user}{at}{HOST}:{port}"))


def _cards(layout: Layout, ports: PortPlan) -> dict[str, Any]:
    options = {"url": f"http://{HOST}:{ports.headoffice_platform}", "secret_file": str(layout.platform_secret)}
    return {"name": PLATFORM, "connector": "rehearsal", "options": options}


def _identity(bundle: Bundle) -> dict[str, str]:
    return {"certificate": str(bundle.certificate), "key": str(bundle.key), "authority": str(bundle.authority)}


def _origins(ports: PortPlan) -> list[str]:
    """Return what browsers may call the counter's page."""
    return [f"http://{name}:{ports.counter}" for name in (HOST, "localhost")]


def _toml(table: dict[str, Any], path: str = "") -> str:
    """Return plain values as TOML; strings as JSON writes them, which TOML reads."""
    values = [f"{key} = {_value(value)}\n" for key, value in table.items() if not isinstance(value, dict)]
    text = (f"[{path}]\n" if path else "") + "".join(values)
    for key, value in table.items():
        if isinstance(value, dict):
            text += "\n" + _toml(value, f"{path}.{key}" if path else key)
    return text


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_value(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
