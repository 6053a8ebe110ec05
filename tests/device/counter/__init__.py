"""The counter conversation, driven by events at chosen times."""
