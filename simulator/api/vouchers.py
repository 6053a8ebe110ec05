"""Vouchers, their life and clerks, through the head office's own API; redemptions undone, through the gateway's."""

from __future__ import annotations

import contextlib
import http
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from protocol.ids import RID_BYTES, rid_from
from simulator.api.context import COUNTER
from simulator.api.errors import ApiError, passed_on
from simulator.services import ServiceDownError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiohttp import web

    from simulator.services import Service

STEPS = (
    *("gift", "take-back", "delete", "withdraw", "ask-refund", "grant-refund", "refuse-refund"),
    *("pay", "accept", "prepare", "ready"),
)
#: What POST /api/vouchers takes; the head office judges the values.
FIELDS = (
    *("code", "title", "kind", "stores", "uses", "valid_from", "valid_until", "dynamic"),
    *("type", "paid", "stage", "booked_for", "bundle"),
)
_KEY = "Idempotency-Key"


def add_routes(router: web.UrlDispatcher) -> None:
    """Put these addresses on the counter."""
    router.add_post("/api/vouchers", issue)
    router.add_post(f"/api/vouchers/{{code}}/{{step:{'|'.join(STEPS)}}}", live)
    router.add_post("/api/redemptions/{rid}/undo", undo)
    router.add_post("/api/clerks", add_clerk)


async def issue(request: web.Request) -> web.Response:
    """Issue a voucher; stores that nobody knows become empty ones."""
    order = await _object(request)
    unknown = sorted(set(order) - set(FIELDS))
    if unknown:
        hint = f"a voucher has {', '.join(FIELDS)}"
        raise ApiError(http.HTTPStatus.BAD_REQUEST, f"unknown field {', '.join(unknown)}", hint)
    order = {name: value for name, value in order.items() if value is not None}
    headoffice = request.app[COUNTER].headoffice
    await _open_missing(headoffice, _store_ids(order))
    return passed_on(await headoffice.call("POST", "/api/v1/vouchers", order))


async def live(request: web.Request) -> web.Response:
    """Take a step in a voucher's life."""
    code, step = quote(request.match_info["code"], safe=""), request.match_info["step"]
    return passed_on(await request.app[COUNTER].headoffice.call("POST", f"/api/v1/vouchers/{code}/{step}"))


async def undo(request: web.Request) -> web.Response:
    """Undo a redemption, as the store's manager would on the console."""
    body = await _object(request) if request.can_read_body else {}
    reason = body.get("reason", "undone at the rehearsal counter")
    key = request.headers.get(_KEY) or rid_from(secrets.token_bytes(RID_BYTES))
    rid = quote(request.match_info["rid"], safe="")
    gateway = request.app[COUNTER].gateway
    return passed_on(await gateway.call("POST", f"/api/redemptions/{rid}/undo", {"reason": reason}, {_KEY: key}))


async def add_clerk(request: web.Request) -> web.Response:
    """Add a clerk at the head office, and let the gateway fetch its clerks, so that the kiosks hear of it at once."""
    order = await _object(request)
    counter = request.app[COUNTER]
    await _open_missing(counter.headoffice, _store_ids(order))
    added = await counter.headoffice.call("POST", "/api/v1/clerks", order)
    if added.is_good:
        with contextlib.suppress(ServiceDownError):  # a gateway that is off fetches them at its start
            await counter.gateway.call("POST", "/api/stores/refresh")
    return passed_on(added)


def _store_ids(order: dict[str, Any]) -> list[str]:
    stores = order.get("stores", [])
    if not isinstance(stores, list) or not all(isinstance(store, str) for store in stores):
        raise ApiError(http.HTTPStatus.BAD_REQUEST, "stores is no list of store ids", "null means every store")
    return stores


async def _open_missing(headoffice: Service, stores: Iterable[str]) -> None:
    """Make a store of every id that is none yet; raise ApiError where the head office will not have it."""
    wanted = set(stores)
    if not wanted:
        return
    known = {store["id"] for store in (await headoffice.call("GET", "/api/v1/stores")).json()}
    for store in sorted(wanted - known):
        reply = await headoffice.call("PUT", f"/api/v1/stores/{quote(store, safe='')}", {"name": store})
        if not reply.is_good:
            hint = "an id has small letters, digits and hyphens, at most 63"
            raise ApiError(http.HTTPStatus.BAD_REQUEST, f"{store!r} cannot be a store's id", hint)


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        return msgspec.json.decode(await request.read(), type=dict[str, Any])
    except msgspec.DecodeError as error:
        hint = "send a JSON object as the body"
        raise ApiError(http.HTTPStatus.BAD_REQUEST, f"the body cannot be read: {error}", hint) from error
