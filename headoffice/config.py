"""What a head office is told by its operator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from service.config import Section, missing_files

Port = Annotated[int, Meta(ge=0, le=65535)]


class Public(Section, frozen=True, kw_only=True):
    """The door for people: API with a bearer token, customers' pages. A proxy that ends TLS stands before it."""

    host: str = "127.0.0.1"
    port: Port = 8600
    url: str = ""
    """Address at which customers' phones reach this door; empty: the host and port themselves."""
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
    log: Log = Log()

    @property
    def database(self) -> str:
        """The database's address, with the default filled in."""
        return self.database_url or f"sqlite:///{Path(self.data).resolve() / 'hexiao.db'}"

    @property
    def token_file(self) -> Path:
        """Where the administrator's token lies."""
        return Path(self.data) / "admin.token"

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
    return found
