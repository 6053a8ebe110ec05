"""Alembic's entry: runs revisions on the connection that ``migrate`` hands in."""

from __future__ import annotations

from alembic import context

from headoffice.tables.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
)
context.run_migrations()
