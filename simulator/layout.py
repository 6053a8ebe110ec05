"""Where everything of a rehearsal lies in its folder, and what the parts are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from provisioning.broker import Broker
from provisioning.clients import Store
from provisioning.verbs import Bundle

if TYPE_CHECKING:
    from pathlib import Path

HOST = "127.0.0.1"
GATEWAY = "gw-1"
#: What the head office calls the platform of cards.
PLATFORM = "cards"
#: The first kiosk stands in the first store, the second in the second, and so on in turn; one gateway serves both.
STORES = (
    Store(id="nanjing-lu", name="南京路店", address="南京东路 100 号 100 Nanjing Road East"),
    Store(id="jing-an", name="静安店", address="静安寺路 1 号 1 Jing'an Temple Road", clerk_policy="shift"),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """The folder of one rehearsal."""

    root: Path

    @property
    def ca(self) -> Path:
        """The certificate authority."""
        return self.root / "ca"

    @property
    def broker(self) -> Broker:
        """Mosquitto's folder."""
        return Broker(self.root / "broker")

    @property
    def headoffice(self) -> Path:
        """The head office's data."""
        return self.root / "headoffice"

    @property
    def gateway(self) -> Path:
        """The gateway's data."""
        return self.root / "gateway"

    @property
    def headoffice_token(self) -> Path:
        """The administrator's token; the head office makes it at its first start."""
        return self.headoffice / "admin.token"

    @property
    def gateway_token(self) -> Path:
        """The console's token; the gateway makes it at its first start."""
        return self.gateway / "console.token"

    @property
    def platform(self) -> Path:
        """The platform of cards: it keeps nothing but its log."""
        return self.root / "platform"

    @property
    def platform_secret(self) -> Path:
        """What calls to the platform of cards are authorised by."""
        return self.platform / "secret"

    @property
    def gateway_journal(self) -> Path:
        """The gateway's journal."""
        return self.gateway / "journal.db"

    @property
    def ports(self) -> Path:
        """Where everybody listened the last time, so that customers' pages keep their addresses."""
        return self.root / "ports.json"

    @property
    def provision(self) -> Path:
        """Options for ``hexiao provision`` on this rehearsal."""
        return self.root / "provision.toml"

    @property
    def logs(self) -> Path:
        """What the parts have said."""
        return self.root / "logs"

    def certificates(self, part: Path) -> Bundle:
        """Return where a part's key and certificates lie."""
        return Bundle(part / "certificates")

    def kiosk(self, identity: str) -> KioskFolder:
        """Return one kiosk's folder."""
        return KioskFolder(identity, self.kiosks / identity)

    @property
    def kiosks(self) -> Path:
        """The folder of all kiosks' folders."""
        return self.root / "kiosks"


@dataclass(frozen=True, slots=True)
class KioskFolder:
    """The folder of one kiosk: what a technician hands it, its journal, and what the counter adds."""

    identity: str
    root: Path

    @property
    def bundle(self) -> Bundle:
        """Key, certificates and ``kiosk.toml``, as provisioning writes them."""
        return Bundle(self.root)

    @property
    def provisioned(self) -> Path:
        """The configuration as provisioning writes it."""
        return self.root / "kiosk.toml"

    @property
    def configuration(self) -> Path:
        """The configuration that it runs with: the same, on rehearsal adapters, with its own journal."""
        return self.root / "rehearsal" / "kiosk.toml"

    @property
    def journal(self) -> Path:
        """The kiosk's journal."""
        return self.root / "journal.db"

    @property
    def socket(self) -> Path:
        """Where the counter listens for the kiosk's adapters."""
        return self.root / "rehearsal" / "socket"

    @property
    def frame(self) -> Path:
        """What stands before the camera."""
        return self.root / "rehearsal" / "camera.frame"


def kiosk_identities(kiosks: int) -> list[str]:
    """Return what so many kiosks are called."""
    return [f"till-{number}" for number in range(1, kiosks + 1)]


def store_of(identity: str) -> Store:
    """Return the store in which a kiosk is set up."""
    return STORES[(int(identity.rpartition("-")[2]) - 1) % len(STORES)]
