"""The tables of the desk: who may use it, and who has done what; ``schema`` has them with the others."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from headoffice.tables.columns import ID, NAME, SERIAL, WORD, Utc, metadata

#: Whoever signs in at the desk. A person is disabled, never deleted: the books name them.
people = Table(
    "people",
    metadata,
    Column("login", ID, primary_key=True),
    Column("name", NAME, nullable=False),
    Column("role", WORD, nullable=False),
    # None until the person has followed the link that they were given.
    Column("password_hash", String(200)),
    Column("disabled", Boolean, nullable=False),
    # Wrong passwords since the last right one, and until when no other is looked at.
    Column("failures", Integer, nullable=False),
    Column("paused_until", Utc),
)

#: Where a store manager is one; nobody else has rows here.
person_stores = Table(
    "person_stores",
    metadata,
    Column("person", ForeignKey("people.login"), primary_key=True),
    Column("store", ForeignKey("stores.id"), primary_key=True),
)

#: Links that each set a password once. Only what they hash to is kept.
person_links = Table(
    "person_links",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    # None: it makes the first administrator, and is worth nothing once there is one.
    Column("person", ForeignKey("people.login"), index=True),
    Column("until", Utc, nullable=False),
)

#: Browsers that are signed in. Only what their cookies hash to is kept.
desk_sessions = Table(
    "desk_sessions",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("person", ForeignKey("people.login"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("heard_at", Utc, nullable=False),
)

#: What was done at the desk, written in the transaction that did it.
deeds = Table(
    "deeds",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("at", Utc, nullable=False),
    # A login; it stays readable whatever becomes of the person.
    Column("by", NAME, nullable=False),
    Column("deed", WORD, nullable=False),
    Column("about", String(200), nullable=False),
    Column("why", String(400), nullable=False),
    Index(None, "at", "id"),
)
