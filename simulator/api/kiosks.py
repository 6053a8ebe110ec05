"""What can be done at one kiosk: hold something before its camera, press its buttons, look at it, cut its power."""

from __future__ import annotations

import asyncio
import http
import io
import math
from typing import TYPE_CHECKING

from aiohttp import web
from PIL import Image

from device.ports import Button
from device.scan.errors import PictureError
from device.scan.pictures import fit
from simulator.api.context import COUNTER
from simulator.api.errors import ApiError
from simulator.frames import clear, write_frame
from simulator.panel_chip import HEIGHT, WIDTH

if TYPE_CHECKING:
    from pathlib import Path

    from simulator.counter import Kiosk

LONGEST_PRESS_S = 60.0


def add_routes(router: web.UrlDispatcher) -> None:
    """Put these addresses on the counter."""
    kiosk = "/api/kiosks/{id}"
    router.add_put(f"{kiosk}/camera", put_camera)
    router.add_delete(f"{kiosk}/camera", delete_camera)
    router.add_post(kiosk + "/buttons/{button}", press)
    router.add_get(f"{kiosk}/panel.png", panel)
    router.add_get(f"{kiosk}/state", state)
    router.add_post(kiosk + "/power/{action:cut|restore}", power)


def kiosk_of(request: web.Request) -> Kiosk:
    """Return the kiosk that an address names; raise ApiError."""
    kiosks = request.app[COUNTER].kiosks
    identity = request.match_info["id"]
    if identity not in kiosks:
        hint = f"there is {', '.join(kiosks)}"
        raise ApiError(http.HTTPStatus.NOT_FOUND, f"no kiosk {identity} stands here", hint)
    return kiosks[identity]


async def put_camera(request: web.Request) -> web.Response:
    """Put a picture before the camera: it stands there until another one, or none, does."""
    kiosk = kiosk_of(request)
    native = _choice(request, "fit", ("frame", "native")) == "native"
    content = await request.read()
    width, height = await asyncio.to_thread(_hold_up, kiosk.folder.frame, content, native=native)
    return web.json_response({"width": width, "height": height})


async def delete_camera(request: web.Request) -> web.Response:
    """Take away what stands before the camera."""
    clear(kiosk_of(request).folder.frame)
    return web.json_response({})


async def press(request: web.Request) -> web.Response:
    """Press a button; answer when it is released and dealt with."""
    kiosk = kiosk_of(request)
    name = request.match_info["button"]
    if name not in list(Button):
        raise ApiError(http.HTTPStatus.NOT_FOUND, f"there is no button {name}", f"there is {', '.join(Button)}")
    held_s = _seconds(request, "held_s", default=0.1)
    await kiosk.hub.press(Button(name), held_s)
    return web.json_response({"button": name, "held_s": held_s})


async def panel(request: web.Request) -> web.Response:
    """Return the OLED's picture as PNG: 128x64, one bit."""
    pixels = await kiosk_of(request).hub.picture()
    file = io.BytesIO()
    Image.frombytes("1", (WIDTH, HEIGHT), pixels).save(file, format="PNG")
    return web.Response(body=file.getvalue(), content_type="image/png", headers={"Cache-Control": "no-store"})


async def state(request: web.Request) -> web.Response:
    """Return what the kiosk shows."""
    return web.json_response(kiosk_of(request).hub.state(), headers={"Cache-Control": "no-store"})


async def power(request: web.Request) -> web.Response:
    """Kill the kiosk's processes with -9, or start them from what is on disk."""
    kiosk = kiosk_of(request)
    if request.match_info["action"] == "cut":
        killed = await kiosk.power_cut()
        return web.json_response({"power": "off", "killed": killed})
    took_s = await kiosk.power_on()
    return web.json_response({"power": "on", "ready_s": round(took_s, 3)})


def _hold_up(path: Path, content: bytes, *, native: bool) -> tuple[int, int]:
    try:
        frame = fit(content, native=native)
    except PictureError as error:
        hint = "send the bytes of a PNG, JPEG or WebP file as the body; the camera shows what it showed before"
        raise ApiError(http.HTTPStatus.BAD_REQUEST, str(error), hint) from error
    write_frame(path, frame)
    height, width = frame.shape
    return width, height


def _choice(request: web.Request, name: str, choices: tuple[str, ...]) -> str:
    chosen = request.query.get(name, choices[0])
    if chosen not in choices:
        raise ApiError(http.HTTPStatus.BAD_REQUEST, f"{name} cannot be {chosen!r}", f"{name} is {' or '.join(choices)}")
    return chosen


def _seconds(request: web.Request, name: str, default: float) -> float:
    try:
        seconds = float(request.query.get(name, default))
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= LONGEST_PRESS_S:
        hint = f"{name} is a number of seconds from 0 to {LONGEST_PRESS_S:.0f}"
        raise ApiError(http.HTTPStatus.BAD_REQUEST, f"{name}={request.query.get(name)} is no time for a press", hint)
    return seconds
