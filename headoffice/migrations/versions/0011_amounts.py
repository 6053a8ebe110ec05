"""Whether a kiosk asks what was received.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the column."""
    op.add_column("voucher_types", sa.Column("asks_amount", sa.Boolean(), server_default=sa.false(), nullable=False))
