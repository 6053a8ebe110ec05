"""What its owner does with a voucher from its page: give away, take back, ask for a refund, delete, share."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from headoffice.errors import NotAllowedError
from headoffice.notices import contacts
from headoffice.pages.forms import form_of
from headoffice.pages.html import PRIVATE
from headoffice.pages.view import see
from headoffice.vouchers.issued import live, share
from headoffice.vouchers.life import Objection, Standing, Step, take
from protocol.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection
    from starlette.requests import Request

    from headoffice.office import Office
    from headoffice.pages.html import Html
    from headoffice.pages.view import Seen

_OWNERS = (Step.GIFT, Step.TAKE_BACK, Step.ASK_REFUND, Step.DELETE)
_LONGEST_NAME = 20
_LONGEST_FORM = 2_000


def allowed(seen: Seen, at: datetime) -> list[str]:
    """Return the steps that its owner can take now. What was not sold has no refund; a friend coupon is shared."""
    voucher = seen.voucher
    expired = voucher.valid_until is not None and voucher.valid_until <= at
    standing = Standing(voucher.state, voucher.left, expired)
    impossible = {
        Step.GIFT: seen.looks["kind"] == Kind.FRIEND,
        Step.ASK_REFUND: not seen.looks["price_fen"],
    }
    return [
        step.value
        for step in _OWNERS
        if not (voucher.holder or impossible.get(step) or isinstance(take(step, standing), Objection))
    ]


class Steps:
    """What the forms of a voucher's page are sent to; each leads back to the page.

    The secret that its address holds is what proves the sender, so nobody else's site can send one.
    """

    def __init__(self, office: Office, html: Html) -> None:
        self._office = office
        self._html = html

    def routes(self) -> list[Route]:
        """Return what is served."""
        return [
            Route("/v/{token}/do/{step}", self.step, methods=["POST"]),
            Route("/v/{token}/share", self.share, methods=["POST"]),
            Route("/v/{token}/quiet", self.quiet, methods=["POST"]),
        ]

    def step(self, request: Request) -> Response:
        """Take a step in the voucher's life."""
        wanted, at = request.path_params["step"], self._office.clock()

        def go(connection: Connection, seen: Seen) -> None:
            if wanted not in allowed(seen, at):
                msg = f"{wanted} is not possible now"
                raise NotAllowedError(msg)
            live(connection, seen.looks["code"], Step(wanted), at)

        return self._changed(request, go)

    def quiet(self, request: Request) -> Response:
        """Send the customer no more notices; a mail's reader can ask for that by itself, with one click."""
        at = self._office.clock()
        return self._changed(request, lambda connection, seen: _end_notices(connection, seen, at))

    async def share(self, request: Request) -> Response:
        """Give a friend, who is named, a page of a friend coupon."""
        said = await form_of(request, _LONGEST_FORM)
        if said is None:
            return Response(status_code=413, headers=PRIVATE)
        name, at = said.get("name", "")[:_LONGEST_NAME], self._office.clock()

        def go(connection: Connection, seen: Seen) -> None:
            if name:
                share(connection, seen.looks["code"], name, at)

        return await run_in_threadpool(self._changed, request, go)

    def _changed(self, request: Request, work: Callable[[Connection, Seen], None]) -> Response:
        token, at = request.path_params["token"], self._office.clock()

        def change(connection: Connection) -> str | None:
            seen = see(connection, token, at)
            if seen is None or not seen.owners:
                return None
            work(connection, seen)
            return seen.voucher.id

        # What was faster than the step, the page that they are led back to says.
        with suppress(NotAllowedError):
            changed = self._office.database.write(change)
            if changed is None:
                return self._html.missing(request)
            self._office.changes.tell(changed)
        return RedirectResponse(f"/v/{token}", 303, PRIVATE)


def _end_notices(connection: Connection, seen: Seen, at: datetime) -> None:
    contacts.end_for(connection, seen.voucher.id, at)
