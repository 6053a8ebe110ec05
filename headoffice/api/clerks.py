"""Clerks."""

from typing import Annotated

from pydantic import Field, StringConstraints

from headoffice.api.access import TheOffice, part_of_api
from headoffice.api.fields import Id, Model, Moment, Name
from headoffice.api.problems import problems
from headoffice.pages.qr import qr_svg
from headoffice.staff import activations, clerks
from headoffice.staff.clerks import Role

router = part_of_api("clerks")

Number = Annotated[str, StringConstraints(pattern=r"^\d{1,12}$")]


class ClerkIn(Model):
    """A clerk to add."""

    number: Number | None = Field(None, description="Left out: the next free one.", examples=["1001"])
    name: Name = Field("店员", examples=["王小明"])
    role: Role = Field(Role.CLERK, description="A manager approves undos and high values with the badge.")
    stores: list[Id] = Field(description="Where the clerk works.", examples=[["nanjing-lu"]])


class ClerkChange(Model):
    """What is known of a clerk from now on."""

    name: Name
    role: Role = Role.CLERK
    stores: list[Id] = Field(description="Where the clerk works, and nowhere else.")
    disabled: bool = Field(default=False, description="Whether the clerk is kept from signing in.")


class NewClerk(Model):
    """What is handed to a clerk. It is told this once and never again."""

    number: Number
    pin: str = Field(description="Six digits, to be typed at a kiosk.", examples=["402817"])
    qr_text: str = Field(
        description="The text of the badge's QR.", examples=["HEXIAO:CLERK:5D41402ABC4B2A76B9719D911017C592"]
    )


class ActivationOut(Model):
    """A one-time code. It is told this once and never again."""

    number: Number
    name: Name
    qr_text: str = Field(description="The text of its QR.", examples=["HEXIAO:START:5D41402ABC4B2A76B9719D911017C592"])
    qr: str = Field(description="The QR itself, as SVG, to be printed.")
    expires_at: Moment


class ClerkOut(Model):
    """A clerk, without secrets."""

    number: Number
    name: Name
    role: Role
    stores: list[Id]
    disabled: bool


@router.post("/clerks", status_code=201, summary="Add a clerk", responses=problems(409))
def post_clerk(clerk: ClerkIn, here: TheOffice) -> NewClerk:
    """Add a clerk and return PIN and badge, which are kept as hashes only."""
    drawn = clerks.draw_secrets()
    number = here.database.write(
        lambda connection: clerks.add_clerk(connection, clerk.number, clerk.name, clerk.stores, drawn, clerk.role)
    )
    return NewClerk(number=number, pin=drawn.pin, qr_text=drawn.badge)


@router.put("/clerks/{number}", summary="Change a clerk", responses=problems(404))
def put_clerk(number: Number, clerk: ClerkChange, here: TheOffice) -> ClerkOut:
    """Rename, move, disable or enable a clerk; the gateways hear of it with their next list."""
    here.database.write(
        lambda connection: clerks.put_clerk(
            connection, number, clerk.stores, name=clerk.name, role=clerk.role, disabled=clerk.disabled
        )
    )
    return ClerkOut(number=number, **clerk.model_dump())


@router.post("/clerks/{number}/reset", summary="Give a clerk a new PIN and badge", responses=problems(404))
def reset_clerk(number: Number, here: TheOffice) -> NewClerk:
    """Replace PIN and badge, which also unlocks a clerk who was locked after wrong PINs."""
    drawn = clerks.draw_secrets()
    here.database.write(lambda connection: clerks.reset_clerk(connection, number, drawn))
    return NewClerk(number=number, pin=drawn.pin, qr_text=drawn.badge)


@router.post(
    "/clerks/{number}/activation",
    status_code=201,
    summary="Make a one-time code by which a clerk sets the PIN",
    responses=problems(404),
)
def post_activation(number: Number, here: TheOffice) -> ActivationOut:
    """Make a code that works once, for three days, at a kiosk of one of the clerk's stores; it ends an earlier one.

    For a new clerk, and for a PIN that was forgotten: the old one counts until another is set.
    """
    made = here.database.write(lambda connection: activations.issue(connection, number, here.clock()))
    return ActivationOut(
        number=made.number,
        name=made.name,
        qr_text=made.code,
        qr=qr_svg(made.code, made.number),
        expires_at=made.until,
    )


@router.get("/clerks", summary="Every clerk")
def get_clerks(here: TheOffice) -> list[ClerkOut]:
    """List the clerks with their stores."""
    return [ClerkOut(**row) for row in here.database.read(clerks.all_clerks)]
