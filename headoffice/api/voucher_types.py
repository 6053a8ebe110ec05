"""Voucher types as they are in force, and their stock."""

from collections.abc import Mapping
from datetime import time
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, model_validator
from sqlalchemy import Connection

from headoffice.api.access import TheOffice, part_of_api
from headoffice.api.fields import Fen, Id, Line, Model, Moment, Name, Paragraph, Uses
from headoffice.api.problems import problems
from headoffice.notices.kinds import Channel as Way
from headoffice.notices.kinds import channels_in
from headoffice.vouchers import stock
from headoffice.vouchers import types as voucher_types
from headoffice.vouchers.books import weekdays_in
from headoffice.vouchers.types import PLAIN
from protocol.kinds import Kind

router = part_of_api("voucher types")

LONGEST_LOGO = 200_000


class Weekday(StrEnum):
    """A day of the week."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Channel(StrEnum):
    """How a voucher can be redeemed: at a counter (线下), on the customer's page (线上), by post (邮寄)."""

    OFFLINE = "offline"
    ONLINE = "online"
    MAIL = "mail"


_WEEK = tuple(Weekday)
#: Fields that are columns as they are.
_SAME = (
    *("title", "kind", "brand", "colour", "logo", "value_text", "details", "given", "uses", "rate", "asks_amount"),
    *("valid_from", "valid_until", "valid_days", "early_minutes", "late_minutes", "remind_days"),
)
Minutes = Annotated[int, Field(ge=0, le=7 * 24 * 60)]


class Hours(Model):
    """A time of day, in the store's own time. An end before the beginning is on the next day."""

    begin: time = Field(alias="from", examples=["11:00"])
    end: time = Field(alias="until", examples=["14:00"])

    @model_validator(mode="after")
    def _plain(self) -> Self:
        if self.begin.tzinfo or self.end.tzinfo:
            msg = "hours have no offset: they are the store's own time"
            raise ValueError(msg)
        return self


class TypeIn(Model):
    """Everything that is the same for all vouchers of a type."""

    title: Name = Field(examples=["南京路店 20 元代金券"])
    kind: Kind = Kind.COUPON
    brand: Line = Field("", description="Whose voucher it is, over the title on the customer's page.")
    colour: Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")] = PLAIN["colour"]
    logo: Annotated[
        str,
        StringConstraints(max_length=LONGEST_LOGO, pattern=r"^(data:image/(png|jpeg|webp);base64,[A-Za-z0-9+/]+=*)?$"),
    ] = Field("", description="A picture as a data: URL, so that a customer's page asks nobody else for anything.")
    value: Fen | None = Field(
        None, description="Face value in fen; of cash vouchers: what a use takes off the bill.", examples=[2000]
    )
    rate: Annotated[int, Field(ge=1, le=99)] | None = Field(
        None, description="Of a discount: what is paid, in hundredths.", examples=[85]
    )
    minimum: Fen | None = Field(None, description="The least that the bill must come to, in fen.", examples=[10000])
    asks_amount: bool = Field(
        default=False, description="Whether a kiosk asks what was received (实收金额) before it redeems one."
    )
    price: Fen | None = Field(None, description="What it is sold for, in fen.", examples=[1500])
    value_text: Line = Field("", description="What it is worth in words, where no sum says it.", examples=["8.5 折"])
    details: Paragraph = ""
    given: Paragraph = Field(
        "", description="What its customer's page shows once it was redeemed there (`online`): a code, a link, a text."
    )
    uses: Uses = 1
    stores: list[Id] | None = Field(None, description="Where it is valid; null: everywhere.")
    valid_from: Moment | None = None
    valid_until: Moment | None = Field(None, description="The first moment at which it is not valid any more.")
    valid_days: Annotated[int, Field(ge=1, le=3660)] | None = Field(
        None, description="Instead of `valid_until`: so many times 24 hours from its issue."
    )
    early_minutes: Minutes = Field(
        PLAIN["early_minutes"], description="How long before its time a booking is honoured."
    )
    late_minutes: Minutes = Field(PLAIN["late_minutes"], description="How long after its time a booking is honoured.")
    weekdays: list[Weekday] = Field(default_factory=lambda: list(_WEEK), min_length=1)
    hours: Hours | None = None
    channels: list[Channel] = Field(default_factory=lambda: [Channel.OFFLINE], min_length=1)
    notices: list[Way] = Field(
        default_factory=list,
        description="How its customers are told of their vouchers: by the first that reaches them. Empty: not at all.",
    )
    remind_days: Annotated[int, Field(ge=1, le=365)] | None = Field(
        None, description="So many days before a voucher ends its customer is reminded, by `notices`; null: never."
    )

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.valid_until and self.valid_days:
            msg = "give valid_until or valid_days, not both"
            raise ValueError(msg)
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            msg = "valid_from must be before valid_until"
            raise ValueError(msg)
        return self

    def columns(self) -> dict[str, Any]:
        """Return the row of this type, but for what depends on other tables."""
        return {
            **{name: getattr(self, name) for name in _SAME},
            "value_fen": self.value,
            "minimum_fen": self.minimum,
            "price_fen": self.price,
            "weekdays": sum(1 << _WEEK.index(day) for day in set(self.weekdays)),
            "hours_from": self.hours.begin if self.hours else None,
            "hours_until": self.hours.end if self.hours else None,
            **{channel.value: channel in self.channels for channel in Channel},
            "notices": ",".join(dict.fromkeys(self.notices)),
        }


class TypeOut(TypeIn):
    """A voucher type."""

    id: Id
    terms: int = Field(description="Rises with every change of what its vouchers promise.")
    state: str = Field(description="Always `approved`: what is not yet stands among the drafts.")

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Return a type from its row."""
        hours = None if row["hours_from"] is None else {"from": row["hours_from"], "until": row["hours_until"]}
        return cls.model_validate(
            {name: row[name] for name in cls.model_fields if name in row}
            | {
                "value": row["value_fen"],
                "minimum": row["minimum_fen"],
                "price": row["price_fen"],
                "weekdays": [_WEEK[day] for day in sorted(weekdays_in(row["weekdays"]))],
                "hours": hours,
                "notices": channels_in(row["notices"]),
                "channels": [channel for channel in Channel if row[channel.value]],
            }
        )


class Pieces(Model):
    """How many pieces of a type lie ready in a store."""

    pieces: Annotated[int, Field(ge=0, le=10**6)] | None = Field(description="null: they are not counted.")


@router.get("/types", summary="Every voucher type that is in force")
def get_types(here: TheOffice) -> list[TypeOut]:
    """List the voucher types, each as it was approved last."""
    return [TypeOut.of(row) for row in here.database.read(voucher_types.all_types)]


@router.put("/types/{id}/stock/{store}", summary="Say how many pieces a store has", responses=problems(404, 409))
def put_stock(id: Id, store: Id, wanted: Pieces, here: TheOffice) -> dict[str, int]:  # noqa: A002 - the path's own word
    """Say how many pieces of a type lie ready in a store now; a redemption there takes one, an undo brings it back.

    Where none is left, its vouchers are `out_of_stock` at that store; 409 while the type is lent to it. Answers the
    pieces of all stores.
    """

    def write(connection: Connection) -> dict[str, int]:
        voucher_types.find_type(connection, id)
        stock.put_pieces(connection, id, store, wanted.pieces)
        return stock.all_pieces(connection, id)

    return here.database.write(write)


@router.get("/types/{id}/stock", summary="How many pieces each store has")
def get_stock(id: Id, here: TheOffice) -> dict[str, int]:  # noqa: A002
    """Return the pieces by store; a store that is not named is not counted."""
    return here.database.read(lambda connection: stock.all_pieces(connection, id))
