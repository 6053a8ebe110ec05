"""Clerks."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from headoffice import clerks
from headoffice.api.access import TheOffice
from headoffice.api.fields import Id, Model, Name
from headoffice.api.problems import problems

router = APIRouter(tags=["clerks"], responses=problems())

Number = Annotated[str, StringConstraints(pattern=r"^\d{1,12}$")]


class ClerkIn(Model):
    """A clerk to add."""

    number: Number | None = Field(None, description="Left out: the next free one.", examples=["1001"])
    name: Name = Field("店员", examples=["王小明"])
    stores: list[Id] = Field(description="Where the clerk works.", examples=[["nanjing-lu"]])


class NewClerk(Model):
    """What is handed to a clerk. It is told this once and never again."""

    number: Number
    pin: str = Field(description="Six digits, to be typed at a kiosk.", examples=["402817"])
    qr_text: str = Field(
        description="The text of the badge's QR.", examples=["HEXIAO:CLERK:5D41402ABC4B2A76B9719D911017C592"]
    )


class ClerkOut(Model):
    """A clerk, without secrets."""

    number: Number
    name: Name
    stores: list[Id]
    disabled: bool


@router.post("/clerks", status_code=201, summary="Add a clerk", responses=problems(409))
def post_clerk(clerk: ClerkIn, here: TheOffice) -> NewClerk:
    """Add a clerk and return PIN and badge, which are kept as hashes only."""
    drawn = clerks.draw_secrets()
    number = here.database.write(
        lambda connection: clerks.add_clerk(connection, clerk.number, clerk.name, clerk.stores, drawn)
    )
    return NewClerk(number=number, pin=drawn.pin, qr_text=drawn.badge)


@router.get("/clerks", summary="Every clerk")
def get_clerks(here: TheOffice) -> list[ClerkOut]:
    """List the clerks with their stores."""
    return [ClerkOut(**row) for row in here.database.read(clerks.all_clerks)]
