"""What the ids of leases are sealed with: a key beside each that signs vouchers.

Revision ID: 0026
Revises: 0025
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

_KEYS = sa.table("signing_keys", sa.column("id", sa.String), sa.column("lease_key", sa.LargeBinary))


def upgrade() -> None:
    """Add the column, and draw one for each key that is there."""
    with op.batch_alter_table("signing_keys") as table:
        table.add_column(sa.Column("lease_key", sa.LargeBinary(length=32), nullable=True))
    connection = op.get_bind()
    for key in connection.execute(sa.select(_KEYS.c.id)).scalars().all():
        drawn = sa.update(_KEYS).where(_KEYS.c.id == key).values(lease_key=secrets.token_bytes(32))
        connection.execute(drawn)
    with op.batch_alter_table("signing_keys") as table:
        table.alter_column("lease_key", existing_type=sa.LargeBinary(length=32), nullable=False)
