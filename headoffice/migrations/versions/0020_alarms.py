"""Alarms, and who reports them.

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "alarm_reporters",
        sa.Column("reporter", sa.String(length=100), nullable=False),
        sa.Column("heard_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("reporter", name=op.f("pk_alarm_reporters")),
    )
    op.create_table(
        "alarms",
        sa.Column("reporter", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("about", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=True),
        sa.Column("since", _AT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("told_at", _AT, nullable=False),
        sa.Column("ended_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("reporter", "kind", "about", name=op.f("pk_alarms")),
    )
    unended = sa.text("ended_at IS NULL")
    op.create_index("ix_alarms_open", "alarms", ["told_at"], sqlite_where=unended, postgresql_where=unended)
