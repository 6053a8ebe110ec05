"""What a store's kiosks show as a claim QR.

Revision ID: 0025
Revises: 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Add the column; none is shown yet."""
    op.add_column("stores", sa.Column("claim_qr", sa.String(length=53), server_default=sa.text("''"), nullable=False))
