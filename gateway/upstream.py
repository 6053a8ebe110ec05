"""The gateway's questions to the head office: HTTPS with client certificates, over connections that are kept.

A question is sent once. No answer in time, a broken connection, an answer that is none: each means that nothing is
known, and is never read as a refusal. Only a look, which spends nothing, is asked again at once where a kept connection
turns out dead.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

import aiohttp
import msgspec

from gateway.places import Roster
from gateway.tls import client_context
from protocol import codec
from protocol.upstream import AskLook

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.config import HeadOffice
    from protocol.alarms import Report
    from protocol.status import StoreStatus
    from protocol.upstream import UpstreamAnswer, UpstreamRequest

log = logging.getLogger(__name__)

#: Questions that may be under way at once; more wait for their turn within their own time.
CONNECTIONS = 512
#: How long an idle connection is kept: less than servers keep theirs.
IDLE_S = 20.0


class _DroppedError(Exception):
    """A kept connection turned out dead; whether the question arrived is not known."""


class Upstream:
    """The head office, as this gateway reaches it."""

    def __init__(self, settings: HeadOffice, on_change: Callable[[], None]) -> None:
        """Keep the settings; ``on_change`` is called where the head office was lost or is back."""
        self._settings = settings
        self._on_change = on_change
        self._session: aiohttp.ClientSession | None = None
        self._ask_url = settings.url.rstrip("/") + "/upstream/v1/ask"
        self._stores_url = settings.url.rstrip("/") + "/upstream/v1/stores"
        self._status_url = settings.url.rstrip("/") + "/upstream/v1/status"
        self._alarms_url = settings.url.rstrip("/") + "/upstream/v1/alarms"
        self.reachable: bool | None = None
        """Whether the latest question was answered; None before the first."""

    def start(self) -> None:
        """Make ready to ask; nothing is sent. Raises IdentityError where the certificate cannot be used."""
        context = client_context(self._settings)
        connector = aiohttp.TCPConnector(ssl=context, limit=CONNECTIONS, keepalive_timeout=IDLE_S)
        headers = {"User-Agent": "hexiao-gateway", "Content-Type": "application/json", "Accept-Encoding": "identity"}
        self._session = aiohttp.ClientSession(connector=connector, headers=headers, cookie_jar=aiohttp.DummyCookieJar())

    async def ask(self, message: UpstreamRequest, timeout_s: float | None = None) -> UpstreamAnswer | None:
        """Ask once, waiting ``timeout_s`` (the configured time at most); None means that nothing is known."""
        patience = self._settings.timeout_s if timeout_s is None else min(timeout_s, self._settings.timeout_s)
        tries = 2 if isinstance(message, AskLook) else 1
        content = await self._call("POST", self._ask_url, patience, codec.encode(message), tries=tries)
        if content is None:
            return None
        try:
            return codec.upstream_answer(content)
        except codec.MessageError as error:
            log.error("headoffice_answer_unreadable error=%s", error)  # noqa: TRY400 - their fault
            return None

    async def fetch_roster(self) -> Roster | None:
        """Return the stores that this gateway may speak for, with their clerks; None where nobody said."""
        content = await self._call("GET", self._stores_url, self._settings.timeout_s, tries=2)
        if content is None:
            return None
        try:
            return msgspec.json.decode(content, type=Roster)
        except msgspec.DecodeError as error:
            log.error("headoffice_stores_unreadable error=%s", error)  # noqa: TRY400 - their fault
            return None

    async def tell_alarms(self, report: Report) -> bool:
        """Tell what is wrong in the stores; False where nobody has taken it: not every head office does."""
        body = msgspec.json.encode(report)
        return await self._call("POST", self._alarms_url, self._settings.timeout_s, body, tries=2) is not None

    async def tell_status(self, status: StoreStatus) -> bool:
        """Tell how a store is that is tried out; False where nobody has taken it: not every head office does."""
        body = msgspec.json.encode(status)
        return await self._call("POST", self._status_url, self._settings.timeout_s, body, tries=2) is not None

    async def close(self) -> None:
        """Close every connection; safe to call twice."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _call(
        self, method: str, url: str, timeout_s: float, body: bytes | None = None, *, tries: int
    ) -> bytes | None:
        """Return the body of a good answer, else None. ``tries``: above one only where asking twice is safe."""
        why = ""
        for _ in range(tries):
            try:
                return await self._call_once(method, url, timeout_s, body)
            except _DroppedError as error:
                why = str(error)
        self._note(reachable=False, why=why)
        return None

    async def _call_once(self, method: str, url: str, timeout_s: float, body: bytes | None) -> bytes | None:
        if self._session is None:
            return None
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        try:
            async with self._session.request(
                method, url, data=body, timeout=timeout, allow_redirects=False
            ) as response:
                content = await response.read()
        except aiohttp.ClientConnectorError as error:
            self._note(reachable=False, why=str(error))
            return None
        except (aiohttp.ClientConnectionError, OSError) as error:
            if isinstance(error, TimeoutError):
                self._note(reachable=False, why=f"no answer in {timeout_s:.1f} s")
                return None
            raise _DroppedError(str(error) or type(error).__name__) from error
        except aiohttp.ClientError as error:
            self._note(reachable=False, why=str(error))
            return None
        if response.status == HTTPStatus.OK:
            self._note(reachable=True)
            return content
        if response.status == HTTPStatus.NOT_FOUND:
            # It answers, and is older than this question: that is no reason to be told lost.
            log.debug("headoffice_without url=%s", url)
            self._note(reachable=True)
            return None
        hint = "register this gateway at the head office" if response.status == HTTPStatus.FORBIDDEN else "-"
        says = content[:300].decode(errors="replace")
        log.error("headoffice_refused url=%s status=%s says=%s do=%s", url, response.status, says, hint)
        self._note(reachable=False, why=f"status {response.status}")
        return None

    def _note(self, *, reachable: bool, why: str = "") -> None:
        if reachable is self.reachable:
            return
        self.reachable = reachable
        if reachable:
            log.info("headoffice_reached url=%s", self._settings.url)
        else:
            log.warning("headoffice_unreachable url=%s why=%s", self._settings.url, why)
        self._on_change()
