"""What a voucher's page shows once it was redeemed there.

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("voucher_types") as table:
        table.add_column(sa.Column("given", sa.Text(), nullable=False, server_default=""))
