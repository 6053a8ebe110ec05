"""What every call of the API depends on: the office, and a caller who holds the token.

Both are found on the loop, at once: only the calls themselves wait for the database, each in a thread.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from headoffice.access import is_token
from headoffice.api.problems import ProblemError, problems
from headoffice.office import Office

_bearer = HTTPBearer(auto_error=False, description="The content of `admin.token` in the head office's data folder.")


async def office(request: Request) -> Office:
    """Return the office that this application serves."""
    found = request.app.state.office
    if not isinstance(found, Office):
        msg = "the application was made without an office"
        raise TypeError(msg)
    return found


TheOffice = Annotated[Office, Depends(office)]


async def administrator(
    here: TheOffice, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> None:
    """Refuse a caller without the token."""
    if given is None or not is_token(given.credentials, here.token):
        raise ProblemError(401, "unauthorized", "send the administrator's token: Authorization: Bearer …")


def part_of_api(tag: str, prefix: str = "") -> APIRouter:
    """Return a router for one part of the API, under the API's path, for callers with the token.

    An application takes its routes as they are: to include the router would build each of them anew, at the first call.
    """
    return APIRouter(
        prefix=f"/api/v1{prefix}",
        tags=[tag],
        responses=problems(),
        dependencies=[Depends(administrator)],
        strict_content_type=False,  # the API knows no cookie, so there is no forged form to fend off
    )
