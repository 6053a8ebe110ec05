"""Vouchers: issue, look up, and the steps of their life."""

from datetime import datetime
from typing import Any

from pydantic import Field
from sqlalchemy import Connection

from headoffice.api.access import TheOffice, part_of_api
from headoffice.api.contacts import ContactIn
from headoffice.api.fields import Code, Fen, Id, Line, Model, Moment, Name, Rid, Uses
from headoffice.api.problems import problems
from headoffice.errors import RefusedError
from headoffice.notices import contacts
from headoffice.vouchers import bundles, gifts, wallets
from headoffice.vouchers import issued as vouchers
from headoffice.vouchers.issued import Issued, Order
from headoffice.vouchers.life import Coming, Step
from headoffice.vouchers.orders import OrderState, OrderStep, Stage
from headoffice.vouchers.signing import require_signer
from headoffice.vouchers.types import PLAIN, fitting_type
from protocol.kinds import ZH, Kind
from protocol.owner import VoucherState
from protocol.vocabulary import Verdict

router = part_of_api("vouchers")

_OF_A_TYPE = ("title", "kind", "stores", "uses", "value", "value_text", "minimum")


#: A card whose uses nobody said: the size that is sold most.
USES_OF_A_CARD = 10


class VoucherIn(Model):
    """One voucher to issue: of a type that is there, or described by itself."""

    type: Id | None = Field(None, description="Id of its type. Left out: a fitting type is made and approved.")
    code: Code | None = Field(
        None, description="Left out: one is drawn, of 80 random bits.", examples=["7H3KQ2MZX9PDT4WB"]
    )
    title: Name | None = Field(None, examples=["拿铁一杯"])
    kind: Kind = Kind.COUPON
    stores: list[Id] | None = Field(None, description="Where it is valid; null: everywhere.")
    uses: Uses | None = Field(None, description=f"Left out: 1, of a multi-use card {USES_OF_A_CARD}.")
    value: Fen | None = Field(None, description="Face value in fen.")
    value_text: Line = ""
    minimum: Fen | None = Field(None, description="The least that the bill must come to, in fen.")
    valid_from: Moment | None = None
    valid_until: Moment | None = Field(None, description="The first moment at which it is not valid any more.")
    booked_for: Moment | None = Field(
        None, description="Of a booking: its time. Its type says how early and how late it is honoured."
    )
    stage: Stage | None = Field(None, description="Of a pick-up: how far the shop is with it. Left out: it is ready.")
    dynamic: bool = Field(default=False, description="A code that changes every 30 s while its page shows it.")
    signed: bool = Field(
        default=False,
        description="A code that a store under a lease can check without a network; it is drawn and long.",
    )
    bundle: Line = Field(
        "",
        description="Number of the order that it was bought in with others of its type: a counter redeems as many of "
        f"them under one confirm as the clerk chooses, {bundles.MOST} at most.",
    )
    customer: Line = Field(
        "",
        description="How the shop knows its customer: the voucher comes into that customer's wallet.",
        examples=["+86 138 0013 8000"],
    )
    notify: ContactIn | None = Field(
        None, description="How its customer can be reached, and their word for it; kept with their wallet."
    )
    paid: bool = Field(default=True, description="False: `unpaid` at every counter until the step `pay`.")


class VoucherIssued(Model):
    """An issued voucher."""

    code: str
    qr_text: str | None = Field(description="What its QR holds; null where that changes: its page shows it.")
    page: str = Field(description="Address of the customer's page; whoever has it has the voucher.")
    wallet: str | None = Field(description="Address of the customer's wallet, where a customer was named, or is told.")


class Happened(Model):
    """A line of a voucher's history: a redemption, an undo, a refused look, or a step of its life."""

    at: datetime
    rid: Rid | None = None
    action: str | None = None
    verdict: Verdict | None = None
    step: Step | OrderStep | Coming | None = None
    store: Id | None = None
    requester: str | None = Field(None, description="Kiosk, console or till.")
    clerk: str | None = None
    quantity: int | None = None
    undoes: Rid | None = None
    undone_by: Rid | None = None


class VoucherOut(Model):
    """A voucher and what happened to it."""

    id: Rid = Field(description="The owner's id, which names it where its code is not told.")
    code: str
    type: Id
    title: str
    kind: Kind
    state: VoucherState
    order: OrderState | None = Field(description="Of a pick-up: what shop and customer see of it.")
    uses: int
    uses_left: int
    valid_from: datetime | None
    valid_until: datetime | None
    booked_for: datetime | None
    issued_at: datetime
    page: str
    history: list[Happened]


class ShareIn(Model):
    """Whom a friend coupon is shared with."""

    name: Name


class Shared(Model):
    """A friend's page."""

    page: str


class Stepped(Model):
    """A voucher's state after a step."""

    code: str
    state: VoucherState
    order: OrderState | None = None
    gift: str | None = Field(default=None, description="Where its receiver gets what was given away, once.")


@router.post("/vouchers", status_code=201, summary="Issue a voucher", responses=problems(404, 409))
def post_voucher(wanted: VoucherIn, here: TheOffice) -> VoucherIssued:
    """Issue one voucher. Dates in the past are allowed: such a voucher is refused as `expired`."""
    if wanted.type is not None and (both := [name for name in _OF_A_TYPE if name in wanted.model_fields_set]):
        msg = f"{', '.join(both)}: belongs to the type; leave it out, or leave out the type"
        raise RefusedError(msg)

    if wanted.dynamic and (wanted.code is not None or wanted.signed):
        msg = "dynamic: a code that changes is neither given nor signed; leave those out"
        raise RefusedError(msg)
    if wanted.signed and wanted.code is not None:
        msg = "code: a signed voucher's is made with its signature; leave it out"
        raise RefusedError(msg)

    if wanted.notify is not None:
        wanted.notify.require_past(here.clock())

    def issue(connection: Connection) -> tuple[Issued, str | None]:
        made_of = wanted.type or fitting_type(connection, _described(wanted), wanted.stores)
        order = Order(
            type=made_of,
            code=wanted.code,
            valid_from=wanted.valid_from,
            valid_until=wanted.valid_until,
            booked_for=wanted.booked_for,
            stage=wanted.stage,
            dynamic=wanted.dynamic,
            paid=wanted.paid,
            signer=require_signer(connection, here.signer) if wanted.signed else None,
        )
        at = here.clock()
        issued = vouchers.issue(connection, order, at)
        if wanted.bundle:
            bundles.put(connection, issued.id, wanted.bundle)
        if not wanted.customer and wanted.notify is None:
            return issued, None
        of_whom = wanted.customer
        wallet = wallets.wallet_of(connection, of_whom, at) if of_whom else wallets.nameless(connection, at)
        if wanted.notify is not None:
            contacts.put(connection, wallet, wanted.notify.ways())
        wallets.keep(connection, wallet, issued.id, at)
        return issued, here.wallet(wallets.token_of(connection, wallet))

    issued, wallet = here.database.write(issue)
    qr_text = None if issued.dynamic else issued.code
    return VoucherIssued(code=issued.code, qr_text=qr_text, page=here.page(issued.page_token), wallet=wallet)


@router.get("/vouchers/{code:path}", summary="A voucher and its history", responses=problems(404))
def get_voucher(code: str, here: TheOffice) -> VoucherOut:
    """Return one voucher. Percent-encode the code: it may hold any character."""
    found = here.database.read(lambda connection: vouchers.find_voucher(connection, code))
    fields = {name: found[name] for name in VoucherOut.model_fields if name in found}
    return VoucherOut.model_validate({**fields, "page": here.page(found["page_token"])})


@router.post(
    "/vouchers/{code:path}/shares", status_code=201, summary="Share a friend coupon", responses=problems(404, 409)
)
def post_share(code: str, wanted: ShareIn, here: TheOffice) -> Shared:
    """Give a friend a page of their own, on which the code can be opened; whoever is first uses it."""
    token = here.database.write(lambda connection: vouchers.share(connection, code, wanted.name, here.clock()))
    return Shared(page=here.page(token))


@router.post("/vouchers/{code:path}/{step}", summary="A step in a voucher's life", responses=problems(404, 409))
def post_step(code: str, step: Step | OrderStep, here: TheOffice) -> Stepped:
    """Give away, take back, delete, withdraw, ask for a refund, grant or refuse it, pay.

    Of an order: accept it, prepare it, say that it is ready.
    Of a step and a redemption that meet exactly one wins: 409 says what the voucher has become meanwhile.
    """

    def take(connection: Connection) -> Stepped:
        if isinstance(step, Step):
            state = vouchers.live(connection, code, step, here.clock())
            link = gifts.link_of(connection, code) if step is Step.GIFT else None
            return Stepped(code=code, state=state, gift=link and here.gift(link))
        order = vouchers.move_on(connection, code, step, here.clock())
        return Stepped(code=code, state=VoucherState.ACTIVE, order=order)

    return here.database.write(take)


def _described(wanted: VoucherIn) -> dict[str, Any]:
    """Return the columns of the type that a voucher described by itself is of."""
    return {
        **PLAIN,
        "title": wanted.title or ZH[wanted.kind],
        "kind": wanted.kind,
        "uses": wanted.uses or (USES_OF_A_CARD if wanted.kind is Kind.MULTI_USE else 1),
        "value_fen": wanted.value,
        "value_text": wanted.value_text,
        "minimum_fen": wanted.minimum,
    }
