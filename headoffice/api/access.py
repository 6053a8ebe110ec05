"""What every call of the API depends on: the office, and a caller who holds the token."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from headoffice.access import is_token
from headoffice.api.problems import ProblemError
from headoffice.office import Office

_bearer = HTTPBearer(auto_error=False, description="The content of `admin.token` in the head office's data folder.")


def office(request: Request) -> Office:
    """Return the office that this application serves."""
    found = request.app.state.office
    if not isinstance(found, Office):
        msg = "the application was made without an office"
        raise TypeError(msg)
    return found


TheOffice = Annotated[Office, Depends(office)]


def administrator(here: TheOffice, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
    """Refuse a caller without the token."""
    if given is None or not is_token(given.credentials, here.token):
        raise ProblemError(401, "unauthorized", "send the administrator's token: Authorization: Bearer …")
