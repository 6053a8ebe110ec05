"""Looking, redeeming, undoing and settling over HTTP, for the page and for tills.

The caller draws the redemption id and brings it as Idempotency-Key; where it got no answer it sends the very same
again, for ten seconds. After that, after a restart of its own, and where it gives up it asks only for the end: the same
body to the address of the redemption id. Only an answer that says ``final`` ends anything.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, assert_never

import msgspec
from aiohttp import web
from msgspec import Meta

from gateway.callers import NotNow
from gateway.console.access import Access, Entry
from gateway.console.answers import answer, bad_request, body_of, key_of, not_found, row, store_named
from protocol.classify import as_typed
from protocol.duty import Text
from protocol.ids import Rid, StoreId
from protocol.messages import Action, Answer, Code, Intent, Method, Notice, Offered, Quantity, Refused, Sealed
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.console.parts import Parts

ClerkNumber = Annotated[str, Meta(max_length=32)]

#: Why a caller asks only for the end, for whoever reads that nothing came of it.
RESOLVED = "no answer in time, or given up"
#: After so many seconds a caller that was not answered may ask again.
RETRY_AFTER_S = 3


class LookBody(msgspec.Struct, frozen=True, kw_only=True):
    """A code that somebody typed, and the store in which they stand."""

    store: StoreId
    code: Code
    clerk: ClerkNumber | None = None


class RedeemBody(msgspec.Struct, frozen=True, kw_only=True):
    """What a look offered, confirmed; ``amount`` is what was received, in fen."""

    store: StoreId
    code: Code
    offer: Sealed
    quantity: Quantity = 1
    clerk: ClerkNumber | None = None
    amount: Annotated[int, Meta(ge=0)] | None = None


class UndoBody(msgspec.Struct, frozen=True, kw_only=True):
    """Why a redemption is undone. ``store`` is where that was, should this gateway have forgotten it."""

    reason: Annotated[Text, Meta(min_length=1)]
    clerk: ClerkNumber | None = None
    store: StoreId | None = None


class SettleBody(msgspec.Struct, frozen=True, kw_only=True):
    """A person's word on whether the goods were handed over."""

    handed_over: bool


class Counter:
    """Handlers of the gateway's own counter."""

    def __init__(self, parts: Parts, access: Access) -> None:
        """Keep the parts."""
        self._parts = parts
        self._access = access

    def routes(self) -> Iterable[web.RouteDef]:
        """Return where these handlers are found."""
        return (
            web.post("/api/look", self.look),
            web.post("/api/redemptions", self.redeem),
            web.get("/api/redemptions/{rid}", self.one),
            web.post("/api/redemptions/{rid}/resolve", self.resolve),
            web.post("/api/redemptions/{undoes}/undo", self.undo),
            web.post("/api/redemptions/{undoes}/undo/{rid}/resolve", self.resolve_undo),
            web.post("/api/redemptions/{rid}/settled", self.settle),
        )

    async def look(self, request: web.Request) -> web.Response:
        """Return what a code is worth: ``redeemable`` with an offer to confirm, or why not."""
        asked = await body_of(request, LookBody)
        code = as_typed(asked.code.strip())
        if not code:
            msg = "the code is empty"
            raise bad_request(msg)
        store = store_named(self._parts.registry, asked.store)
        said = await self._parts.counter.look(store, code, self._method(request), asked.clerk)
        match said:
            case Offered():
                return answer(
                    {
                        "verdict": Verdict.REDEEMABLE,
                        "code": code,
                        "offer": said.offer,
                        "detail": said.detail,
                        "max_quantity": said.max_quantity,
                        "valid_s": said.valid_s,
                        "asks_amount": said.asks_amount,
                        "others": said.others,
                    }
                )
            case Refused():
                return answer({"verdict": said.verdict, "code": code, "detail": said.detail})
            case _:
                return answer({"verdict": said.verdict, "code": code, "detail": {"reason": said.hint}})

    async def redeem(self, request: web.Request) -> web.Response:
        """Redeem what was offered. 200: ended; 202: not yet, ask again or send the very same again."""
        rid = key_of(request)
        asked = await body_of(request, RedeemBody)
        store = store_named(self._parts.registry, asked.store)
        return _outcome(rid, await self._parts.counter.redeem(store, self._intent(request, rid, asked)))

    async def resolve(self, request: web.Request) -> web.Response:
        """Bring a redemption to its end without beginning it; body and answers are those of ``redeem``."""
        rid = _id(request, "rid")
        asked = await body_of(request, RedeemBody)
        intent = self._intent(request, rid, asked)
        if self._parts.relays.known(rid) is None:
            store_named(self._parts.registry, asked.store)
        return _outcome(rid, await self._parts.counter.resolve(asked.store, intent, RESOLVED))

    async def one(self, request: web.Request) -> web.Response:
        """Return what is known of one redemption id."""
        await self._parts.journal.flush()
        usage = self._parts.journal.usage(request.match_info["rid"])
        if usage is None:
            msg = "no request under this id is known here"
            raise not_found(msg)
        return answer(row(usage, self._parts.registry))

    async def undo(self, request: web.Request) -> web.Response:
        """Undo a redemption, under an undo's own id; answers as ``redeem`` does."""
        rid = key_of(request)
        asked = await body_of(request, UndoBody)
        undoes = _id(request, "undoes")
        said = await self._parts.counter.undo(rid, undoes, asked.reason, self._method(request), asked.clerk)
        if said is None:
            raise _unknown()
        return _outcome(rid, said)

    async def resolve_undo(self, request: web.Request) -> web.Response:
        """Bring an undo to its end without beginning it; body and answers are those of ``undo``."""
        rid, undoes = _id(request, "rid"), _id(request, "undoes")
        asked = await body_of(request, UndoBody)
        store = self._parts.counter.store_of(undoes)
        if store is None and asked.store is not None:
            store = store_named(self._parts.registry, asked.store).id
        if store is None:
            raise _unknown()
        intent = Intent(
            rid=rid,
            action=Action.UNDO,
            undoes=undoes,
            reason=asked.reason,
            method=self._method(request),
            clerk=asked.clerk,
        )
        return _outcome(rid, await self._parts.counter.resolve(store, intent, RESOLVED))

    async def settle(self, request: web.Request) -> web.Response:
        """Record whether the goods of a redemption were handed over."""
        asked = await body_of(request, SettleBody)
        if not self._parts.counter.settle(_id(request, "rid"), handed_over=asked.handed_over):
            raise _unknown()
        return web.Response(status=HTTPStatus.NO_CONTENT)

    def _intent(self, request: web.Request, rid: str, asked: RedeemBody) -> Intent:
        return Intent(
            rid=rid,
            code=as_typed(asked.code.strip()),
            quantity=asked.quantity,
            offer=asked.offer,
            method=self._method(request),
            clerk=asked.clerk,
            amount=asked.amount,
        )

    def _method(self, request: web.Request) -> Method:
        """Return how the code came: by the page, where a browser's cookie is shown, else by a program."""
        return Method.WEB if self._access.entry(request) is Entry.COOKIE else Method.API


def _outcome(rid: str, said: Answer | Notice | NotNow) -> web.Response:
    """Return the owner's word with 200 (an end) or 202; any other status is this gateway's word and ends nothing."""
    match said:
        case Answer():
            content = {
                "rid": rid,
                "verdict": said.verdict,
                "final": said.final,
                "detail": said.detail,
                "undone_by": said.undone_by,
            }
            return answer(content, HTTPStatus.OK if said.final else HTTPStatus.ACCEPTED)
        case Notice():
            return _no_end(rid, said.hint or str(said.verdict), HTTPStatus.CONFLICT)
        case NotNow():
            status = HTTPStatus.TOO_MANY_REQUESTS if said.too_many else HTTPStatus.SERVICE_UNAVAILABLE
            refusal = _no_end(rid, said.reason, status)
            refusal.headers["Retry-After"] = str(RETRY_AFTER_S)
            return refusal
        case _:
            assert_never(said)


def _no_end(rid: str, error: str, status: HTTPStatus) -> web.Response:
    return answer({"rid": rid, "final": False, "error": error}, status)


def _unknown() -> web.HTTPNotFound:
    return not_found("no redemption under this id is known here")


def _id(request: web.Request, name: str) -> str:
    """Return a redemption id out of the address; raise 400 where it is none."""
    try:
        return msgspec.convert(request.match_info[name], Rid)
    except msgspec.ValidationError as error:
        msg = "this is no redemption id: 32 hexadecimal digits"
        raise bad_request(msg) from error
