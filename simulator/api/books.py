"""What each party's own journal says: those of the kiosks read from their files, the others asked.

A gateway that is off is read, too; a head office that is off is not, since its books may be anywhere.
"""

from __future__ import annotations

import asyncio
import http
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

from device.journal import read_books
from gateway.books import Books
from simulator.api.context import COUNTER
from simulator.api.errors import LONGEST_WORDS, ApiError
from simulator.counter import GATEWAY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from simulator.counter import Counter
    from simulator.services import Service

#: More than any rehearsal writes.
_ALL = 1_000_000


def add_routes(router: web.UrlDispatcher) -> None:
    """Put this address on the counter."""
    router.add_get("/api/books", books)


async def books(request: web.Request) -> web.Response:
    """Return every party's rows, oldest first."""
    return web.json_response(await all_books(request.app[COUNTER]), headers={"Cache-Control": "no-store"})


async def all_books(counter: Counter) -> dict[str, Any]:
    """Return every party's rows, oldest first; raise ServiceDownError or ApiError naming one that does not tell."""
    kiosks = {name: asyncio.to_thread(read_books, kiosk.folder.journal, _ALL) for name, kiosk in counter.kiosks.items()}
    of_kiosks = dict(zip(kiosks, await asyncio.gather(*kiosks.values()), strict=True))
    if counter.parts[GATEWAY].running:
        gateway = await _asked(counter.gateway, "/api/books")
    else:
        gateway = await asyncio.to_thread(_left_behind, counter.layout.gateway_journal)
    headoffice = await _asked(counter.headoffice, "/api/v1/books")
    # The gateway tells the newest first; of rows of one second the sort keeps the order in which they came.
    return {"kiosks": of_kiosks, "gateway": _in_order(reversed(gateway)), "headoffice": _in_order(headoffice)}


async def _asked(service: Service, path: str) -> list[dict[str, Any]]:
    reply = await service.call("GET", path)
    if not reply.is_good:
        error = f"the {service.part} does not tell its books ({reply.status})"
        raise ApiError(http.HTTPStatus.BAD_GATEWAY, error, reply.body.decode(errors="replace")[:LONGEST_WORDS])
    said = reply.json()
    rows: list[dict[str, Any]] = said["rows"] if isinstance(said, dict) else said
    return rows


def _left_behind(journal: Path) -> list[dict[str, Any]]:
    """Return the rows in the journal of a gateway that is off."""
    return [
        {
            "rid": usage.rid,
            "code_tail": usage.code_tail,
            "verdict": usage.verdict,
            "store": usage.store,
            "kiosk": usage.kiosk,
            "clerk": usage.clerk,
            "at": usage.time(UTC),
            "undone_by": usage.undone_by,
        }
        for usage in Books(journal).everything()
    ]


def _in_order(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: datetime.fromisoformat(row["at"]))
