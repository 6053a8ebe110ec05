"""One file for the options that a technician would give at every `hexiao provision` command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from service.config import Section, load_config

MACHINE_FILE = Path("/etc/hexiao/provision.toml")


class Ca(Section, frozen=True, kw_only=True):
    """The certificate authority."""

    dir: str | None = None


class BrokerFolder(Section, frozen=True, kw_only=True):
    """The broker's folder, and what it is written with."""

    dir: str | None = None
    port: int | None = None
    listen: str | None = None
    hosts: tuple[str, ...] | None = None
    user: str | None = None
    address: str | None = None
    """``host:port`` by which kiosks reach it."""


class Gateway(Section, frozen=True, kw_only=True):
    """The gateway of these stores."""

    id: str | None = None
    url: str | None = None
    token_file: str | None = None


class HeadOffice(Section, frozen=True, kw_only=True):
    """The head office's door for people and programs."""

    url: str | None = None
    token_file: str | None = None


class Kiosks(Section, frozen=True, kw_only=True):
    """Where the bundles of new kiosks are put, a folder each."""

    dir: str = "."


class ProvisionConfig(Section, frozen=True, kw_only=True):
    """The whole file; all of it may be left out, and what an option says goes before it."""

    ca: Ca = Ca()
    broker: BrokerFolder = BrokerFolder()
    gateway: Gateway = Gateway()
    headoffice: HeadOffice = HeadOffice()
    kiosks: Kiosks = Kiosks()

    def option_values(self) -> dict[str, Any]:
        """Return what the file says, by the names of the verbs' parameters."""
        values: dict[str, Any] = {
            "ca": self.ca.dir,
            "broker_dir": self.broker.dir,
            "port": self.broker.port,
            "listen": self.broker.listen,
            "hosts": self.broker.hosts,
            "user": self.broker.user,
            "broker": self.broker.address,
            "gateway_id": self.gateway.id,
            "gateway_url": self.gateway.url,
            "gateway_token_file": self.gateway.token_file,
            "headoffice": self.headoffice.url,
            "headoffice_token_file": self.headoffice.token_file,
            "kiosks_dir": self.kiosks.dir,
        }
        return {name: value for name, value in values.items() if value is not None}


def load_option_values(file: Path | None) -> dict[str, Any]:
    """Return the options of a file; without one, of the machine's, where there is that; raise ConfigError."""
    if file is None and not MACHINE_FILE.exists():
        return ProvisionConfig().option_values()
    return load_config(ProvisionConfig, file or MACHINE_FILE).option_values()
