"""Links to the desk that set a password once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headoffice.desk.app import ROOT
from headoffice.staff import people

if TYPE_CHECKING:
    from datetime import datetime

    from headoffice.database import Database


def join_address(url: str, token: str) -> str:
    """Return the address at which a link's password is set; ``url`` is the public door's."""
    return f"{url}{ROOT}/join/{token}"


def first_link(database: Database, url: str, at: datetime) -> str | None:
    """Return a link that makes the first administrator; None where there is one."""
    if database.read(people.any_administrator):
        return None
    return join_address(url, database.write(lambda connection: people.make_link(connection, None, at)))
