"""Managers among the clerks, values from which a redemption has to be approved, and who approved it.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("clerks", sa.Column("role", sa.String(length=20), server_default="clerk", nullable=False))
    op.add_column("stores", sa.Column("approve_from_fen", sa.BigInteger(), nullable=True))
    op.add_column("redemptions", sa.Column("approver", sa.String(length=100), nullable=True))
