"""Who may use the desk, and what each has done.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_AT = sa.DateTime(timezone=True)
_ID = sa.String(length=63)
_NAME = sa.String(length=100)
_WORD = sa.String(length=20)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "people",
        sa.Column("login", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("role", _WORD, nullable=False),
        sa.Column("password_hash", sa.String(length=200)),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", _AT),
        sa.PrimaryKeyConstraint("login", name=op.f("pk_people")),
    )
    op.create_table(
        "person_stores",
        sa.Column("person", _ID, nullable=False),
        sa.Column("store", _ID, nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.login"], name=op.f("fk_person_stores_person")),
        sa.ForeignKeyConstraint(["store"], ["stores.id"], name=op.f("fk_person_stores_store")),
        sa.PrimaryKeyConstraint("person", "store", name=op.f("pk_person_stores")),
    )
    for table, moments in (("person_links", ("until",)), ("desk_sessions", ("at", "heard_at"))):
        op.create_table(
            table,
            sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
            sa.Column("person", _ID, nullable=table == "person_links"),
            *(sa.Column(name, _AT, nullable=False) for name in moments),
            sa.ForeignKeyConstraint(["person"], ["people.login"], name=op.f(f"fk_{table}_person")),
            sa.PrimaryKeyConstraint("digest", name=op.f(f"pk_{table}")),
        )
        op.create_index(op.f(f"ix_{table}_person"), table, ["person"], unique=False)
    op.create_table(
        "deeds",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("by", _NAME, nullable=False),
        sa.Column("deed", _WORD, nullable=False),
        sa.Column("about", sa.String(length=200), nullable=False),
        sa.Column("why", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deeds")),
    )
    op.create_index(op.f("ix_deeds_at_id"), "deeds", ["at", "id"], unique=False)
    refunding = sa.text("state = 'refunding'")
    op.create_index("ix_vouchers_refunding", "vouchers", ["id"], sqlite_where=refunding, postgresql_where=refunding)
