"""Tables: what the database holds. Alembic's revisions lead a database here step by step."""
