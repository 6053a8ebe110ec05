"""What customers have redeemed by post (邮寄), for the merchant's own shipping."""

from datetime import datetime

from pydantic import Field
from sqlalchemy import Connection

from headoffice.api.access import TheOffice, part_of_api
from headoffice.api.fields import Id, Model, Name, Rid
from headoffice.api.problems import problems
from headoffice.redemptions import parcels
from headoffice.redemptions.parcels import Shipment

router = part_of_api("redemptions")


class ParcelOut(Model):
    """Something that is to be sent."""

    rid: Rid
    voucher: Id
    title: str
    ordered_at: datetime
    name: str
    phone: str
    address: str


class ShipmentIn(Model):
    """By whom it was sent; the customer's page says so."""

    carrier: Name = Field(examples=["顺丰速运"])
    number: str = Field("", max_length=60, description="Under which the carrier knows it.", examples=["SF1234567890"])


@router.get("/parcels", summary="What is to be sent by post, the oldest first")
def get_parcels(here: TheOffice) -> list[ParcelOut]:
    """Return the first 200 of them; one leaves the list once it was sent, or its redemption undone."""
    rows = here.database.read(parcels.waiting)
    return [ParcelOut(**{name: row[name] for name in ParcelOut.model_fields}) for row in rows]


@router.post("/parcels/{rid}/sent", status_code=204, summary="Note that it was sent", responses=problems(404, 409))
def post_sent(rid: Rid, shipment: ShipmentIn, here: TheOffice) -> None:
    """Note it; again corrects by whom. 409 `not_allowed`: the redemption was undone, do not send it."""
    by = Shipment(carrier=shipment.carrier, number=shipment.number)

    def write(connection: Connection) -> str:
        return parcels.send(connection, rid, by, here.clock())

    here.changes.tell(here.database.write(write))
