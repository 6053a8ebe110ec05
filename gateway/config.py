"""The gateway's configuration file; its identity is not in it, because its certificate says that."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from service.config import Section, missing_files

Port = Annotated[int, Meta(ge=1, le=65535)]
Host = Annotated[str, Meta(min_length=1)]
FilePath = Annotated[str, Meta(min_length=1)]
Origin = Annotated[str, Meta(pattern=r"^https?://[^/]+$")]


class Broker(Section, frozen=True, kw_only=True):
    """Where the kiosks' broker is, and the certificate that says who this gateway is."""

    host: Host
    port: Port = 8883
    certificate: FilePath
    key: FilePath
    authority: FilePath


class HeadOffice(Section, frozen=True, kw_only=True):
    """Where the head office takes the requests of gateways."""

    url: Annotated[str, Meta(pattern=r"^https://[^/]+/?$")]
    certificate: FilePath
    key: FilePath
    authority: FilePath
    timeout_s: Annotated[float, Meta(gt=0, le=30)] = 5.0
    """Longest wait for one answer; after it nothing is known, which is no refusal."""
    refresh_s: Annotated[float, Meta(ge=1)] = 60.0
    """How often the list of stores is fetched again."""


class Console(Section, frozen=True, kw_only=True):
    """Where the manager's page is served. It has no TLS of its own: keep it on loopback or behind a proxy that has."""

    host: Host = "127.0.0.1"
    port: Port = 8480
    embedded_in: tuple[Origin, ...] = ()
    """Origins of pages that may show the console in a frame and sign in to it."""
    call: Annotated[str, Meta(max_length=200)] = ""
    """Whom to call where a redemption does not end: a sentence for the manager's page."""


class Limits(Section, frozen=True, kw_only=True):
    """How much one kiosk may ask before it is held up."""

    unknown_per_minute: Annotated[int, Meta(ge=1)] = 30
    """Looks at codes that do not exist: more is guessing."""
    open_per_kiosk: Annotated[int, Meta(ge=1)] = 64
    """Redemptions that may be unresolved at once."""


class Clerks(Section, frozen=True, kw_only=True):
    """What is asked of clerks."""

    idle_s: Annotated[float, Meta(ge=120, le=86_400)] = 1_800.0
    """A clerk is signed out where a kiosk has had nothing to do for so long."""


class Alarms(Section, frozen=True, kw_only=True):
    """When the head office is told that something is wrong."""

    kiosk_silent_s: Annotated[float, Meta(ge=60)] = 900.0
    """A kiosk, or the broker, that was away for so long."""
    hours_from: time = time(0)
    """From this time of day on, the store's own, its kiosks should be on; ``09:00:00``."""
    hours_until: time = time(23, 59, 59, 999_999)
    """Until then; a kiosk that is switched off after it is no alarm."""
    amber_open_s: Annotated[float, Meta(ge=60)] = 600.0
    """A redemption that had no end for so long."""


class Log(Section, frozen=True, kw_only=True):
    """What is logged."""

    level: Annotated[str, Meta(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"


class Config(Section, frozen=True, kw_only=True):
    """The whole file. ``data`` is the folder of registry, journal and console token; it is made where it is missing."""

    data: FilePath
    broker: Broker
    headoffice: HeadOffice
    console: Console = Console()
    limits: Limits = Limits()
    clerks: Clerks = Clerks()
    alarms: Alarms = Alarms()
    log: Log = Log()


def troubles(config: Config) -> list[str]:
    """Return what would keep this configuration from working, one sentence each; empty where nothing would."""
    bundle, cure = ("certificate", "key", "authority"), "`hexiao provision gateway add` makes it"
    found = missing_files(config.broker, "$.broker", bundle, cure)
    found += missing_files(config.headoffice, "$.headoffice", bundle, cure)
    if not Path(config.data).is_dir() and not Path(config.data).parent.is_dir():
        found.append(f"$.data: there is no folder {Path(config.data).parent} to make {config.data} in")
    return found
