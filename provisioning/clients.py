"""The HTTP interfaces of gateway and head office, as far as provisioning uses them.

Plain ``http.client``: no proxy is asked and no redirection followed, so the token goes to the address that was given
and nowhere else. Unknown fields of an answer are ignored.
"""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from provisioning.errors import ProvisioningError, RefusedError, ServiceError, UnreachableError

if TYPE_CHECKING:
    from pathlib import Path

AnswerT = TypeVar("AnswerT")

TIMEOUT_S = 10.0
MOST_TEXT = 400


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """A store as the head office keeps it."""

    id: str
    name: str
    timezone: str = "Asia/Shanghai"
    address: str = ""
    phone: str = ""
    hours: str = ""
    map: str = ""
    clerk_policy: str = "none"


class GatewayEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway as the head office keeps it: which stores it may speak for."""

    id: str
    name: str = ""
    stores: tuple[str, ...] = ()


class KioskEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A kiosk as its gateway keeps it."""

    id: str
    store: str
    name: str = ""
    state: str = "active"
    online: bool | None = None

    @property
    def revoked(self) -> bool:
        """Whether it was revoked, which is for good."""
        return self.state == "revoked"


@dataclass(frozen=True, slots=True)
class Door:
    """Where a service is reached, and the token that opens it."""

    what: str
    """``gateway`` or ``head office``, for messages."""
    url: str
    token: str = field(repr=False)

    def call(self, method: str, path: str, body: object = None) -> bytes:
        """Send a request and return the answer's body; raise UnreachableError or RefusedError."""
        connection = self._connection()
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, path, None if body is None else msgspec.json.encode(body), headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            msg = f"the {self.what} at {self.url} does not answer ({_reason(error)}); does it run, is that its address?"
            raise UnreachableError(msg) from error
        finally:
            connection.close()
        if answer.status // 100 != http.HTTPStatus.OK // 100:
            raise RefusedError(self._refusal(answer.status, content), answer.status)
        return content

    def ask(self, path: str, kind: type[AnswerT]) -> AnswerT:
        """Return what a GET answers, as the type that it should be; raise ServiceError."""
        try:
            return msgspec.json.decode(self.call("GET", path), type=kind)
        except msgspec.DecodeError as error:
            msg = f"the {self.what} at {self.url} does not speak this version's language at {path}: {error}"
            raise ServiceError(msg) from error

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        try:
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if parts.scheme not in {"http", "https"} or host is None or parts.path not in {"", "/"}:
            msg = f"{self.url!r} is no address of a {self.what}; it looks like http://127.0.0.1:8080"
            raise ServiceError(msg)
        if parts.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=ssl.create_default_context())
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)

    def _refusal(self, status: int, content: bytes) -> str:
        if status == http.HTTPStatus.UNAUTHORIZED:
            return f"the {self.what} at {self.url} does not accept this token; is the token file the {self.what}'s?"
        return (
            f"the {self.what} at {self.url} refused: {_sentence(content) or http.HTTPStatus(status).phrase} ({status})"
        )


@dataclass(frozen=True, slots=True)
class GatewayClient:
    """The gateway, as the technician speaks to it."""

    door: Door

    def refresh_stores(self) -> None:
        """Make the gateway fetch its stores from the head office now."""
        self.door.call("POST", "/api/stores/refresh")

    def kiosks(self) -> list[KioskEntry]:
        """Return the gateway's kiosks, revoked ones too."""
        return self.door.ask("/api/kiosks", _Kiosks).kiosks

    def put_kiosk(self, identity: str, store: str, name: str) -> None:
        """Bind a kiosk to a store: a new one, or one that moves."""
        self.door.call("PUT", f"/api/kiosks/{quote(identity, safe='')}", {"store": store, "name": name})

    def revoke_kiosk(self, identity: str) -> None:
        """Make the gateway refuse a kiosk from now on."""
        self.door.call("POST", f"/api/kiosks/{quote(identity, safe='')}/revoke")


@dataclass(frozen=True, slots=True)
class HeadOfficeClient:
    """The head office, as the technician speaks to it."""

    door: Door

    def stores(self) -> list[Store]:
        """Return all stores of the chain."""
        return self.door.ask("/api/v1/stores", list[Store])

    def put_store(self, store: Store) -> None:
        """Make a store, or change it."""
        values = msgspec.structs.asdict(store)
        identity = values.pop("id")
        self.door.call("PUT", f"/api/v1/stores/{quote(identity, safe='')}", values)

    def gateways(self) -> list[GatewayEntry]:
        """Return all gateways and the stores that they may speak for."""
        return self.door.ask("/api/v1/gateways", list[GatewayEntry])

    def put_gateway(self, gateway: GatewayEntry) -> None:
        """Make a gateway, or change its name and which stores it may speak for."""
        body = {"name": gateway.name, "stores": gateway.stores}
        self.door.call("PUT", f"/api/v1/gateways/{quote(gateway.id, safe='')}", body)


def read_token(path: Path) -> str:
    """Return the token in a file that a service has made at its first start; raise ProvisioningError."""
    try:
        token = path.read_text(encoding="ascii").strip()
    except OSError as error:
        absent = "the service makes it at its first start"
        hint = "give the command with sudo" if isinstance(error, PermissionError) else absent
        msg = f"{path}: the token cannot be read ({error.strerror}); {hint}"
        raise ProvisioningError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path}: holds no token"
        raise ProvisioningError(msg) from error
    if not token or not token.isprintable():
        msg = f"{path}: holds no token"
        raise ProvisioningError(msg)
    return token


class _Kiosks(msgspec.Struct):
    kiosks: list[KioskEntry]


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


def _sentence(content: bytes) -> str:
    """Return what a refusal says for people: the head office's ``hint``, the gateway's ``error``, else all of it."""
    text = content.decode(errors="replace").strip()
    try:
        parsed: Any = json.loads(text)
    except ValueError:
        return text[:MOST_TEXT]
    said = parsed.get("hint", parsed.get("error")) if isinstance(parsed, dict) else None
    return (said if isinstance(said, str) else text)[:MOST_TEXT]
