"""Decisions: who has said how a redemption ended, where only a person could.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column."""
    op.add_column("redemptions", sa.Column("decided_by", sa.String(length=100), nullable=True))
