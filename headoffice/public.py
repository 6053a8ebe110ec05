"""The public door as one ASGI application: API, customers' pages, the desk, and whether the head office is well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI
from sqlalchemy import text

from headoffice.api import (
    alarms,
    campaigns,
    clerks,
    contacts,
    differences,
    drafts,
    leases,
    open_redemptions,
    parcels,
    practice,
    redemptions,
    sheets,
    stores,
    voucher_types,
    vouchers,
    wallets,
    webhooks,
)
from headoffice.api.access import TheOffice  # noqa: TC001 - FastAPI looks it up where a route is made
from headoffice.api.problems import answer_problems
from headoffice.desk.pages import desk_of
from headoffice.pages.voucher import Pages
from headoffice.platforms import events

if TYPE_CHECKING:
    from headoffice.office import Office

_WHAT = """Stores, gateways, clerks, vouchers and the ledger of a chain.

Every call needs `Authorization: Bearer …` with the content of `admin.token`. Times are ISO 8601 with offset, money is
integer fen. What is refused is answered with `{"error", "hint"}`: a word for machines, a sentence for people.

Gateways come in by a door of their own, with client certificates: `POST /upstream/v1/ask`, see docs/protocol.md.
"""

_well = APIRouter()


@_well.get("/healthz", include_in_schema=False)
def healthz(here: TheOffice) -> dict[str, str]:
    """Say that the database answers; 503 where it does not."""
    here.database.read(lambda connection: connection.execute(text("SELECT 1")).scalar())
    return {"status": "ok"}


def public_app(office: Office) -> FastAPI:
    """Return the ASGI application of this door."""
    app = FastAPI(
        title="Hexiao head office",
        description=_WHAT,
        version="1",
        docs_url=None,  # its page would load assets from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # a code may end in a slash
    )
    app.state.office = office
    answer_problems(app)
    # Before the API, which is many routes: customers wait for these.
    app.router.routes.extend(Pages(office).routes())
    app.router.routes.extend(desk_of(office))
    for part in (
        stores,
        practice,
        voucher_types,
        drafts,
        sheets,
        vouchers,
        wallets,
        contacts,
        campaigns,
        clerks,
        open_redemptions,
        redemptions,
        parcels,
        differences,
        leases,
        webhooks,
        alarms,
    ):
        app.router.routes.extend(part.router.routes)
    app.router.routes.extend(_well.routes)
    if office.driver is not None:
        app.router.routes.extend(events.routes(office.driver))
    return app
