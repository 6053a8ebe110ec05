"""Alarms: what is wrong in the chain now, and what was lately."""

from datetime import datetime

from pydantic import Field

from headoffice.alarms import board
from headoffice.api.access import TheOffice, part_of_api
from headoffice.api.fields import Model
from protocol.alarms import AlarmKind

router = part_of_api("alarms")


class AlarmOut(Model):
    """One cause, in words for people."""

    kind: AlarmKind
    about: str = Field(description="The kiosk, store, gateway or machine that it concerns.")
    store: str | None
    reporter: str = Field(description="The gateway that has told of it, or the head office.")
    since: datetime
    ended_at: datetime | None = Field(description="Null: it lasts.")
    number: int = Field(description="How many are open; of a disk the free hundredths, of a certificate the days left.")
    zh: str
    en: str


@router.get("/alarms", summary="What is wrong now, and what was lately")
def get_alarms(here: TheOffice) -> list[AlarmOut]:
    """List the alarms that are open and those that ended in the last seven days, the newest first."""
    at = here.clock()
    return [AlarmOut.model_validate(row) for row in here.database.read(lambda connection: board.listed(connection, at))]
