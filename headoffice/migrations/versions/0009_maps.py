"""Where a store is on a map.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column."""
    op.add_column("stores", sa.Column("map", sa.String(length=400), server_default=sa.text("''"), nullable=False))
