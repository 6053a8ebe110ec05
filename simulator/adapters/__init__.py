"""What stands behind a kiosk's ports at a rehearsal; it runs in the kiosk's own process and talks to the counter."""
