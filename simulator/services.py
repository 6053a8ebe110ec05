"""Gateway and head office as the counter calls them: their own HTTP interfaces, with the tokens of their files."""

from __future__ import annotations

import http
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT = aiohttp.ClientTimeout(total=30, connect=5)


class ServiceDownError(RuntimeError):
    """A part did not answer."""

    def __init__(self, part: str, reason: str) -> None:
        """Keep the part's name."""
        super().__init__(f"the {part} does not answer: {reason}")
        self.part = part


@dataclass(frozen=True, slots=True)
class Reply:
    """What a part answered."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def is_good(self) -> bool:
        """Whether it did what was asked."""
        return self.status // 100 == http.HTTPStatus.OK // 100

    def json(self) -> Any:  # noqa: ANN401 - whatever the part says
        """Return the body as plain values; None where it is no JSON."""
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return None


@dataclass(frozen=True, slots=True)
class Service:
    """One part's HTTP interface."""

    part: str
    url: str
    token: str
    session: aiohttp.ClientSession

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,  # noqa: ANN401 - plain values
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request with the token and return the answer, whatever it says; raise ServiceDownError."""
        all_headers = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        data = None
        if body is not None:
            data = msgspec.json.encode(body)
            all_headers["Content-Type"] = "application/json"
        return await self.send(method, path, data, all_headers)

    async def send(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> Reply:
        """Send a request as it is, without the token; raise ServiceDownError."""
        try:
            async with self.session.request(
                method, self.url + path, data=data, headers=headers, allow_redirects=False
            ) as answer:
                return Reply(answer.status, await answer.read(), dict(answer.headers))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ServiceDownError(self.part, str(error) or type(error).__name__) from error
