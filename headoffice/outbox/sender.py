"""One POST to a receiver: one answer or none, soon; no redirects, no proxies, nothing kept of what it says."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from headoffice.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headoffice.outbox.addresses import Reach

#: For connection, sending and answer together.
ANSWER_S = 10.0
LARGEST_ANSWER = 16 << 10
_JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a receiver has answered."""

    status: int
    body: bytes
    """The beginning of it."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Why there is no answer."""

    why: str


class Sender:
    """Connections to receivers; nothing is connected before ``start``."""

    def __init__(self, reach: Reach, authority: str = "") -> None:
        """Keep what may be reached; ``authority`` is a PEM file of one beside those that the system trusts."""
        self._reach = reach
        self._authority = authority
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Make ready to send."""
        context = ssl.create_default_context()
        if self._authority:
            context.load_verify_locations(self._authority)
        connector = aiohttp.TCPConnector(resolver=_Guard(self._reach), ssl=context, use_dns_cache=False)
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=ANSWER_S),
            auto_decompress=False,
        )

    async def close(self) -> None:
        """Hang up."""
        if self._session is not None:
            await self._session.close()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply | Unanswered:
        """Send a body of JSON."""
        if self._session is None:
            msg = "the sender has not been started"
            raise RuntimeError(msg)
        try:
            self._reach.check(url)  # an address that is a number is never looked up
            named = {"content-type": _JSON, "user-agent": "hexiao", **headers}
            async with self._session.post(url, data=body, headers=named, allow_redirects=False) as answer:
                return Reply(answer.status, await _beginning(answer.content))
        except RefusedError as error:
            return Unanswered(str(error))
        except TimeoutError:
            return Unanswered(f"no answer in {ANSWER_S:.0f} s")
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            return Unanswered(f"cannot be reached: {type(error).__name__}")


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    body = b""
    while len(body) < LARGEST_ANSWER and (part := await content.read(LARGEST_ANSWER - len(body))):
        body += part
    return body


class _Guard(AbstractResolver):
    """Looks names up, and gives away no address that nothing may be sent to."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._names = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name that may be sent to; raise OSError where there is none."""
        found = await self._names.resolve(host, port, family)
        allowed = [one for one in found if self._reach.allows(ip_address(one["host"].partition("%")[0]))]
        if not allowed:
            msg = "is not on the Internet, and in no network of [webhooks]"
            raise OSError(msg)
        return allowed

    async def close(self) -> None:
        """Nothing is held open."""
        await self._names.close()
