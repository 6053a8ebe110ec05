"""JSON in and out of the console's HTTP interface."""

from __future__ import annotations

from datetime import UTC
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

import msgspec
from aiohttp import web

from protocol.ids import Rid

if TYPE_CHECKING:
    from gateway.places import Store
    from gateway.registry import Registry
    from gateway.usage import Usage

BodyT = TypeVar("BodyT")

_JSON = "application/json"


def answer(content: object, status: int = HTTPStatus.OK) -> web.Response:
    """Return content as JSON."""
    return web.Response(body=msgspec.json.encode(content), status=status, content_type=_JSON)


def refuse(status: HTTPStatus, error: str) -> web.Response:
    """Return an error that says what is wrong and what to do."""
    return answer({"error": error}, status)


def bad_request(error: str) -> web.HTTPBadRequest:
    """Return the exception to raise for a request that makes no sense."""
    return web.HTTPBadRequest(text=_error(error), content_type=_JSON)


def not_found(error: str) -> web.HTTPNotFound:
    """Return the exception to raise where there is no such thing."""
    return web.HTTPNotFound(text=_error(error), content_type=_JSON)


def _error(text: str) -> str:
    return msgspec.json.encode({"error": text}).decode()


async def body_of(request: web.Request, kind: type[BodyT]) -> BodyT:
    """Return a request's JSON body; raise 400 with the path of what is wrong in it."""
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        msg = f"the body is not what is expected here: {error}"
        raise bad_request(msg) from error


def key_of(request: web.Request) -> str:
    """Return the rid that the caller brings as Idempotency-Key; raise 400 where there is none."""
    try:
        return msgspec.convert(request.headers.get("Idempotency-Key"), Rid)
    except msgspec.ValidationError as error:
        msg = "bring a redemption id: Idempotency-Key with 32 hexadecimal digits, drawn anew for every redemption"
        raise bad_request(msg) from error


def store_named(registry: Registry, store_id: str) -> Store:
    """Return a store of this gateway; raise 404 where it is none."""
    store = registry.store(store_id)
    if store is None:
        msg = f"{store_id} is no store of this gateway; GET /api/stores lists them"
        raise not_found(msg)
    return store


def row(usage: Usage, registry: Registry) -> dict[str, object]:
    """Return a row of the books for machines: ids, and beside them the names that people know."""
    store = registry.store(usage.store)
    kiosk = registry.kiosk(usage.kiosk)
    zone = UTC if store is None else store.zone
    return {
        "rid": usage.rid,
        "at": usage.time(zone),
        "verdict": usage.verdict,
        "final": usage.final,
        "action": usage.action,
        "code_tail": usage.code_tail,
        "title": usage.detail.title,
        "practice": usage.practice,
        "store": usage.store,
        "store_name": usage.store if store is None else store.name,
        "kiosk": usage.kiosk,
        "kiosk_name": None if kiosk is None else kiosk.name,
        "clerk": usage.clerk,
        "approver": usage.approver,
        "method": usage.method,
        "amount": usage.amount,
        "undoes": usage.undoes,
        "undone_by": usage.undone_by,
        "settled": usage.settled,
        "handed_over": usage.handed_over,
        "detail": usage.detail,
    }
