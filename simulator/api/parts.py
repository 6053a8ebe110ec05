"""Cutting cables and killing parts."""

from __future__ import annotations

import http
from typing import TYPE_CHECKING

from aiohttp import web

from simulator.api.context import COUNTER
from simulator.api.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable


def add_routes(router: web.UrlDispatcher) -> None:
    """Put these addresses on the counter."""
    router.add_post("/api/links/{name}/{action:cut|stall|drop|restore}", change_link)
    router.add_post("/api/parts/{name}/{action:kill|start}", change_part)
    router.add_get("/api/links", links)
    router.add_get("/api/parts", parts)


async def change_link(request: web.Request) -> web.Response:
    """Cut, stall or restore a cable, or let it lose every packet."""
    known = request.app[COUNTER].links
    link = known[_name(request, "link", known)]
    match request.match_info["action"]:
        case "cut":
            await link.cut()
        case "stall":
            await link.stall()
        case "drop":
            await link.drop()
        case _:
            await link.restore()
    return web.json_response({"link": link.name, "state": link.state})


async def change_part(request: web.Request) -> web.Response:
    """Kill a part with -9, or start it and answer when it is ready."""
    known = request.app[COUNTER].parts
    name = _name(request, "part", known)
    if request.match_info["action"] == "kill":
        killed = await known[name].kill()
        return web.json_response({"part": name, "running": False, "killed": killed})
    took_s = await known[name].start()
    return web.json_response({"part": name, "running": True, "ready_s": round(took_s, 3)})


async def links(request: web.Request) -> web.Response:
    """Return how each cable is."""
    return web.json_response({name: link.state for name, link in request.app[COUNTER].links.items()})


async def parts(request: web.Request) -> web.Response:
    """Return which parts run, and their process ids."""
    counter = request.app[COUNTER]
    running = {name: part.pid for name, part in counter.parts.items()}
    return web.json_response(running | {name: kiosk.process.pid for name, kiosk in counter.kiosks.items()})


def _name(request: web.Request, kind: str, known: Iterable[str]) -> str:
    name = request.match_info["name"]
    if name not in known:
        raise ApiError(http.HTTPStatus.NOT_FOUND, f"there is no {kind} {name}", f"there is {', '.join(known)}")
    return name
