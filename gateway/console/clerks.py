"""The clerks of this gateway's stores over HTTP, for the manager's page: the head office carries every change out."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from gateway.console.answers import answer, bad_request, body_of, refuse
from gateway.console.clerk_sheet import MOST, SheetError, clerks_in, sheet_of
from protocol.duty import ClerkFacts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.console.parts import Parts
    from gateway.places import Clerk
    from protocol.duty import Staffed

_UNKNOWN = "the head office did not say whether it has done it; look at the list before you try again"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Clerks to add or to change, all or none."""

    clerks: tuple[ClerkFacts, ...]


class Clerks:
    """Handlers of the clerks."""

    def __init__(self, parts: Parts) -> None:
        """Keep the parts."""
        self._parts = parts

    def routes(self) -> Iterable[web.RouteDef]:
        """Return where these handlers are found."""
        return (
            web.get("/api/clerks", self.all),
            web.get("/api/clerks.csv", self.sheet),
            web.post("/api/clerks", self.put),
            web.post("/api/clerks.csv", self.put_sheet),
            web.post("/api/clerks/{number}/code", self.code),
            web.post("/api/clerks/{number}/badge", self.badge),
        )

    async def all(self, _request: web.Request) -> web.Response:
        """Return every clerk, and the stores where one can work."""
        stores = [{"id": store.id, "name": store.name} for store in self._parts.registry.stores]
        return answer({"clerks": [self._shown(clerk) for clerk in self._parts.staff.clerks], "stores": stores})

    async def sheet(self, _request: web.Request) -> web.Response:
        """Return every clerk as CSV."""
        return web.Response(
            body=sheet_of(self._parts.staff.clerks).encode(),
            content_type="text/csv",
            charset="utf-8",
            headers={"Content-Disposition": 'attachment; filename="clerks.csv"'},
        )

    async def put(self, request: web.Request) -> web.Response:
        """Add clerks or change them; their numbers, or why none of them was."""
        wanted = (await body_of(request, Wanted)).clerks
        if not 0 < len(wanted) <= MOST:
            msg = f"1 to {MOST} clerks at once"
            raise bad_request(msg)
        return _outcome(await self._parts.staff.put(wanted))

    async def put_sheet(self, request: web.Request) -> web.Response:
        """Take a CSV file in, all of it or nothing."""
        try:
            wanted = clerks_in(await request.read())
        except SheetError as error:
            raise bad_request(str(error)) from error
        return _outcome(await self._parts.staff.put(wanted))

    async def code(self, request: web.Request) -> web.Response:
        """Make a one-time code by which a clerk sets the PIN; it is told this once."""
        return _outcome(await self._parts.staff.code(_number(request), badge=False))

    async def badge(self, request: web.Request) -> web.Response:
        """Make a new badge; the old one ends, and the new one is told this once."""
        return _outcome(await self._parts.staff.code(_number(request), badge=True))

    def _shown(self, clerk: Clerk) -> dict[str, object]:
        return {
            "number": clerk.number,
            "name": clerk.name,
            "manager": clerk.manager,
            "stores": clerk.stores,
            "disabled": clerk.disabled,
            "has_pin": bool(clerk.pin),
            "locked": self._parts.staff.is_locked(clerk),
        }


def _number(request: web.Request) -> str:
    number = request.match_info["number"]
    if not (number.isascii() and number.isdigit() and len(number) <= 12):  # noqa: PLR2004 - as the wire has it
        msg = "a clerk's number is 1 to 12 digits"
        raise bad_request(msg)
    return number


def _outcome(said: Staffed | None) -> web.Response:
    if said is None:
        return refuse(HTTPStatus.BAD_GATEWAY, _UNKNOWN)
    if said.refused is not None:
        return refuse(HTTPStatus.CONFLICT, said.refused)
    return answer({"numbers": said.numbers, "code": said.code, "qr": said.qr, "until": said.until})
