"""What a script needs to know to take part in a rehearsal: who there is, where, and with what tokens and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from simulator.api.context import COUNTER
from simulator.layout import HOST, store_of
from simulator.services import ServiceDownError

if TYPE_CHECKING:
    from simulator.counter import Counter


def add_routes(router: web.UrlDispatcher) -> None:
    """Put this address on the counter."""
    router.add_get("/api/rehearsal", rehearsal)


async def rehearsal(request: web.Request) -> web.Response:
    """Return everything; the addresses are the parts' own, not behind the links that can be cut."""
    counter = request.app[COUNTER]
    asking = await stores_that_ask(counter)
    kiosks = [
        {
            "id": kiosk.identity,
            "store": store_of(kiosk.identity).id,
            "store_name": store_of(kiosk.identity).name,
            "clerk_required": store_of(kiosk.identity).id in asking,
            "cert": str(kiosk.folder.bundle.certificate),
            "key": str(kiosk.folder.bundle.key),
        }
        for kiosk in counter.kiosks.values()
    ]
    return web.json_response(
        {
            "kiosks": kiosks,
            "headoffice": {"url": counter.headoffice.url, "token": counter.headoffice.token},
            "gateway": {"url": counter.gateway.url, "token": counter.gateway.token},
            "broker": {"host": HOST, "port": counter.ports.broker, "ca": str(counter.layout.broker.authority)},
            "provision": {"config": str(counter.layout.provision)},
        },
        headers={"Cache-Control": "no-store"},
    )


async def stores_that_ask(counter: Counter) -> set[str]:
    """Return the ids of the stores that ask for a clerk, as the gateway has it; none while it is off."""
    try:
        reply = await counter.gateway.call("GET", "/api/stores")
    except ServiceDownError:
        return set()
    said = reply.json()
    stores = said.get("stores", []) if isinstance(said, dict) else []
    return {store["id"] for store in stores if store.get("clerk_required")}
