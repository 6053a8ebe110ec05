"""How customers can be reached, and what they were sent."""

from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import Query
from pydantic import Field, StringConstraints, model_validator
from sqlalchemy import Connection

from headoffice.api.access import TheOffice, part_of_api
from headoffice.api.fields import LongLine, Model, Moment, Name, Rid
from headoffice.api.problems import problems
from headoffice.errors import RefusedError
from headoffice.notices import contacts, looking
from headoffice.notices.contacts import Contact
from headoffice.notices.kinds import Channel, Occasion
from headoffice.outbox.telling import State
from headoffice.vouchers import wallets

router = part_of_api("notices")

MOST_LISTED = 1000
Telephone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 -]{4,18}[0-9]$")]
Openid = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
Address = Annotated[
    str, StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")
]


class ContactIn(Model):
    """How a customer can be reached, and the customer's word that they may be."""

    sms: Telephone | None = Field(None, description="A telephone number.", examples=["+86 138 0013 8000"])
    wechat: Openid | None = Field(None, description="The openid by which the chain's account knows its follower.")
    email: Address | None = None
    lang: Literal["zh", "en"] = "zh"
    agreed_at: Moment = Field(
        description="When the customer has agreed. Whoever has ended notices since then is sent none."
    )
    agreed_by: Annotated[LongLine, Field(min_length=1)] = Field(
        description="How they have agreed, as you can prove it.", examples=["收银台登记表 2026-11"]
    )

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.ways():
            msg = "give one of sms, wechat and email at least"
            raise ValueError(msg)
        return self

    def ways(self) -> list[Contact]:
        """Return each of them."""
        given = {Channel.SMS: self.sms, Channel.WECHAT: self.wechat, Channel.EMAIL: self.email}
        return [
            Contact(
                channel=channel, address=address, lang=self.lang, agreed_at=self.agreed_at, agreed_by=self.agreed_by
            )
            for channel, address in given.items()
            if address
        ]

    def require_past(self, at: datetime) -> None:
        """Raise RefusedError where the customer is to agree only later."""
        if self.agreed_at > at:
            msg = "agreed_at: is still to come; nobody has agreed to anything then"
            raise RefusedError(msg)


class CustomersContact(ContactIn):
    """Whose contact it is."""

    customer: Name = Field(description="How the shop knows its customer.")


class Customer(Model):
    """A customer, by the word by which the shop knows them."""

    customer: Name


class Kept(Model):
    """What was kept."""

    ended: list[Channel] = Field(description="Ways that the customer has ended since they agreed: they stay ended.")


class Ended(Model):
    """How many ways were ended."""

    ways: int


class NoticeOut(Model):
    """One notice and how far it has come."""

    id: str = Field(description="Its id, of a redemption the rid; the carrier is given it, too.")
    occasion: Occasion
    channel: Channel
    voucher: Rid
    at: datetime = Field(description="When that happened of which it tells.")
    state: State
    tries: int
    due: datetime | None = Field(description="When it is tried next, at the earliest.")
    sent_at: datetime | None
    why: str = Field(description="Why the last try came to nothing, or why it is not sent any more.")


class Again(Model):
    """Which notices are tried again."""

    id: str


@router.put("/contacts", summary="Keep how a customer can be reached")
def put_contact(wanted: CustomersContact, here: TheOffice) -> Kept:
    """Keep ways to a customer, each in place of the one before."""
    at = here.clock()
    wanted.require_past(at)

    def write(connection: Connection) -> list[Channel]:
        return contacts.put(connection, wallets.wallet_of(connection, wanted.customer, at), wanted.ways())

    return Kept(ended=here.database.write(write))


@router.post("/contacts/end", summary="Send a customer no more notices")
def end_contact(whose: Customer, here: TheOffice) -> Ended:
    """End every way to a customer, as they can themselves on the page of any of their vouchers."""
    at = here.clock()

    def write(connection: Connection) -> int:
        return contacts.end(connection, wallets.wallet_of(connection, whose.customer, at), at)

    return Ended(ways=here.database.write(write))


@router.get("/notices", summary="Notices to customers")
def get_notices(
    here: TheOffice,
    state: State | None = None,
    channel: Channel | None = None,
    voucher: Rid | None = None,
    most: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 100,
) -> list[NoticeOut]:
    """List the newest of them, the oldest first; none says to whom it goes."""
    wanted = looking.Wanted(state=state, channel=channel, voucher=voucher, most=most)
    found = here.database.read(lambda connection: looking.listed(connection, wanted))
    return [NoticeOut.model_validate(row) for row in found]


@router.post("/notices/again", summary="Try a notice again", responses=problems(404))
def again(which: Again, here: TheOffice) -> NoticeOut:
    """Have a notice that waits, or is not sent any more, tried at once, where it is still true."""
    row = here.database.write(lambda connection: looking.again(connection, which.id, here.clock()))
    return NoticeOut.model_validate(row)
