"""A platform of cards for rehearsals: it can be asked, cannot be undone, knows no request key, and fails as told."""
