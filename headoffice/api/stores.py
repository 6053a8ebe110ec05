"""Stores, and the gateways that speak for them."""

from datetime import time
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field
from sqlalchemy import Connection

from headoffice import registry
from headoffice.api.access import TheOffice, part_of_api
from headoffice.api.fields import Fen, Id, Line, LongLine, Model, Name
from headoffice.errors import RefusedError
from headoffice.practice import opening
from headoffice.practice.opening import StoreState
from headoffice.registry import ClerkPolicy
from protocol.days import MIDNIGHT
from protocol.messages import LONGEST_CLAIM

router = part_of_api("stores and gateways")

_NOON = time(12)


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, ZoneInfoNotFoundError):
        msg = f"there is no time zone {name!r}; write one as Asia/Shanghai"
        raise ValueError(msg) from None


def _before_noon(ends: time) -> time:
    if ends.tzinfo is not None or ends >= _NOON:
        msg = "must lie before noon, in the store's own time"
        raise ValueError(msg)
    return ends


class StoreIn(Model):
    """What is known of a store."""

    name: Name = Field(examples=["南京路店"])
    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        "Asia/Shanghai", description="Its days and hours are these."
    )
    address: LongLine = Field("", examples=["上海市黄浦区南京东路 100 号"])
    phone: Annotated[str, Field(max_length=40, pattern=r"^[0-9+() -]*$")] = Field("", examples=["+86 21 5555 0100"])
    hours: Line = Field("", description="Opening hours, for customers to read.", examples=["10:00–22:00"])
    map: Annotated[str, Field(max_length=400, pattern=r"^(https://[!-~]+)?$")] = Field(
        "",
        description="Link to the store on a map, for customers; left out: a search for its address.",
        examples=["https://uri.amap.com/marker?position=121.475,31.235"],
    )
    claim_qr: Annotated[str, Field(max_length=LONGEST_CLAIM, pattern=r"^(https?://[!-~]+)?$")] = Field(
        "",
        description="Address behind the claim QR (领券二维码) that its kiosks show by turns with their idle screens; "
        "left out: none. A short link: no more fits on the panel.",
        examples=["https://q.example.cn/7K2P"],
    )
    clerk_policy: ClerkPolicy = Field(
        ClerkPolicy.NONE, description="Whether clerks sign in: never, once a shift, or before each redemption."
    )
    day_ends: Annotated[time, AfterValidator(_before_noon)] = Field(
        MIDNIGHT, description="When its business day ends: at 04:00, a use at two at night is of the day before."
    )
    approve_from_fen: Fen | None = Field(
        None,
        description="From this value on a voucher is redeemed only with the clerk's PIN or a manager's badge; in fen.",
    )


class StorePut(StoreIn):
    """What is known of a store; what was told of one can be sent back whole."""

    id: Id | None = Field(None, description="Left out, or as in the address.")
    state: StoreState | None = Field(
        None, description="Left out, or as it is: a store is set live, or taken back to testing, by calls of their own."
    )


class StoreOut(StoreIn):
    """A store."""

    id: Id
    state: StoreState = Field(description="`testing` (测试中): only practice vouchers are redeemed; `live` (已上线)")


class GatewayIn(Model):
    """What is known of a gateway."""

    name: Name = Field(examples=["Gateway of 南京路店"])
    stores: list[Id] | None = Field(
        None, description="The stores that it speaks for from now on, and no others; left out: as before."
    )


class GatewayOut(Model):
    """A gateway."""

    id: Id = Field(description="The common name in its certificate.")
    name: Name
    stores: list[Id]


@router.put("/stores/{id}", summary="Add a store, or change it")
def put_store(id: Id, store: StorePut, here: TheOffice) -> StoreOut:  # noqa: A002 - the path's own word
    """Add a store under its id, or change what is known of it."""
    known = store.model_dump(exclude={"id", "state"})

    def write(connection: Connection) -> StoreOut:
        registry.put_store(connection, id, known, here.testing_since)
        now = next(_shown(row) for row in registry.all_stores(connection) if row["id"] == id)
        if store.id not in {None, now.id}:
            msg = f"id: is {store.id}, and {now.id} in the address; a store keeps its id"
            raise RefusedError(msg)
        if store.state not in {None, now.state}:
            msg = f"state: {now.id} is {now.state}; set it by POST /api/v1/stores/{now.id}/live or /testing"
            raise RefusedError(msg)
        return now

    return here.database.write(write)


@router.get("/stores", summary="Every store")
def get_stores(here: TheOffice) -> list[StoreOut]:
    """List the stores."""
    return [_shown(row) for row in here.database.read(registry.all_stores)]


def _shown(row: dict[str, Any]) -> StoreOut:
    known = {name: row[name] for name in StoreIn.model_fields}
    return StoreOut(id=row["id"], state=opening.state_of(row), **known)


@router.put("/gateways/{id}", summary="Register a gateway, or change the stores it speaks for")
def put_gateway(id: Id, gateway: GatewayIn, here: TheOffice) -> GatewayOut:  # noqa: A002
    """Register a gateway by the name in its certificate, and bind it to stores that are there already."""
    here.database.write(
        lambda connection: registry.put_gateway(connection, id, gateway.name, gateway.stores),
    )
    found = here.database.read(registry.all_gateways)
    return next(GatewayOut(**row) for row in found if row["id"] == id)


@router.get("/gateways", summary="Every gateway")
def get_gateways(here: TheOffice) -> list[GatewayOut]:
    """List the gateways with their stores."""
    return [GatewayOut(**row) for row in here.database.read(registry.all_gateways)]
