"""What a head office is told by its operator."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from headoffice.notices.config import Configured, notice_troubles
from headoffice.outbox.addresses import Reach
from service.adapters import AdapterMissingError, load_adapter
from service.config import ConfigError, Section, convert_config, missing_files

if TYPE_CHECKING:
    from collections.abc import Iterator

Port = Annotated[int, Meta(ge=0, le=65535)]


class Public(Section, frozen=True, kw_only=True):
    """The door for people: API with a bearer token, customers' pages. A proxy that ends TLS stands before it."""

    host: str = "127.0.0.1"
    port: Port = 8600
    url: str = ""
    """Address at which customers' phones reach this door; empty: the host and port themselves."""
    follow: Annotated[str, Meta(max_length=400)] = ""
    """What the QR of the chain's account (公众号) holds, for customers' pages to show; empty: they show none."""
    frames: tuple[str, ...] = ()
    """Origins (``https://host``) whose pages may show a customer's page inside theirs; normally none."""


class Upstream(Section, frozen=True, kw_only=True):
    """The door for gateways: HTTPS, and only with a certificate that the authority signed. Paths of PEM files."""

    host: str = "127.0.0.1"
    port: Port = 8601
    certificate: str
    key: str
    authority: str


class Redemptions(Section, frozen=True, kw_only=True):
    """The chain's own rules about redemptions."""

    undo_window_s: Annotated[float, Meta(ge=0)] = 900.0
    """How long after a redemption it can be undone."""
    own_journal: str = ""
    """File of what is in no gateway's journal, for books that are put back: best on another disk than these. Without
    it ``own.journal`` in ``data``."""


class Platform(Section, frozen=True, kw_only=True):
    """A platform that owns vouchers: its name in the records, and the connector that calls it."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,19}$")]
    connector: str
    """The name under which it is installed: ``hexiao.adapters``, ``platform.NAME``."""
    options: dict[str, Any] = msgspec.field(default_factory=dict)


class Webhooks(Section, frozen=True, kw_only=True):
    """What may be told to whom."""

    networks: tuple[str, ...] = ()
    """Networks (``10.2.0.0/16``) beside the Internet in which receivers may stand."""
    authority: str = ""
    """PEM file of an authority that signs receivers' certificates, beside those that the system trusts."""

    @property
    def reach(self) -> Reach:
        """What may be sent to; raise ValueError for what is no network."""
        return Reach(tuple(ip_network(network) for network in self.networks))


class Stores(Section, frozen=True, kw_only=True):
    """New stores."""

    begin: Literal["testing", "live"] = "testing"
    """``testing``: a new store redeems practice vouchers only, until somebody sets it live."""


class Customers(Section, frozen=True, kw_only=True):
    """Customers' personal data."""

    keep_days: Annotated[int, Meta(ge=0, le=36_500)] = 0
    """So long after their last voucher it is known who customers are; 0: as long as there are books."""


class Log(Section, frozen=True, kw_only=True):
    """How much is logged."""

    level: str = "INFO"


class Config(Section, frozen=True, kw_only=True):
    """The whole of it."""

    data: str
    """Folder of what this head office keeps: ``admin.token``, ``signing.key`` where vouchers are signed, and
    ``hexiao.db`` without a ``database_url``."""
    database_url: str = ""
    """``postgresql+psycopg://user:password@host/name`` or ``sqlite:///path``."""
    public: Public = Public()
    upstream: Upstream
    redemptions: Redemptions = Redemptions()
    platforms: tuple[Platform, ...] = ()
    """A code that is none of the chain's own is asked about in this order."""
    webhooks: Webhooks = Webhooks()
    stores: Stores = Stores()
    customers: Customers = Customers()
    notices: Configured = Configured()
    """Ways to customers who have agreed to be told of their vouchers."""
    log: Log = Log()

    @property
    def database(self) -> str:
        """The database's address, with the default filled in."""
        return self.database_url or f"sqlite:///{Path(self.data).resolve() / 'hexiao.db'}"

    @property
    def public_url(self) -> str:
        """Address at which people reach the public door, without a slash at its end."""
        return (self.public.url or f"http://{self.public.host}:{self.public.port}").rstrip("/")

    @property
    def token_file(self) -> Path:
        """Where the administrator's token lies."""
        return Path(self.data) / "admin.token"

    @property
    def own_journal(self) -> Path:
        """Where it is kept what was redeemed on pages, and undone by the head office itself."""
        return Path(self.redemptions.own_journal or Path(self.data) / "own.journal")

    @property
    def signing_key(self) -> Path:
        """Where the key lies that signs vouchers, if there is one."""
        return Path(self.data) / "signing.key"


def troubles(config: Config) -> list[str]:
    """Return what would keep this configuration from working, one sentence each; empty where nothing would."""
    bundle = ("certificate", "key", "authority")
    found = missing_files(config.upstream, "$.upstream", bundle, "`hexiao provision headoffice cert` makes it")
    try:
        address = make_url(config.database)
    except ArgumentError:
        found.append("$.database_url: is no database address; write postgresql+psycopg://user:password@host/name")
    else:
        backend = address.get_backend_name()
        if backend not in {"sqlite", "postgresql"}:
            found.append(f"$.database_url: {backend} is not served; use SQLite or PostgreSQL")
        if not address.database:
            found.append("$.database_url: names no database")
    if config.public.url and urlsplit(config.public.url).scheme not in {"http", "https"}:
        found.append("$.public.url: must begin with http:// or https://")
    if not config.public.url and config.public.host in {"0.0.0.0", "::", ""}:  # noqa: S104 - asked about, not bound
        found.append("$.public.url: is missing; say at which address customers' phones reach this head office")
    if config.public.port == config.upstream.port != 0 and config.public.host == config.upstream.host:
        found.append("$.upstream.port: is the public door's; each needs its own")
    try:
        config.webhooks.reach  # noqa: B018 - asked for what is wrong with it
    except ValueError as error:
        found.append(f"$.webhooks.networks: {error}; write 10.2.0.0/16")
    return [*found, *_not_there(config), *notice_troubles(config.notices), *_wrong_platforms(config)]


def _not_there(config: Config) -> Iterator[str]:
    if config.webhooks.authority and not Path(config.webhooks.authority).is_file():
        yield f"$.webhooks.authority: {config.webhooks.authority} is not there"
    if config.redemptions.own_journal and not config.own_journal.parent.is_dir():
        yield f"$.redemptions.own_journal: the folder {config.own_journal.parent} is not there; make it"


def _wrong_platforms(config: Config) -> Iterator[str]:
    names = [platform.name for platform in config.platforms]
    for number, platform in enumerate(config.platforms):
        here = f"$.platforms[{number}]"
        if platform.name in names[:number]:
            yield f"{here}.name: {platform.name} is there already; the records tell platforms apart by it"
        try:
            convert_config(
                platform.options, load_adapter("platform", platform.connector).Options, where=f"{here}.options"
            )
        except AdapterMissingError as error:
            yield f"{here}.connector: {error}"
        except ConfigError as error:
            yield str(error)
        except ImportError as error:
            yield f"{here}.connector: {platform.connector} cannot be loaded here ({error})"
