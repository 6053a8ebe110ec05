"""Kiosks and stores over HTTP: for the page, and for ``hexiao provision``."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from gateway.changes import Topic
from gateway.console.answers import answer, bad_request, body_of, not_found, refuse
from gateway.errors import RegistryError
from protocol.ids import Identity, StoreId

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.console.parts import Parts
    from gateway.places import Kiosk, Shift

log = logging.getLogger(__name__)


#: A page of a few weeks for a store of some kiosks.
SHIFTS_SHOWN = 200


class KioskBody(msgspec.Struct, frozen=True, kw_only=True):
    """Where a kiosk stands, and what people call it."""

    store: StoreId
    name: Annotated[str, Meta(max_length=64)] = ""


class Technician:
    """Handlers that change the registry."""

    def __init__(self, parts: Parts) -> None:
        """Keep the parts."""
        self._parts = parts

    def routes(self) -> Iterable[web.RouteDef]:
        """Return where these handlers are found."""
        return (
            web.get("/api/kiosks", self.kiosks),
            web.put("/api/kiosks/{id}", self.put),
            web.post("/api/kiosks/{id}/revoke", self.revoke),
            web.get("/api/stores", self.stores),
            web.post("/api/stores/refresh", self.refresh),
            web.get("/api/shifts", self.shifts),
            web.get("/api/status", self.status),
        )

    async def kiosks(self, _request: web.Request) -> web.Response:
        """Return every kiosk with its store and whether it is there."""
        return answer({"kiosks": [self._shown(kiosk) for kiosk in self._parts.registry.kiosks]})

    async def put(self, request: web.Request) -> web.Response:
        """Add a kiosk, or put it into another store; it is told at once."""
        identity, asked = _identity(request), await body_of(request, KioskBody)
        registry = self._parts.registry
        if registry.store(asked.store) is None:
            await self._parts.store_list.refresh()
        try:
            kiosk = await registry.bind(identity, asked.store, asked.name or identity)
        except RegistryError as error:
            return refuse(HTTPStatus.CONFLICT, str(error))
        log.info("kiosk_bound kiosk=%s store=%s", kiosk.id, kiosk.store)
        self._changed(identity)
        return answer(self._shown(kiosk))

    async def revoke(self, request: web.Request) -> web.Response:
        """Stop serving a kiosk for good; it is told so at once."""
        identity = _identity(request)
        if self._parts.registry.kiosk(identity) is None:
            msg = f"{identity} is no kiosk of this gateway"
            raise not_found(msg)
        try:
            kiosk = await self._parts.registry.revoke(identity)
        finally:
            self._changed(identity)
        log.warning("kiosk_revoked kiosk=%s store=%s", kiosk.id, kiosk.store)
        return answer(self._shown(kiosk))

    async def stores(self, _request: web.Request) -> web.Response:
        """Return the stores that this gateway may speak for."""
        return answer({"stores": self._parts.registry.stores})

    async def refresh(self, request: web.Request) -> web.Response:
        """Fetch the stores from the head office now."""
        if not await self._parts.store_list.refresh():
            return refuse(HTTPStatus.BAD_GATEWAY, "the head office did not say; the list stays as it was")
        return await self.stores(request)

    async def shifts(self, _request: web.Request) -> web.Response:
        """Return the newest shifts of clerks with their totals; money in fen, times ISO 8601."""
        journal = self._parts.journal
        return answer({"shifts": [_shown(shift, *journal.totals(shift)) for shift in journal.shifts(SHIFTS_SHOWN)]})

    async def status(self, _request: web.Request) -> web.Response:
        """Return whether broker and head office can be reached; null where that is not known yet."""
        parts = self._parts
        return answer(
            {
                "identity": parts.identity,
                "broker": parts.link.connected,
                "headoffice": parts.upstream.reachable,
                "behind": parts.standing.stopped,
            }
        )

    def _changed(self, identity: str) -> None:
        self._parts.desk.welcome(identity)
        self._parts.changes.tell(Topic.KIOSKS)

    def _shown(self, kiosk: Kiosk) -> dict[str, object]:
        parts = self._parts
        store = parts.registry.store(kiosk.store)
        here = parts.attendance.of(kiosk.id)
        heard_at, hello = parts.desk.hellos.get(kiosk.id, (None, None))
        return {
            "id": kiosk.id,
            "name": kiosk.name,
            "store": kiosk.store,
            "store_name": kiosk.store if store is None else store.name,
            "state": kiosk.state,
            "bound_at": kiosk.bound_at,
            "online": here.online if here is not None else False if parts.link.connected else None,
            "since": None if here is None else here.since,
            "heard_at": heard_at,
            "software": None if hello is None else hello.software,
            "open_rids": None if hello is None else hello.open_rids,
        }


def _identity(request: web.Request) -> str:
    try:
        return msgspec.convert(request.match_info["id"], Identity)
    except msgspec.ValidationError as error:
        msg = "this is no identity: lower-case letters, digits and dashes, at most 63"
        raise bad_request(msg) from error


def _shown(shift: Shift, redeemed: int, amount: int) -> dict[str, object]:
    until = None if shift.until is None else datetime.fromtimestamp(shift.until, UTC).isoformat(timespec="seconds")
    since = datetime.fromtimestamp(shift.since, UTC).isoformat(timespec="seconds")
    return {**msgspec.structs.asdict(shift), "since": since, "until": until, "redeemed": redeemed, "amount": amount}
