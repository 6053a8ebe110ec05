"""Whether a kiosk asks what was received.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the column."""
    op.add_column("voucher_types", sa.Column("asks_amount", sa.Boolean(), server_default=sa.false(), nullable=False))
