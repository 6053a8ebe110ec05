"""Looking, redeeming, undoing and settling over HTTP, for the page and for tills.

The caller draws the redemption id and brings it as Idempotency-Key; where it got no answer it sends the very same
again.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from gateway.console.access import Access, Entry
from gateway.console.answers import answer, bad_request, body_of, key_of, not_found, refuse, row, store_named
from protocol.classify import as_typed
from protocol.duty import Text
from protocol.ids import Rid, StoreId
from protocol.messages import Answer, Code, Intent, Method, Notice, Offered, Quantity, Refused, Sealed
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.console.parts import Parts

ClerkNumber = Annotated[str, Meta(max_length=32)]


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
    """Why a redemption is undone."""

    reason: Annotated[Text, Meta(min_length=1)]
    clerk: ClerkNumber | None = None


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
            web.post("/api/redemptions/{rid}/undo", self.undo),
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
        intent = Intent(
            rid=rid,
            code=as_typed(asked.code.strip()),
            quantity=asked.quantity,
            offer=asked.offer,
            method=self._method(request),
            clerk=asked.clerk,
            amount=asked.amount,
        )
        store = store_named(self._parts.registry, asked.store)
        return _outcome(await self._parts.counter.redeem(store, intent))

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
        undoes = _rid(request)
        said = await self._parts.counter.undo(rid, undoes, asked.reason, self._method(request), asked.clerk)
        if said is None:
            msg = "no redemption under this id is known here"
            raise not_found(msg)
        return _outcome(said)

    async def settle(self, request: web.Request) -> web.Response:
        """Record whether the goods of a redemption were handed over."""
        asked = await body_of(request, SettleBody)
        if not self._parts.counter.settle(_rid(request), handed_over=asked.handed_over):
            msg = "no redemption under this id is known here"
            raise not_found(msg)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    def _method(self, request: web.Request) -> Method:
        """Return how the code came: by the page, where a browser's cookie is shown, else by a program."""
        return Method.WEB if self._access.entry(request) is Entry.COOKIE else Method.API


def _outcome(said: Answer | Notice) -> web.Response:
    if isinstance(said, Notice):
        return refuse(HTTPStatus.CONFLICT, said.hint or str(said.verdict))
    content = {
        "rid": said.rid,
        "verdict": said.verdict,
        "final": said.final,
        "detail": said.detail,
        "undone_by": said.undone_by,
    }
    return answer(content, HTTPStatus.OK if said.final else HTTPStatus.ACCEPTED)


def _rid(request: web.Request) -> str:
    try:
        return msgspec.convert(request.match_info["rid"], Rid)
    except msgspec.ValidationError as error:
        msg = "this is no redemption id: 32 hexadecimal digits"
        raise bad_request(msg) from error
