"""The gateways' door: ``POST /upstream/v1/ask``, ``/alarms`` and ``/status``, ``GET /upstream/v1/stores``.

All of it behind a certificate.

This contract is small on purpose: a chain with a head office of its own implements it. Who asks is the certificate's
word; nothing in a message can speak for a store that this gateway does not serve. The messages: ``docs/protocol.md``.

200  the answer, as a message; what is said about a message itself is a ``notice``
400  no message
403  a certificate of no registered gateway
413  more than any message can be
503  the database does not answer; ask again, with the same rid
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from headoffice.alarms import board
from headoffice.errors import DatabaseError, GatewayUnknownError
from headoffice.peer import PEER
from headoffice.practice import opening
from headoffice.registry import stores_of
from headoffice.staff.clerks import clerks_of
from protocol import codec
from protocol.alarms import Report
from protocol.codec import LARGEST_MESSAGE, MessageError, VersionError
from protocol.messages import Answer, Notice
from protocol.status import StoreStatus
from protocol.upstream import AskLook, AskRedeem, AskResolve
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection
    from starlette.requests import Request

    from headoffice.database import Database
    from headoffice.platforms.driver import Driver
    from headoffice.redemptions.ledger import Ledger
    from headoffice.workers import Workers
    from protocol.alarms import Alarm
    from protocol.upstream import UpstreamAnswer, UpstreamRequest

ToldT = TypeVar("ToldT", Report, StoreStatus)

_log = logging.getLogger(__name__)

_JSON = "application/json"


#: A gateway's question about a platform's code is held for so long before it is told that the rid is pending.
HOLD_S = 2.0


def upstream_app(
    ledger: Ledger,
    database: Database,
    workers: Workers,
    clock: Callable[[], datetime],
    driver: Driver | None = None,
) -> Starlette:
    """Return the ASGI application of this door; ``driver`` asks platforms, where there are any."""
    door = _Door(ledger, database, workers, clock, driver)
    return Starlette(
        routes=[
            Route("/upstream/v1/ask", door.ask, methods=["POST"]),
            Route("/upstream/v1/stores", door.stores, methods=["GET"]),
            Route("/upstream/v1/alarms", door.alarms, methods=["POST"]),
            Route("/upstream/v1/status", door.status, methods=["POST"]),
        ],
        exception_handlers={GatewayUnknownError: _not_registered, DatabaseError: _later},
    )


class _Door:
    def __init__(
        self,
        ledger: Ledger,
        database: Database,
        workers: Workers,
        clock: Callable[[], datetime],
        driver: Driver | None,
    ) -> None:
        self._ledger = ledger
        self._database = database
        self._workers = workers
        self._clock = clock
        self._driver = driver

    async def ask(self, request: Request) -> Response:
        """Answer one message."""
        payload = await _body(request)
        if payload is None:
            return PlainTextResponse(f"more than {LARGEST_MESSAGE} bytes are no message", 413)
        try:
            message = codec.upstream_request(payload)
        except VersionError as error:
            # Not 4xx: a gateway must be able to show its kiosks what to update.
            return _message(Notice(verdict=Verdict.FAULT, hint=str(error)))
        except MessageError as error:
            return PlainTextResponse(str(error), 400)
        return _message(await self._answer(_gateway(request), message))

    async def _answer(self, gateway: str, message: UpstreamRequest) -> UpstreamAnswer:
        match message:
            case AskLook():
                return await self._look(gateway, message)
            case AskRedeem() | AskResolve() if self._driver is not None:
                return await self._decide(self._driver, gateway, message)
            case _:
                return await self._workers.write(self._ledger.answer, gateway, message)

    async def _look(self, gateway: str, ask: AskLook) -> UpstreamAnswer:
        worth = None
        driver, read = self._driver, self._workers.read
        if driver and driver.recognises(ask.code) and await read(self._ledger.is_for_a_platform, gateway, ask):
            worth = await driver.worth(ask.code)
        return await read(self._ledger.answer, gateway, ask, worth)

    async def _decide(self, driver: Driver, gateway: str, ask: AskRedeem | AskResolve) -> UpstreamAnswer:
        """Answer with the end where that comes soon, so that a counter need not ask twice."""
        with driver.listening(ask.intent.rid) as ended:
            answer = await self._workers.write(self._ledger.answer, gateway, ask)
            if not isinstance(answer, Answer) or answer.final:
                return answer
            try:
                await asyncio.wait_for(ended.wait(), HOLD_S)
            except TimeoutError:
                return answer
        return await self._workers.write(self._ledger.answer, gateway, ask)

    async def stores(self, request: Request) -> Response:
        """List the stores that this gateway may speak for, and the clerks who work in them."""
        gateway = _gateway(request)

        def roster(connection: Connection) -> dict[str, object]:
            stores = [{**store, "undo_s": self._ledger.undo_s} for store in stores_of(connection, gateway)]
            return {"stores": stores, "clerks": clerks_of(connection, gateway)}

        found = await self._workers.read(self._database.read, roster)
        return Response(msgspec.json.encode(found), media_type=_JSON)

    async def alarms(self, request: Request) -> Response:
        """Take what is wrong in a gateway's stores; of another's store nothing is believed."""
        report = await _told(request, Report)
        if isinstance(report, Response):
            return report
        found, gateway, at = report.alarms, _gateway(request), self._clock()

        def believed(connection: Connection) -> tuple[list[Alarm], bool]:
            own = {None, *(store["id"] for store in stores_of(connection, gateway))}
            of_own = [alarm for alarm in found if alarm.store in own]
            return of_own, board.changes_nothing(connection, gateway, of_own, at)

        of_own, known = await self._workers.read(self._database.read, believed)
        if not known:
            await self._workers.write(
                self._database.write, lambda connection: board.report(connection, gateway, of_own, at)
            )
        return Response(b"{}", media_type=_JSON)

    async def status(self, request: Request) -> Response:
        """Take what a gateway sees of a store that is tried out; of another's store nothing is believed."""
        status = await _told(request, StoreStatus)
        if isinstance(status, Response):
            return status
        gateway, at = _gateway(request), self._clock()
        await self._workers.write(
            self._database.write, lambda connection: opening.keep_status(connection, gateway, status, at)
        )
        return Response(b"{}", media_type=_JSON)


def _gateway(request: Request) -> str:
    """Return the gateway's identity, which is its certificate's common name and nothing else."""
    name = getattr(request.state, PEER, None)
    if not name:
        msg = "the certificate names nobody; `hexiao provision gateway add` makes one that does"
        raise GatewayUnknownError(msg)
    return str(name)


async def _told(request: Request, kind: type[ToldT]) -> ToldT | Response:
    """Return what a gateway tells of its stores, or the refusal of what is none."""
    payload = await _body(request)
    if payload is None:
        return PlainTextResponse(f"more than {LARGEST_MESSAGE} bytes are no report", 413)
    try:
        return msgspec.json.decode(payload, type=kind)
    except msgspec.DecodeError as error:
        return PlainTextResponse(str(error), 400)


async def _body(request: Request) -> bytes | None:
    """Return a request's body; None where it is larger than any message."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_MESSAGE:
            return None
    return body


def _message(answer: msgspec.Struct) -> Response:
    return Response(codec.encode(answer), media_type=_JSON)


async def _not_registered(request: Request, error: Exception) -> Response:
    _log.warning("event=gateway_refused peer=%s", getattr(request.state, PEER, None))
    return PlainTextResponse(str(error), 403)


async def _later(_: Request, error: Exception) -> Response:
    _log.error("event=database_unavailable error=%s", error)
    return PlainTextResponse("the database does not answer; ask again", 503, {"retry-after": "1"})
