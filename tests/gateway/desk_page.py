"""A console on a real port, over a gateway whose broker is left out."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

from gateway.books import Books
from gateway.comparing import Comparing
from gateway.config import Console
from gateway.console.access import Access, read_or_make_token
from gateway.console.parts import Parts
from gateway.console.server import ConsoleServer
from gateway.presence import Attendance
from gateway.staff import Staff
from gateway.storelist import StoreList
from tests.gateway.shop import shop_and_headoffice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.fakes.minimal_headoffice import MinimalHeadOffice
    from tests.gateway.certificates import Authority
    from tests.gateway.shop import Shop


class NoLink:
    """A link that says that it is connected."""

    connected = True


@dataclass(frozen=True)
class Page:
    """A served console, and everything behind it."""

    url: str
    token: str
    shop: Shop
    headoffice: MinimalHeadOffice
    attendance: Attendance
    http: aiohttp.ClientSession

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Call the interface with the token; return status and content."""
        sent = {"Authorization": f"Bearer {self.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        async with self.http.request(method, self.url + path, json=body, headers=sent) as answer:
            return (
                answer.status,
                await answer.json() if answer.content_type == "application/json" else await answer.text(),
            )

    async def download(self, path: str) -> bytes:
        """Return a file that the interface offers."""
        async with self.http.get(self.url + path, headers={"Authorization": f"Bearer {self.token}"}) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.read()


@asynccontextmanager
async def served(
    data: Path, authority: Authority, port: int, embedded_in: tuple[str, ...] = (), timeout_s: float = 5.0
) -> AsyncIterator[Page]:
    """Serve a console."""
    async with shop_and_headoffice(data, authority, timeout_s) as (shop, headoffice):
        attendance = Attendance()
        upstream: Any = shop.upstream
        link: Any = NoLink()
        store_list = StoreList(upstream, shop.registry, shop.desk, shop.changes, 60)
        parts = Parts(
            identity="gw-1",
            registry=shop.registry,
            journal=shop.journal,
            books=Books(data / "journal.db"),
            comparing=Comparing(
                registry=shop.registry,
                journal=shop.journal,
                books=Books(data / "journal.db"),
                owner=shop.owner,
                relays=shop.relays,
                kiosks=shop.kiosk_books,
            ),
            relays=shop.relays,
            standing=shop.standing,
            desk=shop.desk,
            counter=shop.counter,
            store_list=store_list,
            staff=Staff(owner=upstream, registry=shop.registry, journal=shop.journal, refresh=store_list.refresh),
            attendance=attendance,
            link=link,
            upstream=upstream,
            changes=shop.changes,
        )
        token = read_or_make_token(data / "console.token")
        server = ConsoleServer(Console(port=port), parts, Access(token, port, embedded_in))
        await server.start()
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            try:
                yield Page(f"http://127.0.0.1:{port}", token, shop, headoffice, attendance, http)
            finally:
                await server.close()
