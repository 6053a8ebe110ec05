"""One-time codes by which clerks set their PINs.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "activations",
        sa.Column("clerk", sa.String(length=12), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pin_hash", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["clerk"], ["clerks.number"], name=op.f("fk_activations_clerk")),
        sa.PrimaryKeyConstraint("clerk", name=op.f("pk_activations")),
        sa.UniqueConstraint("code_digest", name=op.f("uq_activations_code_digest")),
    )
