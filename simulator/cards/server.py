"""The platform of cards as a process: ``python -m simulator.cards --port N --secret FILE --events URL``.

What the head office's connector calls lies under ``/card``, what a rehearsal tells it to do under ``/rehearsal``; both
with the secret as a bearer token, and for this machine alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import logging
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

import aiohttp
import msgspec
from aiohttp import web

from simulator.cards.book import Book, Events, Sale, Troubles, Word

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from simulator.cards.book import Card, Told

log = logging.getLogger(__name__)

#: An event that was not taken is sent again so often, after so long.
EVENT_TRIES = 8
EVENT_AGAIN_S = 1.0
EVENT_WITHIN_S = 5.0
SIGNATURE = "X-Card-Signature"

Body = TypeVar("Body")


def signature(secret: str, body: bytes) -> str:
    """Return what an event is signed with."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class CardServer:
    """The application, and the events that it sends by itself."""

    def __init__(self, secret: str, events_url: str) -> None:
        """Keep what the calls are authorised by and events are signed with, and where events go."""
        self.book = Book()
        self._secret = secret
        self._events_url = events_url
        self._held: list[Told] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def application(self) -> web.Application:
        """Return its addresses."""
        app = web.Application(middlewares=[self._authorised])
        app.router.add_post("/card/get", self._get)
        app.router.add_post("/card/consume", self._consume)
        app.router.add_post("/card/record", self._record)
        app.router.add_post("/rehearsal/cards", self._sell)
        app.router.add_post("/rehearsal/troubles", self._trouble)
        app.router.add_post("/rehearsal/consume", self._consume_elsewhere)
        app.router.add_post("/rehearsal/events", self._release)
        app.router.add_get("/rehearsal/consumed", self._consumed)
        app.on_cleanup.append(self._close)
        return app

    @web.middleware
    async def _authorised(self, request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401 - aiohttp's
        if not hmac.compare_digest(request.headers.get("Authorization", ""), f"Bearer {self._secret}"):
            raise web.HTTPUnauthorized
        answer: web.StreamResponse = await handler(request)
        return answer

    # --- what the head office calls -------------------------------------------------------------------------------

    async def _get(self, request: web.Request) -> web.Response:
        code = (await _object(request))["code"]
        if self.book.troubles.silent:
            return _hang_up(request)
        word, card, left = self.book.query(str(code), time.monotonic())
        return web.json_response({"word": word, **({} if card is None else _card(card, left))})

    async def _consume(self, request: web.Request) -> web.Response:
        asked = await _object(request)
        code, quantity = str(asked["code"]), int(asked["quantity"])
        self.book.consumes.append(code)
        if not self.book.loses_this_answer():
            return web.json_response({"word": self._carry_out(code, quantity)})
        if self.book.troubles.late_s:
            self._spawn(self._carry_out_later(code, quantity, self.book.troubles.late_s))
        else:
            self._carry_out(code, quantity)
        return _hang_up(request)

    async def _record(self, request: web.Request) -> web.Response:
        card = self.book.cards.get(str((await _object(request))["code"]))
        return web.json_response({"consumed": None if card is None else [ours for _, ours in card.consumed]})

    async def _carry_out_later(self, code: str, quantity: int, after_s: float) -> None:
        await asyncio.sleep(after_s)
        self._carry_out(code, quantity)

    def _carry_out(self, code: str, quantity: int) -> Word:
        word, told = self.book.consume(code, quantity, time.monotonic(), ours=True)
        if told is not None:
            self._tell(told)
        return word

    # --- what a rehearsal tells it --------------------------------------------------------------------------------

    async def _sell(self, request: web.Request) -> web.Response:
        card = self.book.sell(await _read(request, Sale))
        return web.json_response({"card": card.name}, status=HTTPStatus.CREATED)

    async def _trouble(self, request: web.Request) -> web.Response:
        self.book.troubles = await _read(request, Troubles)
        return web.json_response(msgspec.to_builtins(self.book.troubles))

    async def _consume_elsewhere(self, request: web.Request) -> web.Response:
        code = str((await _object(request))["code"])
        word, told = self.book.consume(code, 1, time.monotonic(), ours=False)
        if told is not None:
            self._tell(told)
        return web.json_response({"word": word})

    async def _release(self, _: web.Request) -> web.Response:
        held, self._held = self._held, []
        for told in held:
            self._spawn(self._send(told))
        return web.json_response({"released": len(held)})

    async def _consumed(self, _: web.Request) -> web.Response:
        used = {code: len(card.consumed) for code, card in self.book.cards.items()}
        return web.json_response({"sent": self.book.consumes, "used": used})

    # --- events ---------------------------------------------------------------------------------------------------

    def _tell(self, told: Told) -> None:
        match self.book.troubles.events:
            case Events.SENT:
                self._spawn(self._send(told))
            case Events.HELD:
                self._held.append(told)
            case Events.LOST:
                log.info("event_lost card=%s", told.card)

    async def _send(self, told: Told) -> None:
        body = msgspec.json.encode(told)
        headers = {SIGNATURE: signature(self._secret, body)}
        timeout = aiohttp.ClientTimeout(total=EVENT_WITHIN_S)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            for _ in range(EVENT_TRIES):
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with session.post(self._events_url, data=body, headers=headers) as answer:
                        if answer.status == HTTPStatus.OK:
                            return
                await asyncio.sleep(EVENT_AGAIN_S)
        log.warning("event_not_taken card=%s", told.card)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _close(self, _: web.Application) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _card(card: Card, left: int) -> dict[str, Any]:
    sale = card.sale
    return {
        "card": card.name,
        "title": sale.title,
        "value": sale.value,
        "uses": sale.uses,
        "left": left,
        "stores": sale.stores,
    }


def _hang_up(request: web.Request) -> web.Response:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


async def _object(request: web.Request) -> dict[str, Any]:
    return await _read(request, dict[str, Any])


async def _read(request: web.Request, kind: type[Body]) -> Body:
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except msgspec.DecodeError as error:
        raise web.HTTPBadRequest(text=str(error)) from error
