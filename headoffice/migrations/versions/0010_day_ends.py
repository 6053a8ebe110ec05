"""When a store's business day ends.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column; so far every day has ended at midnight."""
    op.add_column("stores", sa.Column("day_ends", sa.Time(), server_default="00:00:00", nullable=False))
