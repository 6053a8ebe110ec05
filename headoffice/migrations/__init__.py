"""The schema's history, one revision a file under ``versions``; carried out at every start, by whoever starts first.

A revision is never changed once it has been released; what comes later is a new one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from headoffice.errors import MigrationError

if TYPE_CHECKING:
    from sqlalchemy import Connection

_HERE = Path(__file__).parent
#: Any number that no other program uses on this database: two head offices that start at once must not both migrate.
_LOCK = 4_838_299


def migrate(connection: Connection) -> None:
    """Bring the schema to this program's version, inside the connection's transaction; raise MigrationError.

    Nearly always it is there already, and then Alembic is not even loaded.
    """
    if _version(connection) == newest():
        return
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    _upgrade(connection)


def newest() -> str:
    """Return the revision of this program: the files of ``versions`` are named after theirs, and count up."""
    return max(path.name for path in (_HERE / "versions").glob("[0-9]*.py")).partition("_")[0]


def _version(connection: Connection) -> str | None:
    """Return the revision that a database is at; None where it has no schema yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - slow to load, and seldom needed
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        msg = f"the database's schema is of a newer version than this program; install that one ({error})"
        raise MigrationError(msg) from error
