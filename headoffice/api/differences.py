"""Where the books of gateways and head office differ."""

from datetime import date, datetime

from pydantic import Field

from headoffice.api.access import TheOffice, part_of_api
from headoffice.api.fields import Id, Model, Rid
from headoffice.redemptions import comparing
from protocol.comparing import WHAT_TO_DO, What
from protocol.vocabulary import Verdict

router = part_of_api("redemptions")


class DifferenceOut(Model):
    """A redemption over which the books differ."""

    rid: Rid
    what: What
    gateway: Verdict | None = Field(description="How it ended in the gateway's journal; null: it is not there.")
    headoffice: Verdict | None = Field(description="How it ended here; null: it is not in the books.")
    kiosk: Id | None = Field(description="The kiosk whose journal differs from its gateway's.")
    at_kiosk: Verdict | None = Field(description="How it ended there; null: it is not there, or not about a kiosk.")
    do: str = Field(description="What to do.")


class ComparisonOut(Model):
    """A store's day, compared by its gateway."""

    gateway: Id
    store: Id
    day: date = Field(description="The store's own.")
    at: datetime = Field(description="When it was last compared.")
    compared: int = Field(description="Redemptions that were looked at.")
    differing: int
    differences: list[DifferenceOut] = Field(description="The first of them.")


@router.get("/differences", summary="Days that gateways have compared with these books, the newest first")
def get_differences(here: TheOffice, store: Id | None = None, day: date | None = None) -> list[ComparisonOut]:
    """Return them. A day that is not there was not compared; a gateway compares today and yesterday every hour."""
    return [
        ComparisonOut(
            **{name: row[name] for name in ("gateway", "store", "day", "at", "compared", "differing")},
            differences=[
                DifferenceOut(
                    rid=each.rid,
                    what=each.what,
                    gateway=each.gateway,
                    headoffice=each.headoffice,
                    kiosk=each.kiosk,
                    at_kiosk=each.at_kiosk,
                    do=WHAT_TO_DO[each.what][1],
                )
                for each in row["listed"]
            ],
        )
        for row in here.database.read(lambda connection: comparing.found(connection, store, day))
    ]
