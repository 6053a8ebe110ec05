"""The kiosk's configuration file. The store is not in it: the gateway knows it from the certificate."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from device import speaker as speaking
from device.counter.style import SIZES, Style
from device.counter.timing import Timing
from device.counter.words import Language
from device.display.claim import MOST_MODULES, modules_of
from device.display.screen import DisplaySettings
from device.errors import IdentityError
from device.gun import GunSettings, guns
from device.identity import identity_in
from device.scan.events import ScanConfig, ScanSettings
from device.speaker import SpeakerSettings
from service.adapters import AdapterChoice, AdapterMissingError, load_adapter
from service.config import ConfigError, Section, convert_config, missing_files

if TYPE_CHECKING:
    from collections.abc import Iterator

FilePath = Annotated[str, Meta(min_length=1)]


class Identity(Section, frozen=True, kw_only=True):
    """Who this kiosk is: its certificate and key, and the authority by which it knows the broker."""

    certificate: FilePath
    key: FilePath
    authority: FilePath


class Gateway(Section, frozen=True, kw_only=True):
    """Where the store's broker is."""

    host: Annotated[str, Meta(min_length=1)]
    port: Annotated[int, Meta(ge=1, le=65535)] = 8883


class JournalFile(Section, frozen=True, kw_only=True):
    """Where the kiosk keeps its book; the folder has to be there and to survive a power cut."""

    path: FilePath = "/var/lib/hexiao-device/journal.db"


class ScreenSettings(DisplaySettings, frozen=True, kw_only=True):
    """How the screen speaks."""

    language: Language = Language.ZH
    support: Annotated[str, Meta(max_length=20)] = ""
    """Whom to call about a fault: a telephone number."""
    claim_qr: Annotated[str, Meta(max_length=200)] = ""
    """The address behind the shop's claim QR (领券二维码), which the idle screen shows by turns where it fits."""

    @property
    def style(self) -> Style:
        """What the counter's screens are set for; a claim QR that does not fit is left out."""
        rows, cells = SIZES[self.font_px]
        claim_qr = self.claim_qr if self.claim_fits else ""
        return Style(language=self.language, rows=rows, cells=cells, support=self.support, claim_qr=claim_qr)

    @property
    def claim_fits(self) -> bool:
        """Whether the panel holds the claim QR, if there is one."""
        return not self.claim_qr or modules_of(self.claim_qr) <= MOST_MODULES


class Log(Section, frozen=True, kw_only=True):
    """What is logged."""

    level: Annotated[str, Meta(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"


class Config(Section, frozen=True, kw_only=True):
    """The whole file."""

    identity: Identity
    gateway: Gateway
    journal: JournalFile = JournalFile()
    screen: ScreenSettings = ScreenSettings()
    timing: Timing = Timing()
    camera: AdapterChoice = AdapterChoice(adapter="picamera2")
    scan: ScanSettings = ScanSettings()
    gun: GunSettings | None = None
    panel: AdapterChoice = AdapterChoice(adapter="gpiozero")
    oled: AdapterChoice = AdapterChoice(adapter="luma")
    monitor: AdapterChoice | None = None
    speaker: SpeakerSettings | None = None
    log: Log = Log()

    @property
    def eyes(self) -> ScanConfig:
        """What the camera process is told."""
        told = {name: getattr(self.scan, name) for name in self.scan.__struct_fields__}
        return ScanConfig(camera=self.camera, **told)


def troubles(config: Config) -> list[str]:
    """Return what would keep this configuration from working, one sentence each; empty where nothing would."""
    silent = speaking.troubles(config.speaker) if config.speaker else ()
    return [
        *_missing_files(config),
        *_missing_gun(config),
        *_large_claim(config),
        *silent,
        *_wrong_adapters(config),
    ]


def _missing_files(config: Config) -> Iterator[str]:
    bundle = ("certificate", "key", "authority")
    yield from missing_files(config.identity, "$.identity", bundle, "`hexiao provision kiosk add` makes it")
    if Path(config.identity.certificate).is_file():
        try:
            identity_in(Path(config.identity.certificate))
        except IdentityError as error:
            yield f"$.identity.certificate: {error}"
    folder = Path(config.journal.path).parent
    if not folder.is_dir():
        yield f"$.journal.path: there is no folder {folder}; make it, for the user that the kiosk runs as"


def _missing_gun(config: Config) -> Iterator[str]:
    if config.gun is None or os.access(config.gun.device, os.R_OK):
        return
    there = ", ".join(guns()) or "none"
    yield f"$.gun.device: {config.gun.device} is not there, or not readable; keyboards that are plugged in: {there}"


def _large_claim(config: Config) -> Iterator[str]:
    if config.screen.claim_fits:
        return
    text = config.screen.claim_qr
    yield (
        f"$.screen.claim_qr: {len(text)} characters make a QR of {modules_of(text)} modules a side, and at two pixels "
        f"each the screen holds {MOST_MODULES}: give a short link of at most 53 characters; until then no QR is shown"
    )


def _wrong_adapters(config: Config) -> Iterator[str]:
    for port in ("camera", "panel", "oled", "monitor"):
        choice: AdapterChoice | None = getattr(config, port)
        if choice is None:
            continue
        try:
            convert_config(choice.options, load_adapter(port, choice.adapter).Options, where=f"$.{port}.options")
        except AdapterMissingError as error:
            yield f"$.{port}.adapter: {error}"
        except ConfigError as error:
            yield str(error)
        except ImportError as error:
            yield f"$.{port}.adapter: {choice.adapter} cannot be loaded here ({error})"
