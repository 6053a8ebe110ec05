"""Calls an ASGI application in this process; the real doors are tried in ``test_process``."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status_code: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)

    def raise_for_status(self) -> Reply:
        """Return itself; fail where the call was refused."""
        assert self.status_code < 400, f"{self.status_code} {self.text}"
        return self


class Client:
    """Sends requests to one application."""

    def __init__(self, app: ASGIApp, headers: dict[str, str] | None = None) -> None:
        self._app = app
        self._headers = headers or {}

    def get(self, url: str, headers: dict[str, str] | None = None) -> Reply:
        return self.request("GET", url, headers=headers)

    def post(
        self, url: str, json: Any = None, headers: dict[str, str] | None = None, content: bytes | None = None
    ) -> Reply:
        return self.request("POST", url, json, headers, content)

    def put(self, url: str, json: Any = None) -> Reply:
        return self.request("PUT", url, json)

    def request(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> Reply:
        """Send one request and return the whole answer."""
        payload = content if content is not None else b"" if body is None else json.dumps(body).encode()
        named = {"host": "vouchers.example", "content-type": "application/json", **self._headers, **(headers or {})}
        parts = urlsplit(url)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in named.items()],
            "state": {},
        }
        sent: list[Message] = []
        asyncio.run(self._call(scope, payload, sent))
        start = sent[0]
        return Reply(
            start["status"],
            {name.decode(): value.decode() for name, value in start["headers"]},
            b"".join(message.get("body", b"") for message in sent[1:]),
        )

    async def _call(self, scope: dict[str, Any], payload: bytes, sent: list[Message]) -> None:
        asked = asyncio.Queue[dict[str, Any]]()
        asked.put_nowait({"type": "http.request", "body": payload, "more_body": False})

        async def send(message: Message) -> None:
            sent.append(message)

        await self._app(scope, asked.get, send)
