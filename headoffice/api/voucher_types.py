"""Voucher types."""

from collections.abc import Mapping
from datetime import time
from enum import StrEnum
from typing import Annotated, Any, Self

from fastapi import APIRouter
from pydantic import Field, StringConstraints, model_validator

from headoffice import voucher_types
from headoffice.api.access import TheOffice
from headoffice.api.fields import Fen, Id, Line, Model, Moment, Name, Paragraph, Uses
from headoffice.api.problems import problems
from headoffice.books import weekdays_in
from headoffice.kinds import Kind
from headoffice.voucher_types import PLAIN

router = APIRouter(tags=["voucher types"], responses=problems())

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
    value: Fen | None = Field(None, description="Face value in fen.", examples=[2000])
    value_text: Line = Field("", description="What it is worth in words, where no sum says it.", examples=["8.5 折"])
    details: Paragraph = ""
    uses: Uses = 1
    stores: list[Id] | None = Field(None, description="Where it is valid; null: everywhere.")
    valid_from: Moment | None = None
    valid_until: Moment | None = Field(None, description="The first moment at which it is not valid any more.")
    valid_days: Annotated[int, Field(ge=1, le=3660)] | None = Field(
        None, description="Instead of `valid_until`: so many times 24 hours from its issue."
    )
    weekdays: list[Weekday] = Field(default_factory=lambda: list(_WEEK), min_length=1)
    hours: Hours | None = None
    channels: list[Channel] = Field(default_factory=lambda: [Channel.OFFLINE], min_length=1)

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
        same = ("title", "kind", "brand", "colour", "logo", "value_text", "details", "uses")
        return {
            **{name: getattr(self, name) for name in (*same, "valid_from", "valid_until", "valid_days")},
            "value_fen": self.value,
            "weekdays": sum(1 << _WEEK.index(day) for day in set(self.weekdays)),
            "hours_from": self.hours.begin if self.hours else None,
            "hours_until": self.hours.end if self.hours else None,
            **{channel.value: channel in self.channels for channel in Channel},
        }


class TypeOut(TypeIn):
    """A voucher type."""

    id: Id
    terms: int = Field(description="Rises with every change of what its vouchers promise.")
    state: str = Field(description="A type is issued while it is `approved`.")

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Return a type from its row."""
        hours = None if row["hours_from"] is None else {"from": row["hours_from"], "until": row["hours_until"]}
        return cls.model_validate(
            {name: row[name] for name in cls.model_fields if name in row}
            | {
                "value": row["value_fen"],
                "weekdays": [_WEEK[day] for day in sorted(weekdays_in(row["weekdays"]))],
                "hours": hours,
                "channels": [channel for channel in Channel if row[channel.value]],
            }
        )


@router.put("/types/{id}", summary="Add a voucher type, or change it", responses=problems(501))
def put_type(id: Id, wanted: TypeIn, here: TheOffice) -> TypeOut:  # noqa: A002 - the path's own word
    """Add a type, or change it.

    Vouchers that were issued keep their dates and their uses; the rest changes for them too, and an offer that stands
    on a kiosk's screen at that moment becomes void.
    """
    here.database.write(lambda connection: voucher_types.put_type(connection, id, wanted.columns(), wanted.stores))
    return next(kind for kind in get_types(here) if kind.id == id)


@router.get("/types", summary="Every voucher type")
def get_types(here: TheOffice) -> list[TypeOut]:
    """List the voucher types."""
    return [TypeOut.of(row) for row in here.database.read(voucher_types.all_types)]
