"""The tables of alarms; ``schema`` has them with all the others."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, text

from headoffice.tables.columns import ID, NAME, WORD, Utc, metadata

#: Who tells of alarms, gateways and head offices, and when each was heard of, to within a few minutes.
alarm_reporters = Table(
    "alarm_reporters",
    metadata,
    Column("reporter", NAME, primary_key=True),
    Column("heard_at", Utc, nullable=False),
)

#: The latest time of each cause: one that comes back is raised anew.
alarms = Table(
    "alarms",
    metadata,
    Column("reporter", NAME, primary_key=True),
    Column("kind", WORD, primary_key=True),
    Column("about", ID, primary_key=True),
    Column("store", ID),
    Column("since", Utc, nullable=False),
    Column("number", Integer, nullable=False),
    # When people were last told that it lasts.
    Column("told_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Index(
        "ix_alarms_open", "told_at", sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL")
    ),
)
