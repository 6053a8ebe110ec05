"""Types of fields that several calls share."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from protocol.ids import IDENTITY_SHAPE, RID_SHAPE
from protocol.messages import LONGEST_CODE, MOST_USES

_EARLIEST_YEAR, _LATEST_YEAR = 1900, 9998


def _in_time(at: datetime) -> datetime:
    if not _EARLIEST_YEAR <= at.year <= _LATEST_YEAR:
        msg = f"must lie between the years {_EARLIEST_YEAR} and {_LATEST_YEAR}"
        raise ValueError(msg)
    return at


def _line(length: int, least: int = 0) -> StringConstraints:
    return StringConstraints(min_length=least, max_length=length, pattern=r"^[^\x00-\x1f\x7f]*$")


Id = Annotated[str, StringConstraints(pattern=rf"^{IDENTITY_SHAPE}$")]
Rid = Annotated[str, StringConstraints(pattern=rf"^{RID_SHAPE}$")]
Name = Annotated[str, _line(100, least=1)]
Line = Annotated[str, _line(100)]
LongLine = Annotated[str, _line(200)]
Reason = Annotated[str, _line(400)]
GivenReason = Annotated[str, _line(400, least=1)]
Paragraph = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]*$")]
Code = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_CODE)]
Uses = Annotated[int, Field(ge=1, le=MOST_USES)]
Fen = Annotated[int, Field(ge=0, le=10**9)]
Moment = Annotated[AwareDatetime, AfterValidator(_in_time)]


class Model(BaseModel):
    """A body; a field that is misspelt is an error that names it."""

    model_config = ConfigDict(extra="forbid")
