"""Campaigns that people claim from by themselves, and where their codes hang."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from headoffice.api.access import TheOffice, part_of_api
from headoffice.api.fields import Id, Model, Moment
from headoffice.api.problems import problems
from headoffice.office import Office
from headoffice.pages.prints import FORMS
from headoffice.vouchers import campaigns

router = part_of_api("campaigns")

MOST_SOURCES = 200
Source = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Many = Annotated[int, Field(ge=0, le=10**7)]


class CampaignIn(Model):
    """What is given away, to whom, and how long."""

    type: Id = Field(description="Type of the vouchers.")
    begins_at: Moment | None = None
    ends_at: Moment | None = Field(None, description="The first moment at which nothing is claimed any more.")
    stock: Many | None = Field(None, description="How many vouchers there are; null: as many as are wanted.")
    each: Annotated[int, Field(ge=1, le=100)] = Field(1, description="How many one person gets.")
    paused: bool = False
    sources: list[Source] = Field(
        default=["poster", "flyer", "receipt"],
        min_length=1,
        max_length=MOST_SOURCES,
        description="Where its codes hang or are printed; each has one of its own, and is counted.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.begins_at and self.ends_at and self.begins_at >= self.ends_at:
            msg = "begins_at must be before ends_at"
            raise ValueError(msg)
        return self


class Place(Model):
    """A place where a campaign's code hangs."""

    source: str
    claimed: int
    used: int = Field(description="How many of the claimed vouchers have been used.")
    page: str = Field(description="What its QR holds: the page on which people claim.")
    prints: dict[str, str] = Field(description="The QR alone as SVG, PNG and PDF, and sheets to print, by their size.")


class CampaignOut(Model):
    """A campaign, and what came of it so far."""

    id: Id
    type: Id
    begins_at: Moment | None
    ends_at: Moment | None
    stock: int | None
    each: int
    paused: bool
    claimed: int
    places: list[Place]


@router.put("/campaigns/{id}", summary="Add a campaign, or change it", responses=problems(404))
def put_campaign(id: Id, wanted: CampaignIn, here: TheOffice) -> CampaignOut:  # noqa: A002 - the path's own word
    """Add a campaign under its id, which stands in its codes, or change it; what was claimed stays claimed."""
    values = wanted.model_dump(exclude={"sources"})
    here.database.write(lambda connection: campaigns.put_campaign(connection, id, values, wanted.sources))
    return next(campaign for campaign in get_campaigns(here) if campaign.id == id)


@router.get("/campaigns", summary="Every campaign, and what was claimed where")
def get_campaigns(here: TheOffice) -> list[CampaignOut]:
    """List the campaigns."""
    return [_told(row, here) for row in here.database.read(campaigns.all_campaigns)]


def _told(row: dict[str, Any], here: Office) -> CampaignOut:
    places = []
    for source, counted in row["places"].items():
        page = here.claim(row["id"], source)
        prints = {kind: f"{page}/code.{kind}" for kind in ("svg", "png", "pdf")}
        prints |= {form: f"{page}/print?form={form}" for form in FORMS}
        places.append(Place(source=source, page=page, prints=prints, **counted))
    return CampaignOut(**{**row, "places": places})
