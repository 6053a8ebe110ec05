"""The schema's history, one revision a file under ``versions``; carried out at every start, by whoever starts first.

A revision is never changed once it has been released; what comes later is a new one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import text

from headoffice.errors import MigrationError

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: Any number that no other program uses on this database: two head offices that start at once must not both migrate.
_LOCK = 4_838_299


def migrate(connection: Connection) -> None:
    """Bring the schema to this program's version, inside the connection's transaction; raise MigrationError."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        msg = f"the database's schema is of a newer version than this program; install that one ({error})"
        raise MigrationError(msg) from error
